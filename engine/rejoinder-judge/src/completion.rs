//! A chat completion as servers send it, read leniently: a figure of an odd type must not cost the answer.

use rejoinder_ledger::{Reply, TokenUsage};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::client::shown;
use crate::lenient_json::{List, Object, Scalar};

/// Why a reply with status 200 holds no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmptyReplyReason {
    /// All tokens of the reply went into thinking.
    Thinking,
    /// The reply was cut off by its limit of tokens.
    Cut,
    /// A content filter kept the reply back.
    Filtered,
    /// The reply calls a tool instead.
    ToolCall,
    /// The reply has no text.
    Blank,
}

impl EmptyReplyReason {
    /// The reason and what to do about it, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Thinking => {
                "the thinking took all tokens (finish_reason length): raise `max-tokens` under [judge], or switch the model's \
                 thinking off"
            }
            Self::Cut => "cut off by their limit (finish_reason length): raise `max-tokens` under [judge]",
            Self::Filtered => "kept back by the server's content filter",
            Self::ToolCall => {
                "a tool call in place of text: the server's tool parser should be off for this model"
            }
            Self::Blank => {
                "no text: the server's chat template or reasoning parser is probably not the model's"
            }
        }
    }

    /// The same as [`Self::describe`], where the request itself says how long its answer may be.
    pub const fn describe_given(self) -> &'static str {
        match self {
            Self::Thinking => {
                "the thinking took all tokens (finish_reason length): raise the request's `max_tokens`, or switch the model's \
                 thinking off"
            }
            Self::Cut => "cut off by its limit (finish_reason length): raise the request's `max_tokens`",
            other => other.describe(),
        }
    }
}

/// No request has more tokens. A greater figure is a server's mistake, and sums of such figures would overflow.
const MAX_TOKENS: u64 = u32::MAX as u64;

#[derive(Deserialize)]
struct Completion<'a> {
    #[serde(default)]
    model: Option<String>,
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow, default)]
    usage: Object<Counted<'a>>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    message: Content,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(borrow, default)]
    logprobs: Object<Logprobs<'a>>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    content: Option<String>,
    // Servers use one of these two names, or both.
    #[serde(default)]
    reasoning_content: Option<IgnoredAny>,
    #[serde(default)]
    reasoning: Option<IgnoredAny>,
    #[serde(default)]
    tool_calls: serde_json::Value,
    #[serde(default)]
    refusal: serde_json::Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counted<'a> {
    #[serde(borrow)]
    prompt_tokens: Scalar<'a>,
    #[serde(borrow)]
    completion_tokens: Scalar<'a>,
    #[serde(borrow)]
    prompt_tokens_details: Object<Details<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details<'a> {
    #[serde(borrow)]
    cached_tokens: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Logprobs<'a> {
    #[serde(borrow)]
    content: List<Object<Position<'a>>>,
}

/// A token of the answer, and the tokens that could have stood in its place.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Position<'a> {
    #[serde(borrow)]
    token: Scalar<'a>,
    logprob: Scalar<'a>,
    #[serde(borrow)]
    top_logprobs: List<Object<Alternative<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Alternative<'a> {
    #[serde(borrow)]
    token: Scalar<'a>,
    logprob: Scalar<'a>,
}

/// The reply in the body of a response with status 200, if the body holds one. Such a body may be an error all the same, and so
/// may a choice in the body, where the server failed in the middle of its answer.
///
/// Where the reply says nothing about what was asked, the second value explains that. A model's refusal comes as
/// [`Reply::refused`].
pub(crate) fn read(body: &[u8], asked_model: &str) -> Option<(Reply, Option<EmptyReplyReason>)> {
    let completion: Completion<'_> = serde_json::from_slice(body).ok()?;
    let choice = completion.choices.into_iter().next()?;
    if completion.error.is_some()
        || choice.error.is_some()
        || choice.finish_reason.as_deref() == Some("error")
    {
        return None;
    }
    let finish_reason = choice.finish_reason.unwrap_or_default();
    let content = choice.message.content.unwrap_or_default();
    let is_blank = content.trim().is_empty();
    let thinks = choice.message.reasoning_content.is_some() || choice.message.reasoning.is_some();
    let empty_reason = match finish_reason.as_str() {
        "content_filter" => Some(EmptyReplyReason::Filtered),
        "length" if is_blank && thinks => Some(EmptyReplyReason::Thinking),
        _ if is_blank && choice.message.tool_calls.as_array().is_some_and(|calls| !calls.is_empty()) => {
            Some(EmptyReplyReason::ToolCall)
        }
        "length" => Some(EmptyReplyReason::Cut),
        _ if is_blank => Some(EmptyReplyReason::Blank),
        _ => None,
    };
    let model = completion.model.filter(|m| !m.is_empty()).unwrap_or_else(|| asked_model.to_owned());
    let usage = usage(&completion.usage.0);
    let refusal = choice.message.refusal.as_str().unwrap_or_default().trim();
    if is_blank && !refusal.is_empty() {
        let words = format!("the model refuses: {}", shown(refusal));
        return Some((Reply { usage, ..Reply::refused(model, words) }, None));
    }
    let reply =
        Reply { model, content, finish_reason, alternatives: alternatives(&choice.logprobs.0), usage };
    Some((reply, empty_reason))
}

fn usage(counted: &Counted<'_>) -> Option<TokenUsage> {
    let tokens = |figure: &Scalar<'_>| figure.count().filter(|&n| n <= MAX_TOKENS);
    let (prompt, completion) = (tokens(&counted.prompt_tokens), tokens(&counted.completion_tokens));
    if prompt.is_none() && completion.is_none() {
        return None;
    }
    Some(TokenUsage {
        prompt_tokens: prompt.unwrap_or(0),
        cached_tokens: tokens(&counted.prompt_tokens_details.0.cached_tokens).unwrap_or(0),
        completion_tokens: completion.unwrap_or(0),
    })
}

/// The alternatives to a token, with their log-probabilities.
fn pairs<'p>(position: &'p Position<'_>) -> Vec<(&'p str, f64)> {
    let given = || position.top_logprobs.0.iter().map(|Object(other)| (&other.token, &other.logprob));
    // Some servers leave the token that was generated out of its alternatives.
    let is_left_out = given().all(|(token, _)| *token != position.token);
    let own = is_left_out.then_some((&position.token, &position.logprob));
    given().chain(own).filter_map(|(token, logprob)| Some((token.text()?, logprob.number()?))).collect()
}

/// The alternatives to the tokens of an answer, as the store keeps them. To an answer of one token, a list of tokens and
/// log-probabilities; to an answer of several, such a list behind each token that holds one letter or digit: an answer in words would
/// fill the store with what nobody reads.
pub(crate) fn alternatives(Logprobs { content: List(positions) }: &Logprobs<'_>) -> String {
    let tokens = || positions.iter().filter_map(|Object(position)| Some((position.token.text()?, position)));
    if tokens().nth(1).is_none() {
        let pairs = positions.first().map(|Object(only)| pairs(only)).unwrap_or_default();
        return if pairs.is_empty() {
            String::new()
        } else {
            serde_json::to_string(&pairs).unwrap_or_default()
        };
    }
    let is_letter = |token: &str| {
        let mut characters = token.chars().filter(char::is_ascii_alphanumeric);
        characters.next().is_some() && characters.next().is_none()
    };
    let letters =
        tokens().filter(|(token, _)| is_letter(token)).map(|(token, position)| (token, pairs(position)));
    let letters: Vec<(&str, Vec<(&str, f64)>)> = letters.filter(|(_, pairs)| !pairs.is_empty()).collect();
    if letters.is_empty() { String::new() } else { serde_json::to_string(&letters).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn alternatives_and_cached_tokens_are_kept() {
        let body = json!({
            "model": "m",
            "choices": [{ "message": { "content": "B" }, "finish_reason": "length", "error": null, "logprobs": { "content": [{
                "token": "B", "logprob": -0.25, "top_logprobs": [{ "token": "F", "logprob": -1.5, "bytes": [70] }, { "token": 7, "logprob": 0.0 }]
            }] } }],
            "usage": { "prompt_tokens": 100, "completion_tokens": 1, "prompt_tokens_details": { "cached_tokens": 64 } },
            "error": null,
        });
        let (reply, _) = read(body.to_string().as_bytes(), "asked").unwrap();
        assert_eq!(reply.alternatives, r#"[["F",-1.5],["B",-0.25]]"#);
        let usage = TokenUsage { prompt_tokens: 100, cached_tokens: 64, completion_tokens: 1 };
        assert_eq!((reply.model.as_str(), reply.usage), ("m", Some(usage)));
    }

    #[test]
    fn of_several_tokens_the_letters_are_kept_with_their_alternatives() {
        let token = |token: &str, other: &str| json!({ "token": token, "logprob": -0.5, "top_logprobs": [{ "token": other, "logprob": -1.0 }] });
        let kept = |tokens: Vec<serde_json::Value>| {
            let body = json!({ "choices": [{ "message": { "content": "A F" }, "logprobs": { "content": tokens } }] });
            read(body.to_string().as_bytes(), "m").unwrap().0.alternatives
        };
        let letters = kept(vec![token("A", "B"), token(" ", "x"), token("\u{2581}F", "E")]);
        assert_eq!(
            letters,
            "[[\"A\",[[\"B\",-1.0],[\"A\",-0.5]]],[\"\u{2581}F\",[[\"E\",-1.0],[\"\u{2581}F\",-0.5]]]]"
        );
        assert_eq!(kept(vec![token("Sure", "No"), token("thing", "x")]), "");
    }

    #[test]
    fn errors_in_disguise_are_no_replies() {
        for body in [
            "<html>login</html>",
            r#"{"error":{"message":"overloaded"}}"#,
            r#"{"choices":[{"message":{"content":"{"},"finish_reason":"error"}]}"#,
            r#"{"choices":[{"message":{"content":"{"},"error":{"code":502}}]}"#,
            r#"{"choices":[]}"#,
            r#"{"choices":[{"message":{"content":"UR5"#,
            "{}",
            "",
        ] {
            assert_eq!(read(body.as_bytes(), "m"), None, "{body}");
        }
    }

    #[test]
    fn what_is_of_another_type_than_agreed_costs_nothing_but_itself() {
        let odd = [
            json!(null),
            json!(true),
            json!(-1),
            json!(1.5),
            json!("x"),
            json!([1, { "a": [] }]),
            json!({ "b": [{}] }),
        ];
        for odd in odd {
            let body = json!({
                "choices": [{ "message": { "content": "B" }, "logprobs": odd }],
                "usage": { "prompt_tokens": 7, "completion_tokens": odd, "prompt_tokens_details": odd },
            });
            let (reply, _) = read(body.to_string().as_bytes(), "asked").unwrap();
            assert_eq!(
                (reply.alternatives.as_str(), reply.usage.map(|u| u.prompt_tokens)),
                ("", Some(7)),
                "{odd}"
            );
            let body = json!({
                "choices": [{ "message": { "content": "B" }, "logprobs": { "content": [
                    { "token": "B", "logprob": -1, "top_logprobs": odd }, odd] } }],
                "usage": odd,
            });
            let (reply, _) = read(body.to_string().as_bytes(), "asked").unwrap();
            assert_eq!((reply.alternatives.as_str(), reply.usage), (r#"[["B",-1.0]]"#, None), "{odd}");
        }
    }

    #[test]
    fn thoughts_and_calls_beside_an_answer_do_not_cost_it() {
        for beside in [
            r#""reasoning":"a","reasoning_content":"b""#,
            r#""reasoning":null,"reasoning_content":null,"tool_calls":null"#,
            r#""tool_calls":{}"#,
            r#""refusal":null"#,
            r#""refusal":"no""#,
            r#""tool_calls":[]"#,
        ] {
            let body =
                format!(r#"{{"choices":[{{"message":{{"content":"B",{beside}}},"finish_reason":"stop"}}]}}"#);
            let read = read(body.as_bytes(), "m").map(|(reply, empty_reason)| (reply.content, empty_reason));
            assert_eq!(read, Some(("B".to_owned(), None)), "{body}");
        }
        let body = r#"{"choices":[{"message":{"content":null,"reasoning":"a","reasoning_content":"a"},"finish_reason":"length"}]}"#;
        assert_eq!(
            read(body.as_bytes(), "m").and_then(|(_, empty_reason)| empty_reason),
            Some(EmptyReplyReason::Thinking)
        );
    }

    #[test]
    fn a_models_refusal_is_no_answer_and_costs_what_it_took() {
        let body = r#"{"choices":[{"message":{"content":null,"refusal":"I can\u2019t\nhelp."},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":7,"completion_tokens":2}}"#;
        let (reply, empty_reason) = read(body.as_bytes(), "m").unwrap();
        assert_eq!((reply.is_refused(), reply.content.as_str()), (true, "the model refuses: I can’t help."));
        assert_eq!((empty_reason, reply.usage.map(|u| u.prompt_tokens)), (None, Some(7)));
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&body, "m");
        }
    }
}

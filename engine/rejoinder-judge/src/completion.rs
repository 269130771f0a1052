//! A chat completion as servers send it, read leniently: a figure of an odd type must not cost the answer.

use rejoinder_ledger::{Reply, Usage};
use serde::Deserialize;
use serde_json::Value;

/// No request has more tokens; a greater figure is a server's mistake, and sums of it would overflow.
const MAX_TOKENS: u64 = u32::MAX as u64;

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Content,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    logprobs: Value,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    content: Option<String>,
}

/// The reply in the body of a response with status 200, if it holds one. Such a body may be an error all the same, and so
/// may a choice in it, where the server failed in the middle of its answer.
pub(crate) fn read(body: &[u8], asked_model: &str) -> Option<Reply> {
    let completion: Completion = serde_json::from_slice(body).ok()?;
    let choice = completion.choices.into_iter().next()?;
    let is_error = |error: &Option<Value>| error.as_ref().is_some_and(|e| !e.is_null());
    if is_error(&completion.error)
        || is_error(&choice.error)
        || choice.finish_reason.as_deref() == Some("error")
    {
        return None;
    }
    Some(Reply {
        model: completion.model.filter(|m| !m.is_empty()).unwrap_or_else(|| asked_model.to_owned()),
        content: choice.message.content.unwrap_or_default(),
        finish_reason: choice.finish_reason.unwrap_or_default(),
        alternatives: alternatives(&choice.logprobs),
        usage: usage(&completion.usage),
    })
}

fn usage(usage: &Value) -> Option<Usage> {
    let tokens = |value: &Value| value.as_u64().filter(|&n| n <= MAX_TOKENS);
    let prompt = tokens(&usage["prompt_tokens"]);
    let completion = tokens(&usage["completion_tokens"]);
    if prompt.is_none() && completion.is_none() {
        return None;
    }
    Some(Usage {
        prompt_tokens: prompt.unwrap_or(0),
        cached_tokens: tokens(&usage["prompt_tokens_details"]["cached_tokens"]).unwrap_or(0),
        completion_tokens: completion.unwrap_or(0),
    })
}

/// What the first token could have been, as the store keeps it.
fn alternatives(logprobs: &Value) -> String {
    let first = &logprobs["content"][0];
    let given = first["top_logprobs"].as_array().map_or(&[][..], Vec::as_slice);
    // Some servers leave the token that was generated out of its alternatives.
    let own = Some(first).filter(|_| given.iter().all(|other| other["token"] != first["token"]));
    let pairs: Vec<(&str, f64)> = given
        .iter()
        .chain(own)
        .filter_map(|t| Some((t["token"].as_str()?, t["logprob"].as_f64()?)))
        .collect();
    if pairs.is_empty() { String::new() } else { serde_json::to_string(&pairs).unwrap_or_default() }
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
        let reply = read(body.to_string().as_bytes(), "asked").unwrap();
        assert_eq!(reply.alternatives, r#"[["F",-1.5],["B",-0.25]]"#);
        let usage = Usage { prompt_tokens: 100, cached_tokens: 64, completion_tokens: 1 };
        assert_eq!((reply.model.as_str(), reply.usage), ("m", Some(usage)));
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

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&body, "m");
        }
    }
}

//! Lines of requests: those that this engine writes, and those of others, which it reads.

use std::fmt;

use serde::Deserialize;

use crate::form::{GivenMessage, GivenRequest};
use crate::request::JudgeRequest;

/// The most requests that a file may hold.
pub const MAX_REQUESTS: u64 = 50_000;
/// The most bytes that a file may hold.
pub const MAX_BYTES: u64 = 200_000_000;

/// The method and the address that a request names.
const METHOD: &str = "POST";
const URL: &str = "/v1/chat/completions";

/// The line of a request, including the line end.
pub fn line(request: &JudgeRequest) -> String {
    let JudgeRequest { key, body, .. } = request;
    format!("{{\"custom_id\":\"{key}\",\"method\":\"{METHOD}\",\"url\":\"{URL}\",\"body\":{body}}}\n")
}

/// A request of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenLine {
    /// The id by which its result is known.
    pub custom_id: String,
    /// What is asked.
    pub request: GivenRequest,
}

/// Why a line is no request that can be asked.
#[derive(Debug)]
pub enum GivenLineError {
    /// The line is not in the format of batch requests, or its body says what is not known here.
    NoRequest(serde_json::Error),
    /// The id is empty.
    NoId,
    /// The request is another one than for a chat completion.
    OtherAddress(String),
    /// The request names this model, and another one is asked.
    OtherModel {
        /// The model that the request names.
        named: String,
        /// The model that is asked.
        asked: String,
    },
    /// There is no message.
    NoMessages,
    /// The answer may have no token.
    NoTokens,
    /// The limit of the answer is named twice.
    TwoLimits,
    /// The request names this temperature.
    Temperature(f64),
}

impl GivenLineError {
    /// The column at which the fault was seen, from 1, where it has one.
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::NoRequest(error) => Some(error.column()).filter(|&column| column > 0),
            _ => None,
        }
    }
}

impl fmt::Display for GivenLineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRequest(error) => {
                let said = error.to_string();
                // The place is told beside it.
                let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
                write!(f, "no request of the batch format: {what}")
            }
            Self::NoId => f.write_str("the `custom_id` is empty: each request needs one of its own"),
            Self::OtherAddress(address) => write!(
                f,
                "the request is for `{address}`; only `{METHOD}` and `{URL}` can be asked, which may be left out"
            ),
            Self::OtherModel { named, asked } => write!(
                f,
                "the request names the model `{named}`, and [judge] names `{asked}`: name the one to be asked in the config, or \
                 leave `model` out of the request"
            ),
            Self::NoMessages => f.write_str("`body.messages` is empty: nothing is asked"),
            Self::NoTokens => f.write_str("`body.max_tokens` is 0: the answer needs one at least"),
            Self::TwoLimits => f.write_str(
                "`body` has both `max_tokens` and `max_completion_tokens`: leave one out; the server gets the one that it takes",
            ),
            Self::Temperature(temperature) => write!(
                f,
                "`body.temperature` is {temperature}: all is asked at 0, so that equal requests have one answer; say 0 or leave it out"
            ),
        }
    }
}

impl std::error::Error for GivenLineError {}

#[derive(Deserialize)]
struct Line {
    custom_id: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    url: Option<String>,
    body: Body,
}

/// What a request may say: a key that is passed over would make another question of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default)]
    model: Option<String>,
    messages: Vec<GivenMessage>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f64>,
}

/// Reads a line of somebody else's requests, which are for this model.
///
/// # Errors
/// If the line is no request, or one that would be another question if it were asked here.
pub fn read_given(line: &str, model: &str) -> Result<GivenLine, GivenLineError> {
    let Line { custom_id, method, url, body } =
        serde_json::from_str(line).map_err(GivenLineError::NoRequest)?;
    if custom_id.is_empty() {
        return Err(GivenLineError::NoId);
    }
    let is_other = |said: &String, known: &str| said != known;
    if let Some(said) = method.filter(|m| is_other(m, METHOD)).or(url.filter(|u| is_other(u, URL))) {
        return Err(GivenLineError::OtherAddress(said));
    }
    if let Some(named) = body.model.filter(|named| is_other(named, model)) {
        return Err(GivenLineError::OtherModel { named, asked: model.to_owned() });
    }
    if body.messages.is_empty() {
        return Err(GivenLineError::NoMessages);
    }
    if let Some(temperature) = body.temperature.filter(|t| *t != 0.0) {
        return Err(GivenLineError::Temperature(temperature));
    }
    let max_tokens = match (body.max_tokens, body.max_completion_tokens) {
        (Some(_), Some(_)) => return Err(GivenLineError::TwoLimits),
        (limit, other) => limit.or(other),
    };
    if max_tokens == Some(0) {
        return Err(GivenLineError::NoTokens);
    }
    Ok(GivenLine { custom_id, request: GivenRequest { messages: body.messages, max_tokens } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_ledger::Spending;
    use serde_json::{Value, json};

    use super::*;
    use crate::form::GivenRole;

    #[test]
    fn a_request_is_one_line_of_the_batch_format() {
        let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let request = JudgeRequest {
            key: key.into(),
            body: r#"{"model":"m"}"#.into(),
            input_tokens: (1, 1, 1),
            most: Spending::default(),
            max_tokens: 1,
        };
        let value: Value = serde_json::from_str(&line(&request)).unwrap();
        assert_eq!((value["custom_id"].as_str(), value["body"]["model"].as_str()), (Some(key), Some("m")));
        assert_eq!(
            (value["method"].as_str(), value["url"].as_str()),
            (Some("POST"), Some("/v1/chat/completions"))
        );
    }

    #[test]
    fn what_may_be_left_out_may_be_left_out() {
        let short = r#"{"custom_id":"a","body":{"messages":[{"role":"user","content":"b"}]}}"#;
        let read = read_given(short, "m").unwrap();
        assert_eq!((read.custom_id.as_str(), read.request.max_tokens), ("a", None));
        let whole = r#"{"custom_id":"a","method":"POST","url":"/v1/chat/completions","priority":3,"body":{"model":"m",
            "messages":[{"role":"system","content":"s"},{"content":"b","role":"user"}],"max_completion_tokens":7,"temperature":0.0}}"#;
        let read = read_given(whole, "m").unwrap();
        assert_eq!(read.request.max_tokens, Some(7));
        let roles: Vec<GivenRole> = read.request.messages.iter().map(|m| m.role).collect();
        assert_eq!(roles, [GivenRole::System, GivenRole::User]);
    }

    #[test]
    fn what_would_be_another_question_is_refused_and_says_what_to_do() {
        let line = |change: &dyn Fn(&mut Value)| {
            let mut line =
                json!({ "custom_id": "a", "body": { "messages": [{ "role": "user", "content": "b" }] } });
            change(&mut line);
            read_given(&line.to_string(), "m").map_err(|why| why.to_string())
        };
        let refused = |what: &str, change: &dyn Fn(&mut Value)| {
            let why = line(change).unwrap_err();
            assert!(why.contains(what), "{why}");
        };
        refused("leave `model` out", &|line| line["body"]["model"] = "n".into());
        refused("say 0 or leave it out", &|line| line["body"]["temperature"] = 0.7.into());
        refused("leave one out", &|line| {
            (line["body"]["max_tokens"], line["body"]["max_completion_tokens"]) = (1.into(), 1.into());
        });
        refused("needs one at least", &|line| line["body"]["max_tokens"] = 0.into());
        refused("unknown field `n`, expected one of `model`", &|line| line["body"]["n"] = 5.into());
        refused("unknown field `stream`", &|line| line["body"]["stream"] = true.into());
        refused("`/v1/embeddings`", &|line| line["url"] = "/v1/embeddings".into());
        refused("`GET`", &|line| line["method"] = "GET".into());
        refused("nothing is asked", &|line| line["body"]["messages"] = json!([]));
        refused("unknown variant `tool`", &|line| line["body"]["messages"][0]["role"] = "tool".into());
        refused("expected a string", &|line| line["body"]["messages"][0]["content"] = json!([]));
        refused("missing field `messages`", &|line| line["body"] = json!({}));
        refused("missing field `body`", &|line| *line = json!({ "custom_id": "a" }));
        refused("is empty", &|line| line["custom_id"] = "".into());
    }

    #[test]
    fn a_fault_of_the_json_has_its_column() {
        let broken = read_given(r#"{"custom_id": nope}"#, "m").unwrap_err();
        assert_eq!(broken.column(), Some(16));
        assert!(!broken.to_string().contains("at line"), "{broken}");
        assert_eq!(read_given("", "m").unwrap_err().column(), None);
    }

    fn message() -> impl Strategy<Value = GivenMessage> {
        let role = prop_oneof![
            Just(GivenRole::System),
            Just(GivenRole::Developer),
            Just(GivenRole::User),
            Just(GivenRole::Assistant)
        ];
        (role, any::<String>()).prop_map(|(role, content)| GivenMessage { role, content })
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line: String, body: String, content: String) {
            let _ = read_given(&line, "m").map_err(|why| (why.column(), why.to_string()));
            let framed = format!(r#"{{"custom_id":"a","body":{body}}}"#);
            let _ = read_given(&framed, "m").map_err(|why| (why.column(), why.to_string()));
            let inside = format!(r#"{{"custom_id":"a","body":{{"messages":[{{"role":"user","content":"{content}"}}]}}}}"#);
            let _ = read_given(&inside, "m").map_err(|why| (why.column(), why.to_string()));
        }

        #[test]
        fn a_request_comes_back_as_it_was_written(
            custom_id in ".+",
            messages in prop::collection::vec(message(), 1..5),
            max_tokens in prop::option::of(1_u32..),
        ) {
            let mut line = json!({ "custom_id": custom_id, "body": { "model": "m", "messages": messages } });
            if let Some(limit) = max_tokens {
                line["body"]["max_tokens"] = limit.into();
            }
            let read = read_given(&line.to_string(), "m").unwrap();
            prop_assert_eq!(read, GivenLine { custom_id, request: GivenRequest { messages, max_tokens } });
        }
    }
}

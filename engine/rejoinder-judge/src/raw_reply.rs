//! A reply that another program got from a model, which has kept the text and perhaps log-probabilities.

use std::collections::BTreeMap;
use std::fmt;

use rejoinder_core::printable;
use rejoinder_ledger::Reply;
use serde::Deserialize;

use crate::completion::{EmptyReplyReason, Logprobs, alternatives};
use crate::lenient_json::Object;

/// Log-probabilities that are in no shape that is read.
#[derive(Debug)]
pub struct LogprobsError(serde_json::Error);

impl fmt::Display for LogprobsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "log-probabilities are JSON: {{\"content\": [...]}} as OpenAI's servers give it, or of the first token [[\"A\", -0.1], ...] \
             or {{\"A\": -0.1, ...}}: {}",
            printable(&self.0.to_string())
        )
    }
}

impl std::error::Error for LogprobsError {}

#[derive(Deserialize)]
#[serde(untagged)]
enum Shape {
    Pairs(Vec<(String, f64)>),
    Tokens(BTreeMap<String, f64>),
}

/// The reply of a model with this text. The log-probabilities are JSON: OpenAI's object with the tokens under `content`; or the
/// alternatives to the first token, as pairs or as an object. A text without words is an empty reply.
///
/// # Errors
/// If the log-probabilities are in no such shape.
pub fn raw_reply(model: &str, text: &str, logprobs: Option<&str>) -> Result<Reply, LogprobsError> {
    if text.trim().is_empty() {
        return Ok(Reply::empty(model.to_owned(), EmptyReplyReason::Blank.describe().to_owned()));
    }
    let given = logprobs.map(str::trim).filter(|json| !json.is_empty() && *json != "null");
    Ok(Reply {
        model: model.to_owned(),
        content: text.to_owned(),
        finish_reason: "stop".to_owned(),
        alternatives: given.map(read_alternatives).transpose()?.unwrap_or_default(),
        usage: None,
    })
}

fn read_alternatives(json: &str) -> Result<String, LogprobsError> {
    /// The one field that tells OpenAI's shape.
    #[derive(Deserialize)]
    struct Tokens {
        #[serde(rename = "content")]
        _content: serde::de::IgnoredAny,
    }
    if json.starts_with('{') && serde_json::from_str::<Tokens>(json).is_ok() {
        let Object(logprobs) = serde_json::from_str::<Object<Logprobs<'_>>>(json).map_err(LogprobsError)?;
        return Ok(alternatives(&logprobs));
    }
    let pairs = match serde_json::from_str(json).map_err(LogprobsError)? {
        Shape::Pairs(pairs) => pairs,
        Shape::Tokens(tokens) => tokens.into_iter().collect(),
    };
    Ok(if pairs.is_empty() { String::new() } else { serde_json::to_string(&pairs).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn log_probabilities_are_read_in_all_their_shapes() {
        let read = |json| raw_reply("m", "F", json).map(|reply| reply.alternatives);
        let pairs = r#"[["B",-1.5],["F",-0.25]]"#;
        let of_server =
            r#"{"content":[{"token":"F","logprob":-0.25,"top_logprobs":[{"token":"B","logprob":-1.5}]}]}"#;
        for json in [pairs, r#"{"F":-0.25,"B":-1.5}"#, of_server] {
            assert_eq!(read(Some(json)).unwrap(), pairs, "{json}");
        }
        for json in [None, Some(""), Some("null"), Some("[]"), Some("{}")] {
            assert_eq!(read(json).unwrap(), "", "{json:?}");
        }
        for json in ["[1]", "F", r#"{"F":"likely"}"#, r#"{"F":-Infinity}"#] {
            assert!(
                read(Some(json)).unwrap_err().to_string().starts_with("log-probabilities are JSON"),
                "{json}"
            );
        }
        assert!(raw_reply("m", " \n", None).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_a_reply_or_refused(text: String, json: String) {
            let _ = raw_reply("m", &text, Some(&json));
        }
    }
}

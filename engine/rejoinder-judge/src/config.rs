//! How the judge is reached, and the key under which its answers are stored.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::prompt;
use crate::question::{Question, Unit};

/// A key that no message, log or debug print shows.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Wraps a key.
    pub const fn new(key: String) -> Self {
        Self(key)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

/// The judge and how it is asked.
#[derive(Clone, Debug)]
pub struct JudgeConfig {
    /// Base URL of the server, such as `http://127.0.0.1:8000/v1`.
    pub base_url: String,
    /// Model name sent to it.
    pub model: String,
    /// Sent as a bearer token.
    pub api_key: Option<ApiKey>,
    /// What one request is about.
    pub unit: Unit,
    /// Requests in flight at once.
    pub max_in_flight: usize,
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Attempts after the first one.
    pub max_retries: u32,
    /// Ask the server to hold the answer to a JSON schema (turn unit only: the paper's answer may hold several
    /// objects, which no schema of ours allows).
    pub json_schema: bool,
}

impl JudgeConfig {
    /// The base URL in its one normal spelling: lower-case host, no default port, no slash at the end.
    pub(crate) fn endpoint(&self) -> String {
        let url = reqwest::Url::parse(&self.base_url).map_or_else(|_| self.base_url.clone(), Into::into);
        url.trim_end_matches('/').to_owned()
    }

    /// The body of the request, greedy decoding, everything in one user message (some chat templates refuse a system
    /// message, others move it behind the shared prefix).
    pub(crate) fn request(&self, question: &Question) -> Value {
        let prompt = [prompt::instructions(self.unit), &question.dialogue].concat();
        let mut body = json!({
            "model": self.model,
            "messages": [{ "role": "user", "content": prompt }],
            "temperature": 0,
            "max_tokens": self.max_tokens,
        });
        if self.json_schema && self.unit == Unit::Turn {
            body["response_format"] = response_format();
        }
        body
    }

    /// Key of a question's reply: blake3 of endpoint, and of the whole request (model, decoding, schema, prompt).
    pub fn reply_key(&self, question: &Question) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.endpoint().as_bytes()).update(b"\n");
        hasher.update(self.request(question).to_string().as_bytes());
        hasher.finalize().to_hex().to_string()
    }
}

/// Names of the two keys that the paper's answer has.
pub(crate) const PATTERN: &str = "User Response Pattern";
pub(crate) const TEXT: &str = "User Response Text";

fn response_format() -> Value {
    json!({
        "type": "json_schema",
        "json_schema": {
            "name": "user-response",
            "strict": true,
            "schema": {
                "type": "object",
                "properties": {
                    PATTERN: { "type": "string", "enum": ["UR1", "UR2", "UR3", "UR4", "UR5", "No Feedback"] },
                    TEXT: { "type": "string", "maxLength": 600 },
                },
                "required": [PATTERN, TEXT],
                "additionalProperties": false,
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use rejoinder_core::RecordId;

    use super::*;

    fn config() -> JudgeConfig {
        JudgeConfig {
            base_url: "http://h/v1/".into(),
            model: "m".into(),
            api_key: Some(ApiKey::new("sk-secret".into())),
            unit: Unit::Turn,
            max_in_flight: 1,
            max_tokens: 9,
            timeout: Duration::from_secs(1),
            max_retries: 0,
            json_schema: true,
        }
    }

    #[test]
    fn the_key_follows_what_decides_the_answer_and_nothing_else() {
        let id = RecordId { shard: 0, ordinal: 1, message_index: 2 };
        let question = Question { id, dialogue: "p".into(), gain: 0.5, turns: Vec::new() };
        let key = config().reply_key(&question);
        let same = JudgeConfig {
            base_url: "HTTP://H:80/v1".into(),
            max_in_flight: 7,
            max_retries: 3,
            api_key: None,
            ..config()
        };
        assert_eq!(key, same.reply_key(&Question { gain: 0.9, ..question.clone() }));
        let request = config().request(&question).to_string();
        assert!(
            request.starts_with(r#"{"max_tokens":9,"messages":"#),
            "the order of keys is part of the key"
        );
        for other in [
            JudgeConfig { model: "n".into(), ..config() },
            JudgeConfig { base_url: "http://i/v1".into(), ..config() },
            JudgeConfig { max_tokens: 10, ..config() },
            JudgeConfig { json_schema: false, ..config() },
        ] {
            assert_ne!(key, other.reply_key(&question));
        }
        assert_ne!(key, config().reply_key(&Question { dialogue: "q".into(), ..question }));
    }

    #[test]
    fn the_key_is_not_printed() {
        assert!(!format!("{:?}", config()).contains("sk-secret"));
    }
}

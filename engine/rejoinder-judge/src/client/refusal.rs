//! Why a server refuses a request, and which parameter it blames.

use rejoinder_ledger::TokenUsage;
use serde_json::Value;

/// Why a request is refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Refusal {
    /// The server's own words.
    pub(crate) words: String,
    /// The parameter that the server names as the fault.
    pub(crate) parameter: Option<String>,
    /// The server's name for this kind of fault.
    pub(crate) code: String,
    /// The tokens that the request took all the same.
    pub(crate) usage: Option<TokenUsage>,
}

impl From<String> for Refusal {
    fn from(words: String) -> Self {
        Self { words, ..Self::default() }
    }
}

/// The distance from a parameter's name, in bytes, within which words tell what is wrong with that parameter.
const NEAR: usize = 48;
/// Words that tell what is wrong with a parameter.
const FAULTS: [&str; 16] = [
    "unsupported",
    "not support",
    "unknown",
    "not known",
    "unrecognized",
    "unrecognised",
    "unexpected",
    "not permitted",
    "not allowed",
    "cannot be used",
    "deprecated",
    "instead",
    "invalid",
    "must be",
    "default",
    "only",
];

impl Refusal {
    /// The refusal that a response holds, in the words given. OpenAI names the fault in `error.param` and `error.code`, FastAPI in
    /// `detail`.
    pub(super) fn of(words: String, body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = if value["error"].is_object() { &value["error"] } else { &value };
        let details = [&value["detail"], &value["message"]["detail"]].into_iter().find_map(Value::as_array);
        let place = details.into_iter().flatten().find_map(|detail| detail["loc"].as_array()?.last());
        Self {
            parameter: error["param"].as_str().or(place.and_then(Value::as_str)).map(str::to_owned),
            code: error["code"].as_str().unwrap_or_default().to_owned(),
            ..words.into()
        }
    }

    /// Whether the server refuses this parameter: the error says so, or its words name the parameter beside what is wrong. A mere
    /// mention is no sign: some servers repeat the request.
    pub(crate) fn blames(&self, name: &str) -> bool {
        let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
        let is_fault = |text: &str| FAULTS.iter().any(|fault| text.contains(fault));
        let name = plain(name);
        if let Some(parameter) = &self.parameter {
            return plain(parameter).ends_with(&name);
        }
        let words = plain(&self.words);
        words.match_indices(&name).any(|(at, _)| {
            let from = words.floor_char_boundary(at.saturating_sub(NEAR));
            let to = words.floor_char_boundary((at + name.len() + NEAR).min(words.len()));
            is_fault(&words[from..to]) || is_fault(&plain(&self.code))
        })
    }
}

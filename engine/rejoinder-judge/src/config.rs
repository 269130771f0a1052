//! Which judge is asked, and how.

use std::fmt;
use std::time::Duration;

use crate::price::Price;
use crate::prompt::{Answer, Template};
use crate::question::Unit;
use crate::request::Constraint;
use crate::tokens::TokenCounter;

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

    /// A text that may repeat the key, without it.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "***") }
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
    /// Base URLs, such as `http://127.0.0.1:8000/v1`: endpoints that serve the same model and share the requests.
    pub base_urls: Vec<String>,
    /// What the judge is called in the keys of replies, where its first address is not to be: replies stay valid when it
    /// moves.
    pub identity: Option<String>,
    /// Model name sent to it.
    pub model: String,
    /// Which weights exactly; a part of the keys only.
    pub revision: Option<String>,
    /// Sent as a bearer token.
    pub api_key: Option<ApiKey>,
    /// What one question is about.
    pub unit: Unit,
    /// The form of the answer; `None` = a label for a turn where the server can, JSON elsewhere.
    pub answer: Option<Answer>,
    /// How labels are enforced; `None` = as the server is found to obey.
    pub constraint: Option<Constraint>,
    /// The prompt; `None` = the shipped one for unit and answer.
    pub template: Option<Template>,
    /// Whether the words that show a label are asked for in a second request.
    pub asks_span: bool,
    /// Turns that share a request in the JSON form.
    pub turns_per_request: usize,
    /// Tokens of input and output together; `None` = as the server says.
    pub context: Option<u64>,
    /// How tokens are counted before anybody is asked.
    pub counter: TokenCounter,
    /// Longest answer in the JSON form, in tokens.
    pub max_tokens: u32,
    /// How fast it is asked, and how long it is waited for.
    pub pace: Pace,
    /// What it costs.
    pub price: Price,
}

/// How fast each endpoint is asked, and how patiently.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Most requests in flight at once; how many there are follows from how the server takes them.
    pub max_in_flight: usize,
    /// Most requests a minute.
    pub requests_per_minute: Option<f64>,
    /// Most tokens a minute, input and output.
    pub tokens_per_minute: Option<f64>,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// How long the server may answer nobody before it is given up.
    pub patience: Duration,
    /// Attempts after the first one, where a request itself seems to be what fails.
    pub max_retries: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            max_in_flight: 64,
            requests_per_minute: None,
            tokens_per_minute: None,
            timeout: Duration::from_secs(120),
            patience: Duration::from_secs(60),
            max_retries: 4,
        }
    }
}

impl JudgeConfig {
    /// A judge with one endpoint, about which nothing else is said.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_urls: vec![base_url.into()],
            identity: None,
            model: model.into(),
            revision: None,
            api_key: None,
            unit: Unit::Turn,
            answer: None,
            constraint: None,
            template: None,
            asks_span: false,
            turns_per_request: 4,
            context: None,
            counter: TokenCounter::default(),
            max_tokens: 512,
            pace: Pace::default(),
            price: Price::default(),
        }
    }

    /// The judge as keys name it, whichever endpoint answers: its identity, or the first of its addresses.
    pub fn endpoint(&self) -> String {
        self.identity.clone().or_else(|| self.urls().next()).unwrap_or_default()
    }

    /// The base URLs in their one normal spelling: lower-case host, no default port, no slash at the end.
    pub(crate) fn urls(&self) -> impl Iterator<Item = String> {
        self.base_urls.iter().map(|base| {
            let url = reqwest::Url::parse(base).map_or_else(|_| base.clone(), Into::into);
            url.trim_end_matches('/').to_owned()
        })
    }
}

//! Which judge is asked, and in which way.

use std::fmt;
use std::time::Duration;

use crate::price::Price;
use crate::prompt::{AnswerFormat, PromptTemplate, PromptWindow};
use crate::question::QuestionUnit;
use crate::request::LabelConstraint;
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

    /// A text without the key, which the text may repeat.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

/// The judge and how the engine asks it.
#[derive(Clone, Debug)]
pub struct JudgeConfig {
    /// Base URLs, such as `http://127.0.0.1:8000/v1`: endpoints that serve the same model and share the requests.
    pub base_urls: Vec<String>,
    /// The judge's name in the keys of replies, in place of its first address, so that replies stay valid when the judge moves.
    pub identity: Option<String>,
    /// The model name that is sent to the judge.
    pub model: String,
    /// The exact weights, which are a part of the keys only.
    pub revision: Option<String>,
    /// The key that is sent as a bearer token.
    pub api_key: Option<ApiKey>,
    /// What one question is about.
    pub unit: QuestionUnit,
    /// The form of the answer; `None` means the form with the smallest bill that the server can give.
    pub answer: Option<AnswerFormat>,
    /// How labels are enforced; `None` means the way that the server is found to obey.
    pub constraint: Option<LabelConstraint>,
    /// The prompt; `None` means the shipped prompt for unit and answer.
    pub template: Option<PromptTemplate>,
    /// Whether the words that show a label are asked for in a second request.
    pub asks_span: bool,
    /// The number of turns that share a request in the forms of several letters and of JSON.
    pub turns_per_request: usize,
    /// What a prompt shows of the messages that a question keeps; `None` means all.
    pub window: Option<PromptWindow>,
    /// Whether an answer is taken that stands in another request than the turn's own: in one about other turns, too, or in one with
    /// the long window that was the default before. A comparison of forms must not take them.
    pub takes_answers_elsewhere: bool,
    /// The tokens of input and output together; `None` means what the server says.
    pub context: Option<u64>,
    /// How tokens are counted before the judge is asked.
    pub counter: TokenCounter,
    /// The longest answer in the JSON form, in tokens.
    pub max_tokens: u32,
    /// How fast the judge is asked, and how long its answers are waited for.
    pub pace: Pace,
    /// What the judge costs.
    pub price: Price,
}

/// How fast each endpoint is asked, and how patiently.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// The most requests in flight at once. The actual number follows from how the server takes them.
    pub max_in_flight: usize,
    /// The most requests a minute.
    pub requests_per_minute: Option<f64>,
    /// The most tokens a minute, input and output together.
    pub tokens_per_minute: Option<f64>,
    /// The longest wait for one answer.
    pub timeout: Duration,
    /// How long the server may leave all requests without an answer before it is given up.
    pub patience: Duration,
    /// The number of further attempts at a request that itself seems to be at fault.
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
    /// A judge with one endpoint and otherwise the usual settings.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_urls: vec![base_url.into()],
            identity: None,
            model: model.into(),
            revision: None,
            api_key: None,
            unit: QuestionUnit::Turn,
            answer: None,
            constraint: None,
            template: None,
            asks_span: false,
            turns_per_request: 4,
            window: Some(PromptWindow::default()),
            takes_answers_elsewhere: true,
            context: None,
            counter: TokenCounter::default(),
            max_tokens: 512,
            pace: Pace::default(),
            price: Price::default(),
        }
    }

    /// The same judge for requests that somebody else has put into words: nothing is said of questions, so that the server is tried
    /// at nothing but the usual parameters.
    #[must_use]
    pub fn for_given_requests(self) -> Self {
        Self {
            unit: QuestionUnit::Conversation,
            answer: None,
            constraint: None,
            template: None,
            asks_span: false,
            ..self
        }
    }

    /// The judge's name in the keys of replies, whichever endpoint answers: its identity, or the first of its addresses.
    pub fn endpoint(&self) -> String {
        self.identity.clone().or_else(|| self.urls().next()).unwrap_or_default()
    }

    /// The judge's name where measurements of its server are kept.
    pub fn name(&self) -> String {
        format!("{} at {}", self.model, self.endpoint())
    }

    /// The form of the answer that the config names, or its prompt.
    pub(crate) fn names_answer(&self) -> Option<AnswerFormat> {
        self.answer.or(self.template.as_ref().map(|template| template.answer))
    }

    /// Whether the config names the form of several letters.
    pub(crate) fn names_letters(&self) -> bool {
        self.names_answer() == Some(AnswerFormat::Letters)
    }

    /// Whether the form of several letters is open to the config, or named by it.
    pub(crate) fn is_open_to_letters(&self) -> bool {
        let is_open = self.answer.is_none() && self.template.is_none() && self.window.is_some();
        let is_usual = self.unit == QuestionUnit::Turn && !self.asks_span && self.turns_per_request > 1;
        self.names_letters() || (is_open && is_usual)
    }

    /// The base URLs in their one normal spelling: lower-case host, no default port, no slash at the end.
    pub(crate) fn urls(&self) -> impl Iterator<Item = String> {
        self.base_urls.iter().map(|base| {
            let url = reqwest::Url::parse(base).map_or_else(|_| base.clone(), Into::into);
            url.trim_end_matches('/').to_owned()
        })
    }
}

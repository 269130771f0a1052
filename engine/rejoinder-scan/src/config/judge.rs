//! `[judge]` and `[budget]`: who is asked about undecided turns, how, and what that may cost.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::KeyProblem;

/// `[judge]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JudgeSection {
    /// Base URL of an OpenAI-compatible server, such as `http://127.0.0.1:8000/v1`; without it nobody is asked. A list names
    /// endpoints that serve the same model and share the requests; the limits below are each one's, and replies are stored under
    /// the first, or `identity`.
    #[schemars(schema_with = "super::keys::base_url_schema")]
    pub base_url: Option<BaseUrl>,
    /// Model name sent to the server.
    pub model: String,
    /// Which weights exactly; replies are stored by it.
    pub revision: Option<String>,
    /// What the judge is called where replies are stored, instead of its (first) address: they stay valid when it moves.
    pub identity: Option<String>,
    /// Name of the environment variable that holds the key.
    pub api_key_env: Option<String>,
    /// Whether every conversation is asked about, whatever rules and plugins say: with `unit = "conversation"` the paper's
    /// method.
    pub all: bool,
    /// What one question is about.
    pub unit: UnitName,
    /// The form of the answer.
    pub answer: AnswerForm,
    /// How the server is made to answer with a label.
    pub constraint: ConstraintName,
    /// The prompt: a shipped name, or the path of a file.
    pub prompt: Option<String>,
    /// Where the span of a labelled turn comes from.
    pub span: SpanFrom,
    /// Turns that share a request where the answer is letters or JSON.
    pub turns_per_request: usize,
    /// The model's context, in tokens of input and output; by default what the server says.
    pub context: Option<u64>,
    /// The model's own `tokenizer.json`, to count tokens before anybody is asked; without it they are estimated.
    pub tokenizer: Option<PathBuf>,
    /// Most requests in flight at once.
    pub max_in_flight: usize,
    /// Most requests a minute.
    pub requests_per_minute: Option<f64>,
    /// Most tokens a minute, input and output.
    pub tokens_per_minute: Option<f64>,
    /// Longest answer in JSON, in tokens.
    pub max_tokens: u32,
    /// Longest wait for an answer.
    pub timeout_seconds: u64,
    /// How long the server may answer nobody before it is given up.
    pub patience_seconds: u64,
    /// Attempts after the first one, where a request itself seems to be what fails.
    pub max_retries: u32,
    /// What is shown of a dialogue with the turn that is asked about.
    pub window: WindowSection,
    /// Earlier messages shown with a turn, as earlier versions counted them; with it or `window-bytes`, prompts are those of earlier
    /// versions.
    pub window_messages: Option<usize>,
    /// Longest excerpt of one of them, in bytes, as earlier versions made it.
    pub window_bytes: Option<usize>,
    /// Where replies are kept; by default in the run directory. Runs may share the file.
    pub replies: Option<PathBuf>,
    /// What tokens cost.
    pub price: PriceSection,
}

/// Where a judge is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected an address such as \"http://127.0.0.1:8000/v1\", or a list of them")]
pub enum BaseUrl {
    /// One endpoint.
    One(String),
    /// Endpoints that serve the same model.
    Several(Vec<String>),
}

/// The model of the paper.
const MODEL: &str = "mistralai/Mixtral-8x7B-Instruct-v0.1";

impl Default for JudgeSection {
    fn default() -> Self {
        Self {
            base_url: None,
            model: MODEL.to_owned(),
            revision: None,
            identity: None,
            api_key_env: None,
            all: false,
            unit: UnitName::Turn,
            answer: AnswerForm::Auto,
            constraint: ConstraintName::Auto,
            prompt: None,
            span: SpanFrom::Rule,
            turns_per_request: 4,
            context: None,
            tokenizer: None,
            max_in_flight: 64,
            requests_per_minute: None,
            tokens_per_minute: None,
            max_tokens: 512,
            timeout_seconds: 120,
            patience_seconds: 60,
            max_retries: 4,
            window: WindowSection::default(),
            window_messages: None,
            window_bytes: None,
            replies: None,
            price: PriceSection::default(),
        }
    }
}

/// `[judge.window]`: what is shown of a dialogue, in bytes of each message: two thirds from its beginning, one third from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct WindowSection {
    /// Messages before the turn.
    pub messages: usize,
    /// Longest excerpt of an earlier message of the user.
    pub request: usize,
    /// Longest excerpt of a message of the assistant.
    pub answer: usize,
    /// Longest excerpt of the turn itself.
    pub turn: usize,
}

impl Default for WindowSection {
    fn default() -> Self {
        Self { messages: 2, request: 600, answer: 600, turn: 2_000 }
    }
}

/// What one question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitName {
    /// One later turn with a short window.
    #[default]
    Turn,
    /// A whole conversation, as in the paper.
    Conversation,
}

/// The form of the judge's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerForm {
    /// The cheapest of the forms that the server can give.
    #[default]
    Auto,
    /// One single-token label out of six, with its probability.
    Label,
    /// Such a label for each of several turns that share a request.
    Letters,
    /// The paper's JSON objects.
    Json,
}

/// How a server is made to answer with a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConstraintName {
    /// As the server is found to obey.
    #[default]
    Auto,
    /// `structured_outputs.choice` (vLLM).
    Choice,
    /// `grammar` in GBNF (llama.cpp).
    Grammar,
    /// `regex` (SGLang).
    Regex,
    /// Not at all.
    None,
}

/// Where the span of a labelled turn comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpanFrom {
    /// The hit of a rule of that category, else the whole turn.
    #[default]
    Rule,
    /// A second request.
    Ask,
}

/// `[judge.price]`: what a million tokens cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct PriceSection {
    /// Money for a million input tokens, in any currency.
    pub input: Option<f64>,
    /// Money for a million input tokens that the server had computed before.
    pub cached_input: Option<f64>,
    /// Money for a million output tokens.
    pub output: Option<f64>,
    /// GPU-seconds for a million input tokens.
    pub gpu_seconds_input: Option<f64>,
    /// GPU-seconds for a million output tokens.
    pub gpu_seconds_output: Option<f64>,
}

/// `[budget]`: what may be spent over the whole life of a run, reserved before each request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct BudgetConfig {
    /// Greatest number of HTTP requests.
    pub calls: Option<u64>,
    /// Greatest number of input and output tokens.
    pub tokens: Option<u64>,
    /// Most money, in the currency of `[judge.price]`.
    pub money: Option<f64>,
    /// Most GPU-seconds, by `[judge.price]`.
    pub gpu_seconds: Option<f64>,
}

impl BudgetConfig {
    pub(super) fn check(&self, judge: &JudgeSection) -> Result<(), KeyProblem> {
        let wrong = |key: &str, message: &str| Err(KeyProblem::new(format!("/{key}"), message));
        let is_amount = |n: Option<f64>| n.is_none_or(|n| n.is_finite() && n >= 0.0);
        if !is_amount(self.money) {
            return wrong("money", "`money` must not be negative");
        }
        if !is_amount(self.gpu_seconds) {
            return wrong("gpu-seconds", "`gpu-seconds` must not be negative");
        }
        let price = &judge.price;
        if self.money.is_some() && !price.has_money() {
            return wrong(
                "money",
                "a limit in money needs prices: say [judge.price] input and output, per million tokens",
            );
        }
        if self.gpu_seconds.is_some() && !price.has_gpu() {
            return wrong(
                "gpu-seconds",
                "a limit in GPU-seconds needs [judge.price] gpu-seconds-input and gpu-seconds-output, per million tokens",
            );
        }
        Ok(())
    }
}

impl PriceSection {
    /// Whether money is asked for.
    fn has_money(&self) -> bool {
        [self.input, self.output].iter().any(|price| price.is_some_and(|price| price > 0.0))
    }

    /// Whether GPU-seconds are known.
    fn has_gpu(&self) -> bool {
        [self.gpu_seconds_input, self.gpu_seconds_output]
            .iter()
            .any(|rate| rate.is_some_and(|rate| rate > 0.0))
    }

    fn values(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("input", self.input),
            ("cached-input", self.cached_input),
            ("output", self.output),
            ("gpu-seconds-input", self.gpu_seconds_input),
            ("gpu-seconds-output", self.gpu_seconds_output),
        ]
    }
}

/// Whether an address holds what is nobody else's business: credentials before the host, or a key in its query.
fn holds_secret(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let query = rest.split_once('?').map_or("", |(_, query)| query).to_ascii_lowercase();
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    authority.contains('@')
        || names
            .into_iter()
            .any(|name| ["key", "token", "secret", "password", "sig"].iter().any(|s| name.contains(s)))
}

impl JudgeSection {
    /// Checks what the schema alone cannot say.
    pub(super) fn check(&self) -> Result<(), KeyProblem> {
        let wrong = |key: &str, message: String| Err(KeyProblem::new(format!("/{key}"), message));
        let is_http = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        if self.base_url.is_some() && self.base_urls().is_empty() {
            return wrong("base-url", "`base-url` is a list without an address".to_owned());
        }
        if !self.base_urls().iter().all(is_http) {
            return wrong("base-url", "`base-url` begins with http:// or https://".to_owned());
        }
        if self.base_urls().iter().any(|url| holds_secret(url)) {
            return wrong(
                "base-url",
                "`base-url` holds a user name, a password or a key, and would be written into the run's folder: put it into an \
                 environment variable, and name the variable by `api-key-env`"
                    .to_owned(),
            );
        }
        for (key, value) in [
            ("turns-per-request", self.turns_per_request as u64),
            ("max-in-flight", self.max_in_flight as u64),
            ("max-tokens", u64::from(self.max_tokens)),
            ("timeout-seconds", self.timeout_seconds),
            ("patience-seconds", self.patience_seconds),
        ] {
            if value == 0 {
                return wrong(key, format!("`{key}` must be at least 1"));
            }
        }
        for (key, value) in
            [("requests-per-minute", self.requests_per_minute), ("tokens-per-minute", self.tokens_per_minute)]
        {
            if value.is_some_and(|n| !n.is_finite() || n <= 0.0) {
                return wrong(key, format!("`{key}` must be more than 0"));
            }
        }
        for (key, value) in self.price.values() {
            if value.is_some_and(|n| !n.is_finite() || n < 0.0) {
                return wrong(&format!("price/{key}"), format!("`{key}` must not be negative"));
            }
        }
        let is_old = self.window_messages.or(self.window_bytes).is_some();
        if is_old && self.window != WindowSection::default() {
            let message = "`window` and the older `window-messages` and `window-bytes` exclude each other: keep `window`";
            return wrong("window", message.to_owned());
        }
        if self.window.turn == 0 {
            return wrong(
                "window/turn",
                "`turn` must be at least 1: the judge has to see what it judges".to_owned(),
            );
        }
        let has_letters = matches!(self.answer, AnswerForm::Label | AnswerForm::Letters);
        if self.unit == UnitName::Conversation && has_letters {
            return wrong("answer", "a whole conversation is answered in json only".to_owned());
        }
        Ok(())
    }

    /// Paths that are relative to the config file.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.replies.iter_mut().chain(&mut self.tokenizer)
    }

    /// The endpoints' addresses.
    pub fn base_urls(&self) -> &[String] {
        match &self.base_url {
            None => &[],
            Some(BaseUrl::One(url)) => std::slice::from_ref(url),
            Some(BaseUrl::Several(urls)) => urls,
        }
    }
}

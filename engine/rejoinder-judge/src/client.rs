//! One HTTP request: what was sent back, sorted into answers, refusals, failures that may pass, and dead ends.

use std::time::{Duration, SystemTime};

use rejoinder_ledger::{Reply, Usage};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::asking::JudgeError;
use crate::completion::{self, Emptiness};
use crate::config::{ApiKey, JudgeConfig};

/// Larger bodies are no answers.
const MAX_BODY: usize = 1 << 20;
/// How much of a server's message is shown.
const MAX_MESSAGE: usize = 300;

/// How an attempt ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Attempt {
    /// The judge answered; and why the reply may hold no answer, where it does not.
    Answered(Reply, Option<Emptiness>),
    /// The prompt is longer than the model's context, the server says.
    TooLong(String),
    /// This request will never be answered: why.
    Refused(Refusal),
    /// The server has no time now: why, and how long it asks to wait. Not the request's fault.
    Busy(String, Option<Duration>),
    /// It went wrong and may go right another time: why.
    Failed(String),
    /// Nothing was sent, because no connection came about: why.
    NotSent(String),
    /// No request will be answered: why.
    DeadEnd(String),
}

/// Why a request is refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Refusal {
    /// In the server's own words.
    pub(crate) words: String,
    /// The parameter that it names as the fault.
    pub(crate) parameter: Option<String>,
    /// Its name for this kind of fault.
    pub(crate) code: String,
    /// What it took all the same.
    pub(crate) usage: Option<Usage>,
}

impl From<String> for Refusal {
    fn from(words: String) -> Self {
        Self { words, ..Self::default() }
    }
}

/// So far from a parameter's name stand the words that tell what is wrong with it, in bytes.
const NEAR: usize = 48;
/// Such words.
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
    /// Whether it is this parameter that is refused: the error says so, or its words name it beside what is wrong. Mere mention
    /// is no sign: some servers repeat the request.
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

/// A client for one endpoint.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    /// Parsed once, not for each request; or why it is no address.
    completions: Result<Url, String>,
    model: String,
    api_key: Option<ApiKey>,
}

impl Client {
    /// A client for each endpoint of a judge, in their order.
    pub(crate) fn for_each(config: &JudgeConfig) -> Result<Vec<Self>, JudgeError> {
        config.urls().map(|base| Self::new(config, base)).collect()
    }

    fn new(config: &JudgeConfig, base: String) -> Result<Self, JudgeError> {
        // Only the first installation in a process counts; a later one reports that, and means no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        if let Some(key) = &config.api_key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.reveal())).map_err(|_| {
                JudgeError::Client("the API key holds characters that no HTTP header can".to_owned())
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut builder = reqwest::Client::builder();
        if is_loopback(&base) {
            // A proxy of the environment is none for this machine itself: it would see chats and key.
            builder = builder.no_proxy();
        }
        let http = builder
            .default_headers(headers)
            .timeout(config.pace.timeout)
            // A redirect would carry the chat to a server that nobody named.
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(config.pace.max_in_flight)
            .tcp_nodelay(true)
            .build()
            .map_err(|e| JudgeError::Client(describe(&e)))?;
        Ok(Self {
            http,
            completions: Url::parse(&format!("{base}/chat/completions")).map_err(|e| e.to_string()),
            base,
            model: config.model.clone(),
            api_key: config.api_key.clone(),
        })
    }

    /// Its address.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends one request; returns the HTTP status (0 if none came) and what became of it.
    pub(crate) async fn attempt(&self, body: String) -> (u16, Attempt) {
        let url = match &self.completions {
            Ok(url) => url.clone(),
            Err(why) => return (0, Attempt::DeadEnd(why.clone())),
        };
        let response = match self.http.post(url).body(body).send().await {
            Ok(response) => response,
            Err(e) if e.is_connect() => return (0, Attempt::NotSent(describe(&e))),
            Err(e) if e.is_builder() => return (0, Attempt::DeadEnd(describe(&e))),
            Err(e) => return (0, Attempt::Failed(describe(&e))),
        };
        let status = response.status();
        let wait = retry_after(response.headers());
        let body = match read_body(response).await {
            Ok(body) => body,
            Err(why) => return (status.as_u16(), Attempt::Failed(why)),
        };
        (status.as_u16(), self.sort(status, wait, &body))
    }

    /// What a server tells at an address below its base URL (or, with `above`, beside it), if it tells it in JSON.
    pub(crate) async fn tell(&self, path: &str, above: bool) -> Option<Value> {
        let base = if above { self.base.trim_end_matches("/v1") } else { &self.base };
        let response = self.http.get(format!("{base}{path}")).send().await.ok()?;
        let response = Some(response).filter(|r| r.status() == StatusCode::OK)?;
        serde_json::from_slice(&read_body(response).await.ok()?).ok()
    }

    fn sort(&self, status: StatusCode, wait: Option<Duration>, body: &[u8]) -> Attempt {
        let said = || format!("HTTP {}: {}", status.as_u16(), message_of(body, self.api_key.as_ref()));
        match status.as_u16() {
            200 => match completion::read(body, &self.model) {
                Some((reply, _)) if reply.is_refused() => {
                    let Reply { content, usage, .. } = self.without_key(reply);
                    Attempt::Refused(Refusal { usage, ..content.into() })
                }
                Some((reply, emptiness)) => Attempt::Answered(self.without_key(reply), emptiness),
                None => Attempt::Failed(said()),
            },
            429 | 502..=504 => Attempt::Busy(said(), wait),
            408 | 409 | 425 | 500..=599 => Attempt::Failed(said()),
            401..=404 => Attempt::DeadEnd(said()),
            300..=399 => Attempt::DeadEnd(format!(
                "HTTP {}: the server redirects; name its real address",
                status.as_u16()
            )),
            _ if speaks_of_context(body) => Attempt::TooLong(said()),
            _ => Attempt::Refused(refusal(said(), body)),
        }
    }

    /// A reply that may repeat the key, without it: replies are stored, shown and shared.
    fn without_key(&self, reply: Reply) -> Reply {
        let Some(key) = &self.api_key else { return reply };
        let Reply { model, content, finish_reason, alternatives, usage } = reply;
        let [model, content, finish_reason, alternatives] =
            [model, content, finish_reason, alternatives].map(|text| key.hidden_in(&text));
        Reply { model, content, finish_reason, alternatives, usage }
    }
}

/// Whether an address names this machine itself.
pub fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a refusal says that the prompt is longer than the model's context: in vLLM's, llama.cpp's, OpenAI's, SGLang's and
/// TGI's words.
pub(crate) fn speaks_of_context(body: &[u8]) -> bool {
    const WORDS: [&str; 6] = [
        "context length",
        "context_length_exceeded",
        "exceed_context_size",
        "context size",
        "longer than the model",
        "inputs tokens + max_new_tokens",
    ];
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]).to_lowercase();
    WORDS.iter().any(|words| text.contains(words))
}

async fn read_body(mut response: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| describe(&e))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            return Err(format!("an answer of more than {MAX_BODY} bytes"));
        }
    }
    Ok(body)
}

/// The server's own words: OpenAI's `error.message`, Ollama's `error`, FastAPI's `detail` or `message`, or the body.
/// Servers that refuse a key may repeat it; it is not shown.
pub(crate) fn message_of(body: &[u8], api_key: Option<&ApiKey>) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let told = [&value["error"]["message"], &value["error"], &value["message"], &value["detail"]]
        .into_iter()
        .find_map(Value::as_str)
        .map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    let told = api_key.map_or(told.clone(), |key| key.hidden_in(&told));
    shown(&told)
}

/// The beginning of what a server says, on one line.
pub(crate) fn shown(told: &str) -> String {
    let shown: String =
        told.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_MESSAGE).collect();
    shown.trim().to_owned()
}

/// A refusal in such words; what it is about stands in OpenAI's `error.param` and `error.code`, or where FastAPI's `detail` says.
fn refusal(words: String, body: &[u8]) -> Refusal {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = if value["error"].is_object() { &value["error"] } else { &value };
    let details = [&value["detail"], &value["message"]["detail"]].into_iter().find_map(Value::as_array);
    let place = details.into_iter().flatten().find_map(|detail| detail["loc"].as_array()?.last());
    Refusal {
        parameter: error["param"].as_str().or(place.and_then(Value::as_str)).map(str::to_owned),
        code: error["code"].as_str().unwrap_or_default().to_owned(),
        ..words.into()
    }
}

/// reqwest's message with its causes; the address is left out, it may hold credentials.
fn describe(error: &reqwest::Error) -> String {
    let mut message = if error.is_timeout() { "no answer in time".to_owned() } else { String::new() };
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(cause) = source {
        if !message.is_empty() {
            message.push_str(": ");
        }
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    if message.is_empty() { "the request failed".to_owned() } else { message }
}

/// `Retry-After`: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_servers_own_words_are_found_in_all_known_shapes() {
        for (body, expected) in [
            (r#"{"error":{"message":"too long","code":400}}"#, "too long"),
            (r#"{"error":"no such model"}"#, "no such model"),
            (r#"{"object":"error","message":"bad"}"#, "bad"),
            ("<html>\u{1b}[31mBad Gateway</html>", "<html> [31mBad Gateway</html>"),
        ] {
            assert_eq!(message_of(body.as_bytes(), None), expected);
        }
    }

    #[test]
    fn what_servers_say_of_their_context_is_understood() {
        let client = client();
        for body in [
            r#"{"error":{"message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}}"#,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":4}}"#,
            r#"{"error":{"message":"…","code":"context_length_exceeded"}}"#,
        ] {
            let sorted = client.sort(StatusCode::BAD_REQUEST, None, body.as_bytes());
            assert!(matches!(sorted, Attempt::TooLong(_)), "{body}");
        }
        let sorted = client.sort(StatusCode::BAD_REQUEST, None, br#"{"error":{"message":"bad schema"}}"#);
        assert_eq!(sorted, Attempt::Refused("HTTP 400: bad schema".to_owned().into()));
    }

    #[test]
    fn a_parameter_is_blamed_only_where_it_is_named_as_the_fault() {
        for (body, blamed) in [
            (
                r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens"}}"#,
                true,
            ),
            (
                r#"{"error":{"message":"That does not go.","param":"max_tokens","code":"unsupported_parameter"}}"#,
                true,
            ),
            (r#"{"error":{"message":"Max tokens is not supported here"}}"#, true),
            (r#"{"error":{"message":"max_tokens goes no more","code":"unsupported_parameter"}}"#, true),
            (
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","max_tokens"],"msg":"Extra inputs are not permitted"}]}"#,
                true,
            ),
            (
                r#"{"error":{"message":"no such tool, in the request {\"max_tokens\":1,\"temperature\":0}"}}"#,
                false,
            ),
            (r#"{"error":{"message":"Unsupported value, in {\"max_tokens\":1}","param":"messages"}}"#, false),
            (
                r#"{"error":{"message":"max_completion_tokens is not supported","param":"max_completion_tokens"}}"#,
                false,
            ),
        ] {
            let sorted = client().sort(StatusCode::BAD_REQUEST, None, body.as_bytes());
            let Attempt::Refused(refusal) = sorted else { panic!("{body}") };
            assert_eq!(refusal.blames("max_tokens"), blamed, "{body}");
        }
    }

    #[test]
    fn a_reply_that_repeats_the_key_is_kept_without_it() {
        let client = Client { api_key: Some(ApiKey::new("sk-secret".to_owned())), ..client() };
        let body = r#"{"model":"m sk-secret","choices":[{"message":{"content":"sk\u002dsecret"},"finish_reason":"sk-secret",
            "logprobs":{"content":[{"token":"sk-secret","logprob":0,"top_logprobs":[]}]}}]}"#;
        let Attempt::Answered(reply, _) = client.sort(StatusCode::OK, None, body.as_bytes()) else {
            panic!("{body}")
        };
        assert_eq!((reply.model.as_str(), reply.content.as_str()), ("m ***", "***"));
        assert_eq!((reply.finish_reason.as_str(), reply.alternatives.as_str()), ("***", r#"[["***",0.0]]"#));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let header =
            |v: &str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(v).unwrap())]));
        assert_eq!(header("7"), Some(Duration::from_secs(7)));
        assert_eq!(header("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(header("Fri, 06 Nov 2099 08:49:37 GMT").unwrap() > Duration::from_secs(3600));
        assert_eq!((header("soon"), header("-1")), (None, None));
    }

    proptest! {
        #[test]
        fn any_body_is_sorted(body in prop::collection::vec(any::<u8>(), 0..300), status in 200_u16..600) {
            let _ = client().sort(StatusCode::from_u16(status).unwrap(), None, &body);
        }
    }

    fn client() -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (base, completions) = (String::new(), Err(String::new()));
        Client { http: reqwest::Client::new(), base, completions, model: "m".into(), api_key: None }
    }
}

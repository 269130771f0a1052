//! The client: sends a request and sorts what was sent back.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use rejoinder_ledger::Reply;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::refusal::Refusal;
use super::server_words::{message_of, speaks_of_context};
use crate::completion::{self, EmptyReplyReason};
use crate::config::{ApiKey, JudgeConfig};
use crate::error::JudgeError;

/// The size of the largest body that may be an answer, in bytes.
const MAX_BODY: usize = 1 << 20;

/// How an attempt ended.
#[derive(Debug, PartialEq)]
pub(crate) enum AttemptResult {
    /// The judge answered. Where the reply may hold no answer, the second value says why.
    Answered(Reply, Option<EmptyReplyReason>),
    /// The server says, in these words, that the prompt is longer than the model's context.
    TooLong(String),
    /// The server will never answer this request.
    Refused(Refusal),
    /// The server has no time now, which is not the request's fault: its words, and how long it asks to wait.
    Busy(String, Option<Duration>),
    /// The request failed for the reason given, and may succeed another time.
    Failed(String),
    /// Nothing was sent, because no connection could be made for the reason given.
    NotSent(String),
    /// The server will answer no request, for the reason given.
    DeadEnd(String),
}

/// A client for one endpoint.
pub(crate) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    /// The address of chat completions, parsed once and not for each request, or why it is no address.
    pub(super) completions: Result<Url, <Url as FromStr>::Err>,
    pub(super) model: String,
    pub(super) api_key: Option<ApiKey>,
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
            // A proxy that the environment names is not used for this machine itself: it would see chats and key.
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
            completions: Url::parse(&format!("{base}/chat/completions")),
            base,
            model: config.model.clone(),
            api_key: config.api_key.clone(),
        })
    }

    /// The base URL of the endpoint.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends one request. Returns the HTTP status (0 if the server sent no status) and how the attempt ended.
    pub(crate) async fn attempt(&self, body: String) -> (u16, AttemptResult) {
        let url = match &self.completions {
            Ok(url) => url.clone(),
            Err(why) => return (0, AttemptResult::DeadEnd(why.to_string())),
        };
        let response = match self.http.post(url).body(body).send().await {
            Ok(response) => response,
            Err(e) if e.is_connect() => return (0, AttemptResult::NotSent(describe(&e))),
            Err(e) if e.is_builder() => return (0, AttemptResult::DeadEnd(describe(&e))),
            Err(e) => return (0, AttemptResult::Failed(describe(&e))),
        };
        let status = response.status();
        let wait = retry_after(response.headers());
        let body = match read_body(response).await {
            Ok(body) => body,
            Err(why) => return (status.as_u16(), AttemptResult::Failed(why.to_string())),
        };
        (status.as_u16(), self.sort(status, wait, &body))
    }

    /// The JSON that a server gives at an address below its base URL (or, with `above`, beside the base URL), if it gives any.
    pub(crate) async fn get_json(&self, path: &str, above: bool) -> Option<Value> {
        let base = if above { self.base.trim_end_matches("/v1") } else { &self.base };
        let response = self.http.get(format!("{base}{path}")).send().await.ok()?;
        let response = Some(response).filter(|r| r.status() == StatusCode::OK)?;
        serde_json::from_slice(&read_body(response).await.ok()?).ok()
    }

    pub(super) fn sort(&self, status: StatusCode, wait: Option<Duration>, body: &[u8]) -> AttemptResult {
        let said = || format!("HTTP {}: {}", status.as_u16(), message_of(body, self.api_key.as_ref()));
        match status.as_u16() {
            200 => match completion::read(body, &self.model) {
                Some((reply, _)) if reply.is_refused() => {
                    let Reply { content, usage, .. } = self.without_key(reply);
                    AttemptResult::Refused(Refusal { usage, ..content.into() })
                }
                Some((reply, empty_reason)) => AttemptResult::Answered(self.without_key(reply), empty_reason),
                None => AttemptResult::Failed(said()),
            },
            429 | 502..=504 => AttemptResult::Busy(said(), wait),
            408 | 409 | 425 | 500..=599 => AttemptResult::Failed(said()),
            401..=404 => AttemptResult::DeadEnd(said()),
            300..=399 => AttemptResult::DeadEnd(format!(
                "HTTP {}: the server redirects; name its real address",
                status.as_u16()
            )),
            _ if speaks_of_context(body) => AttemptResult::TooLong(said()),
            _ => AttemptResult::Refused(Refusal::of(said(), body)),
        }
    }

    /// A reply without the API key, which it may repeat: replies are stored, shown and shared.
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

/// Why the body of a response cannot be read.
enum BodyError {
    Http(reqwest::Error),
    TooLong,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => f.write_str(&describe(error)),
            Self::TooLong => write!(f, "an answer of more than {MAX_BODY} bytes"),
        }
    }
}

async fn read_body(mut response: reqwest::Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Http)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            return Err(BodyError::TooLong);
        }
    }
    Ok(body)
}

/// reqwest's message with its causes, without the address, which may hold credentials.
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

/// How long the header `Retry-After` asks to wait: it holds seconds or a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

//! One HTTP attempt: what was sent back, sorted into answers, refusals, failures that may pass, and dead ends.

use std::time::{Duration, SystemTime};

use rejoinder_ledger::Reply;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use serde::Deserialize;

use crate::asking::JudgeError;
use crate::config::{ApiKey, JudgeConfig};

/// Larger bodies are no answers.
const MAX_BODY: usize = 1 << 20;
/// How much of a server's message is shown.
const MAX_MESSAGE: usize = 300;
/// No request has more tokens; a greater figure is a server's mistake, and sums of it would overflow.
const MAX_TOKENS: u64 = u32::MAX as u64;

/// How an attempt ended.
pub(crate) enum Attempt {
    /// The judge answered.
    Answered(Reply),
    /// This request will never be answered: why.
    Refused(String),
    /// It may be answered later: why, and how long the server asks to wait.
    Later(String, Option<Duration>),
    /// Nothing was sent, because no connection came about: why.
    NotSent(String),
    /// No request will be answered: why.
    DeadEnd(String),
}

/// A client for one server.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    model: String,
    api_key: Option<ApiKey>,
}

impl Client {
    pub(crate) fn new(config: &JudgeConfig) -> Result<Self, JudgeError> {
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
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .timeout(config.timeout)
            // A redirect would carry the chat to a server that nobody named.
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(config.max_in_flight)
            .build()
            .map_err(|e| JudgeError::Client(describe(&e)))?;
        Ok(Self {
            http,
            url: format!("{}/chat/completions", config.endpoint()),
            model: config.model.clone(),
            api_key: config.api_key.clone(),
        })
    }

    /// Sends one request; returns the HTTP status (0 if none came) and what became of it.
    pub(crate) async fn attempt(&self, body: String) -> (u16, Attempt) {
        let response = match self.http.post(&self.url).body(body).send().await {
            Ok(response) => response,
            Err(e) if e.is_connect() => return (0, Attempt::NotSent(describe(&e))),
            Err(e) if e.is_builder() => return (0, Attempt::DeadEnd(describe(&e))),
            Err(e) => return (0, Attempt::Later(describe(&e), None)),
        };
        let status = response.status();
        let wait = retry_after(response.headers());
        let body = match read_body(response).await {
            Ok(body) => body,
            Err(why) => return (status.as_u16(), Attempt::Later(why, None)),
        };
        (status.as_u16(), self.sort(status, wait, &body))
    }

    fn sort(&self, status: StatusCode, wait: Option<Duration>, body: &[u8]) -> Attempt {
        let said = || format!("HTTP {}: {}", status.as_u16(), message_of(body, self.api_key.as_ref()));
        match status.as_u16() {
            200 => match serde_json::from_slice::<Completion>(body) {
                Ok(completion) => self.answer(completion).unwrap_or_else(|| Attempt::Later(said(), None)),
                Err(_) => Attempt::Later(said(), None),
            },
            408 | 409 | 425 | 429 | 500..=599 => Attempt::Later(said(), wait),
            401..=404 => Attempt::DeadEnd(said()),
            300..=399 => Attempt::DeadEnd(format!(
                "HTTP {}: the server redirects; name its real address",
                status.as_u16()
            )),
            _ => Attempt::Refused(said()),
        }
    }

    /// The reply in a completion, if it holds one. A body with status 200 may be an error all the same, and so may a
    /// choice in it, where the server failed in the middle of its answer.
    fn answer(&self, completion: Completion) -> Option<Attempt> {
        if completion.error.is_some() {
            return None;
        }
        let choice = completion.choices.into_iter().next()?;
        if choice.error.is_some() || choice.finish_reason.as_deref() == Some("error") {
            return None;
        }
        let tokens = |name: &str| completion.usage[name].as_u64().filter(|&n| n <= MAX_TOKENS);
        Some(Attempt::Answered(Reply {
            model: completion.model.filter(|m| !m.is_empty()).unwrap_or_else(|| self.model.clone()),
            content: choice.message.content.unwrap_or_default(),
            finish_reason: choice.finish_reason.unwrap_or_default(),
            prompt_tokens: tokens("prompt_tokens"),
            completion_tokens: tokens("completion_tokens"),
        }))
    }
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    /// Read leniently: a figure of an odd type must not cost the answer.
    #[serde(default)]
    usage: serde_json::Value,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Content,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    content: Option<String>,
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
fn message_of(body: &[u8], api_key: Option<&ApiKey>) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let told = [&value["error"]["message"], &value["error"], &value["message"], &value["detail"]]
        .into_iter()
        .find_map(serde_json::Value::as_str)
        .map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    let told = match api_key.map(ApiKey::reveal) {
        Some(key) if !key.is_empty() => told.replace(key, "***"),
        _ => told,
    };
    told.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_MESSAGE)
        .collect::<String>()
        .trim()
        .to_owned()
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
            let client = Client { http: reqwest_client(), url: String::new(), model: "m".into(), api_key: None };
            let _ = client.sort(StatusCode::from_u16(status).unwrap(), None, &body);
        }
    }

    fn reqwest_client() -> reqwest::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::new()
    }
}

//! An answer: status, content, and the headers that keep the page to itself.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode, header};
use serde::Serialize;
use serde_json::json;

const JSON: &str = "application/json; charset=utf-8";

/// The page loads nothing from elsewhere, runs no script but its own, and is shown in no frame; no answer is kept or handed on.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// An answer to a request.
pub(crate) struct WebReply {
    status: StatusCode,
    content_type: &'static str,
    content: Bytes,
    more: Vec<(HeaderName, HeaderValue)>,
}

impl WebReply {
    /// A file of the page.
    pub(crate) fn file(content_type: &'static str, content: &'static str) -> Self {
        Self { content_type, ..Self::new(StatusCode::OK, Bytes::from_static(content.as_bytes())) }
    }

    /// A value.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(content) => Self::new(StatusCode::OK, content.into()),
            Err(why) => {
                Self::error(StatusCode::INTERNAL_SERVER_ERROR, &format!("no answer can be written: {why}"))
            }
        }
    }

    /// What is wrong, in words.
    pub(crate) fn error(status: StatusCode, words: &str) -> Self {
        Self::new(status, json!({ "error": words }).to_string().into())
    }

    /// The answer with a further header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.push((name, value));
        self
    }

    fn new(status: StatusCode, content: Bytes) -> Self {
        Self { status, content_type: JSON, content, more: Vec::new() }
    }
}

impl From<WebReply> for Response<Full<Bytes>> {
    fn from(reply: WebReply) -> Self {
        let mut response = Self::new(Full::new(reply.content));
        *response.status_mut() = reply.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
        headers.extend(reply.more);
        response
    }
}

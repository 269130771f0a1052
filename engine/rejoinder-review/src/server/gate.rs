//! Who may ask: a program of this machine that knows the token, and no page of another origin.
//!
//! A browser of this machine runs pages of strangers. They can send requests to 127.0.0.1, also under a name of their own that they
//! let point there (DNS rebinding). They cannot know the token, cannot leave their origin unsaid, and cannot send another `Host` than
//! that of their own address: each alone is enough to refuse them.

use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use super::token::Token;

/// What a request must have to be heard.
pub(super) struct Gate {
    token: Token,
    hosts: Vec<String>,
}

/// Why a request is refused, in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) &'static str);

const WRONG_HOST: Refusal = Refusal("This server answers under its own address on this machine alone.");
const WRONG_ORIGIN: Refusal = Refusal("This server answers to its own page alone.");
const WRONG_TOKEN: Refusal =
    Refusal("The address lacks the token: open the whole address that `rejoinder review` printed.");

impl Gate {
    pub(super) fn new(token: Token, port: u16) -> Self {
        let mut hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        if port == 80 {
            // Browsers leave the usual port out.
            hosts.extend(["127.0.0.1".to_owned(), "localhost".to_owned()]);
        }
        Self { token, hosts }
    }

    /// The path of a request under the token, without a slash at its beginning; `None` for the token alone.
    ///
    /// # Errors
    /// If whoever asks may not.
    pub(super) fn let_in<'r>(&self, request: &'r Parts) -> Result<Option<&'r str>, Refusal> {
        let host = only(&request.headers, HOST).and_then(text).ok_or(WRONG_HOST)?;
        let named = request.uri.authority().map(Authority::as_str);
        if !self.is_own(host) || named.is_some_and(|named| named != host) {
            return Err(WRONG_HOST);
        }
        let origins = request.headers.get_all(ORIGIN).iter();
        let is_own_origin = |origin| {
            text(origin).and_then(|origin| origin.strip_prefix("http://")).is_some_and(|o| self.is_own(o))
        };
        let mut sites = request.headers.get_all("sec-fetch-site").iter();
        if !origins.into_iter().all(is_own_origin)
            || !sites.all(|site| site == "same-origin" || site == "none")
        {
            return Err(WRONG_ORIGIN);
        }
        let path = request.uri.path().strip_prefix('/').unwrap_or_default();
        let (token, rest) = path.split_once('/').map_or((path, None), |(token, rest)| (token, Some(rest)));
        if self.token.is(token) { Ok(rest) } else { Err(WRONG_TOKEN) }
    }

    fn is_own(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own == host)
    }
}

/// A header that stands there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn let_in(path: &str, headers: &[(&str, &str)]) -> Result<Option<String>, Refusal> {
        let token = Token::random().unwrap();
        let gate = Gate::new(token.clone(), 4000);
        let mut request = Request::builder().uri(path.replace("TOKEN", &token.to_string()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        gate.let_in(&parts).map(|path| path.map(str::to_owned))
    }

    #[test]
    fn the_own_page_is_let_in() {
        let own = ("host", "127.0.0.1:4000");
        assert_eq!(let_in("/TOKEN/turns/3", &[own]), Ok(Some("turns/3".to_owned())));
        assert_eq!(let_in("/TOKEN/", &[own, ("sec-fetch-site", "none")]), Ok(Some(String::new())));
        assert_eq!(let_in("/TOKEN", &[("host", "localhost:4000")]), Ok(None));
        let origin = ("origin", "http://localhost:4000");
        assert!(let_in("/TOKEN/", &[own, origin, ("sec-fetch-site", "same-origin")]).is_ok());
        assert!(let_in("http://127.0.0.1:4000/TOKEN/", &[own]).is_ok());
    }

    #[test]
    fn strangers_are_refused() {
        let own = ("host", "127.0.0.1:4000");
        for host in [
            "evil.example:4000",
            "127.0.0.1",
            "127.0.0.1:4001",
            "localhost.evil.example:4000",
            "",
            "[::1]:4000",
        ] {
            assert_eq!(let_in("/TOKEN/", &[("host", host)]), Err(WRONG_HOST), "{host}");
        }
        assert_eq!(let_in("/TOKEN/", &[]), Err(WRONG_HOST));
        assert_eq!(let_in("/TOKEN/", &[own, ("host", "evil.example")]), Err(WRONG_HOST));
        assert_eq!(let_in("http://evil.example/TOKEN/", &[own]), Err(WRONG_HOST));
        for origin in ["null", "http://evil.example", "https://127.0.0.1:4000", "http://127.0.0.1:4001", ""] {
            assert_eq!(let_in("/TOKEN/", &[own, ("origin", origin)]), Err(WRONG_ORIGIN), "{origin}");
        }
        for site in ["cross-site", "same-site", "", "SAME-ORIGIN"] {
            assert_eq!(let_in("/TOKEN/", &[own, ("sec-fetch-site", site)]), Err(WRONG_ORIGIN), "{site}");
        }
        for path in
            ["/", "/turns/3", "//TOKEN/", "/TOKEN%2F", "/0123456789abcdef0123456789abcdef/", "/x/TOKEN/"]
        {
            assert_eq!(let_in(path, &[own]), Err(WRONG_TOKEN), "{path}");
        }
    }
}

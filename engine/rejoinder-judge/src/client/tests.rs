use std::time::Duration;

use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};

use super::http::{AttemptResult, Client, retry_after};
use super::server_words::message_of;
use crate::config::ApiKey;

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
        assert!(matches!(sorted, AttemptResult::TooLong(_)), "{body}");
    }
    let sorted = client.sort(StatusCode::BAD_REQUEST, None, br#"{"error":{"message":"bad schema"}}"#);
    assert_eq!(sorted, AttemptResult::Refused("HTTP 400: bad schema".to_owned().into()));
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
        let AttemptResult::Refused(refusal) = sorted else { panic!("{body}") };
        assert_eq!(refusal.blames("max_tokens"), blamed, "{body}");
    }
}

#[test]
fn a_reply_that_repeats_the_key_is_kept_without_it() {
    let client = Client { api_key: Some(ApiKey::new("sk-secret".to_owned())), ..client() };
    let body = r#"{"model":"m sk-secret","choices":[{"message":{"content":"sk\u002dsecret"},"finish_reason":"sk-secret",
        "logprobs":{"content":[{"token":"sk-secret","logprob":0,"top_logprobs":[]}]}}]}"#;
    let AttemptResult::Answered(reply, _) = client.sort(StatusCode::OK, None, body.as_bytes()) else {
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
    let (base, completions) = (String::new(), Url::parse(""));
    Client { http: reqwest::Client::new(), base, completions, model: "m".into(), api_key: None }
}

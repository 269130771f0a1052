//! Lines of results: those of batch services, which this engine reads, and those that it writes for requests of others.

use std::fmt;

use rejoinder_core::printable_json;
use rejoinder_ledger::{Reply, TokenUsage};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::client::{message_of, speaks_of_context};
use crate::completion;

/// What a line of results says about its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchResult {
    /// The judge answered or refused ([`Reply::is_refused`]), or the prompt was too long for the judge ([`Reply::is_too_long`]).
    Reply(Reply),
    /// The judge gave no reply, for the reason given.
    Failed(String),
}

/// Why a line is no result.
#[derive(Debug)]
pub enum BatchLineError {
    /// The line is not in the format of batch results.
    NoResult(serde_json::Error),
    /// The result is about a request with this `custom_id`, which is not a key of a reply.
    ForeignId(String),
}

impl fmt::Display for BatchLineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResult(error) => write!(f, "no line of batch results: {error}"),
            Self::ForeignId(id) => write!(f, "`{}` is no custom_id of ours", id.escape_debug()),
        }
    }
}

impl std::error::Error for BatchLineError {}

#[derive(Deserialize)]
struct ResultLine<'a> {
    custom_id: String,
    #[serde(borrow, default)]
    response: Option<ResultResponse<'a>>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct ResultResponse<'a> {
    #[serde(default)]
    status_code: u16,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

/// Reads a line of results: the key of the request, and its result.
///
/// # Errors
/// If the line is no result of a request that this engine wrote.
pub fn read(line: &str, asked_model: &str) -> Result<(String, BatchResult), BatchLineError> {
    let row: ResultLine<'_> = serde_json::from_str(line).map_err(BatchLineError::NoResult)?;
    let is_key = row.custom_id.len() == 64 && row.custom_id.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_key {
        return Err(BatchLineError::ForeignId(row.custom_id));
    }
    let body = row.response.as_ref().and_then(|r| r.body).map_or("null", RawValue::get);
    let status = row.response.as_ref().map_or(0, |r| r.status_code);
    let error = row.error.to_string();
    let reply = if status == 200 && row.error.is_null() {
        completion::read(body.as_bytes(), asked_model)
    } else {
        None
    };
    let result = match reply {
        // An empty reply is not kept as an answer.
        Some((reply, Some(why))) if reply.content.trim().is_empty() => {
            BatchResult::Failed(format!("an empty answer: {}", why.describe()))
        }
        Some((reply, _)) => BatchResult::Reply(reply),
        None => {
            let told = if row.error.is_null() { body } else { &error };
            let message = message_of(told.as_bytes(), None);
            match (400..500).contains(&status) && speaks_of_context(told.as_bytes()) {
                true => BatchResult::Reply(Reply::too_long(asked_model.to_owned(), message)),
                false => BatchResult::Failed(format!("status {status}: {message}")),
            }
        }
    };
    Ok((row.custom_id, result))
}

/// The line of results for a request of somebody else, without the line end: what a server answered, or an error where `reply` is a
/// note in an answer's place: `refused`, `empty_answer` or, for a prompt that is too long, `context_length_exceeded`, with what was
/// said. The id of the result is the key of the reply.
pub fn given_result(custom_id: &str, key: &str, reply: &Reply) -> String {
    let code = match reply {
        reply if reply.is_refused() => Some("refused"),
        reply if reply.is_empty() => Some("empty_answer"),
        reply if reply.is_too_long() => Some("context_length_exceeded"),
        _ => None,
    };
    let quoted = |text: &str| Value::from(text).to_string();
    let (custom_id, said) = (quoted(custom_id), quoted(&reply.content));
    let result = match code {
        Some(code) => format!(r#""response":null,"error":{{"code":"{code}","message":{said}}}"#),
        None => {
            let Reply { model, finish_reason, usage, .. } = reply;
            let (model, finish_reason) = (quoted(model), quoted(finish_reason));
            let usage = usage.map_or(String::new(), |usage| {
                let TokenUsage { prompt_tokens, cached_tokens, completion_tokens } = usage;
                let total = prompt_tokens + completion_tokens;
                format!(
                    r#","usage":{{"prompt_tokens":{prompt_tokens},"completion_tokens":{completion_tokens},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":{cached_tokens}}}}}"#
                )
            });
            let choice = format!(
                r#"{{"index":0,"message":{{"role":"assistant","content":{said}}},"finish_reason":{finish_reason}}}"#
            );
            format!(
                r#""response":{{"status_code":200,"request_id":"{key}","body":{{"object":"chat.completion","model":{model},"choices":[{choice}]{usage}}}}},"error":null"#
            )
        }
    };
    printable_json(&format!(r#"{{"id":"{key}","custom_id":{custom_id},{result}}}"#)).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn results_of_hosted_services_and_of_vllm_are_read() {
        let read = |rest: &str| read(&format!(r#"{{"id":"b","custom_id":"{KEY}",{rest}}}"#), "m").unwrap().1;
        let answered = read(
            r#""response":{"status_code":200,"request_id":"r","body":{"model":"n","choices":[{"message":{"content":"B"}}]}},"error":null"#,
        );
        let BatchResult::Reply(reply) = answered else { panic!("{answered:?}") };
        assert_eq!((reply.model.as_str(), reply.content.as_str()), ("n", "B"));
        let too_long = r#""response":{"status_code":400,"body":null},"error":{"error":{"message":"maximum context length is 4096","type":"BadRequestError","code":400}}"#;
        let too_long = read(too_long);
        assert!(matches!(&too_long, BatchResult::Reply(reply) if reply.is_too_long()), "{too_long:?}");
        for (rest, why) in [
            (
                r#""response":null,"error":{"code":"batch_expired","message":"not done in time"}"#,
                "not done in time",
            ),
            (
                r#""response":{"status_code":500,"body":{"error":{"message":"oops"}}},"error":null"#,
                "status 500: oops",
            ),
            (r#""response":{"status_code":200,"body":{"choices":[]}},"error":null"#, "status 200"),
            (r#""response":null"#, "status 0"),
        ] {
            let BatchResult::Failed(message) = read(rest) else { panic!("{rest}") };
            assert!(message.contains(why), "{message}");
        }
    }

    #[test]
    fn lines_that_are_no_results_are_refused() {
        for line in ["", "{", "[]", r#"{"custom_id":"mine"}"#, r#"{"id":"x"}"#] {
            assert!(read(line, "m").is_err(), "{line}");
        }
    }

    #[test]
    fn a_result_for_others_is_read_as_the_one_of_a_service() {
        let usage = Some(TokenUsage { prompt_tokens: 7, cached_tokens: 3, completion_tokens: 2 });
        let reply = Reply {
            model: "n".into(),
            content: "B\n\u{9b}2J\u{202e}".into(),
            finish_reason: "length".into(),
            alternatives: String::new(),
            usage,
        };
        let line = given_result(KEY, KEY, &reply);
        assert!(!line.contains(['\n', '\u{9b}', '\u{202e}']), "{line}");
        assert_eq!(read(&line, "m").unwrap(), (KEY.to_owned(), BatchResult::Reply(reply)));
    }

    #[test]
    fn notes_in_place_of_answers_are_errors_with_what_was_said() {
        for (reply, code) in [
            (Reply::refused("m".into(), "HTTP 400: no".into()), "refused"),
            (Reply::empty("m".into(), "no text".into()), "empty_answer"),
            (Reply::too_long("m".into(), "HTTP 400: context".into()), "context_length_exceeded"),
        ] {
            let line: Value = serde_json::from_str(&given_result("a", KEY, &reply)).unwrap();
            assert_eq!(line["response"], Value::Null);
            assert_eq!(line["error"], json!({ "code": code, "message": reply.content }));
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line: String, body: String) {
            let _ = read(&line, "m");
            let _ = read(&format!(r#"{{"custom_id":"{KEY}","response":{{"status_code":200,"body":{body}}}}}"#), "m");
        }
    }
}

//! Records of a request and its answer, as two texts. Records that share the name of a chat are its turns; any other record is a
//! conversation of its own.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::log::{SESSIONS, TIMES};
use super::{ReadMode, Shape, Sign, id_of, moment_of, sign, simple};
use crate::join::ModelCall;
use crate::message::{ParsedMessage, messages};
use crate::record::{Mapping, RecordError};

pub(super) static SHAPE: Shape = Shape {
    name: "pairs",
    describe: "a request and its answer a record",
    fits,
    read: ReadMode::Calls(calls),
};

const REQUESTS: [&str; 9] =
    ["prompt", "instruction", "question", "query", "request", "user_message", "user_input", "user", "input"];
const ANSWERS: [&str; 10] = [
    "response",
    "completion",
    "output",
    "answer",
    "chosen",
    "reply",
    "assistant_message",
    "bot_response",
    "assistant",
    "response_text",
];

fn either<'v>(record: &'v Value, keys: &[&str]) -> Option<(usize, &'v Value)> {
    keys.iter().enumerate().find_map(|(at, key)| {
        let value = record.get(*key)?;
        value.is_string().then_some((at, value))
    })
}

/// The answer: a text, or null where the key of the answer is there and empty.
fn answer(record: &Value) -> Option<&Value> {
    let is_empty = |key: &&str| record.get(*key).filter(|value| value.is_null());
    either(record, &ANSWERS).map(|(_, text)| text).or_else(|| ANSWERS.iter().find_map(is_empty))
}

fn fits(record: &Value) -> Option<Sign> {
    let ((asked, _), _) = (either(record, &REQUESTS)?, answer(record)?);
    // A mere `user` beside an answer may be an id.
    if REQUESTS[asked] == "user" && record.get("assistant").is_none() {
        return None;
    }
    if record["history"].is_array() {
        return sign(2, "a request, its answer, and the `history` before");
    }
    sign(1, "a request and its answer, two texts")
}

fn calls(record: &Value, mapping: &Mapping) -> Result<Vec<ModelCall>, RecordError> {
    let (Some((_, asked)), Some(answered)) = (either(record, &REQUESTS), answer(record)) else {
        let keys = crate::message::keys_of(record);
        return Err(format!("no request with an answer in the record; it has {keys}").into());
    };
    let mut said = Vec::new();
    for key in ["system", "system_prompt"] {
        if let Some(system @ Value::String(text)) = record.get(key)
            && !text.is_empty()
        {
            said.push(ParsedMessage::new(Role::System, system));
        }
    }
    // Earlier exchanges.
    for key in ["history", "context"] {
        if let Some(history) = record.get(key).filter(|history| history.is_array()) {
            said.extend(messages(history, mapping)?);
        }
    }
    let mut asked = ParsedMessage::new(Role::User, asked);
    // An instruction about an input.
    if let (Some(_), Some(Value::String(input))) = (record.get("instruction"), record.get("input"))
        && !input.trim().is_empty()
    {
        asked.text = format!("{}\n\n{input}", asked.text);
    }
    said.push(asked);
    said.push(ParsedMessage::new(Role::Assistant, answered));
    let mut metadata: Map<String, Value> =
        simple(record, &[&REQUESTS[..], &ANSWERS, &["system", "system_prompt", "id"]].concat());
    SESSIONS.iter().for_each(|key| drop(metadata.remove(*key)));
    let own = id_of(record, &["id", "uuid", "request_id", "_id"]);
    Ok(vec![ModelCall {
        session: mapping
            .id
            .as_deref()
            .and_then(|key| id_of(record, &[key]))
            .or_else(|| id_of(record, &SESSIONS)),
        id: own.clone(),
        response: None,
        scope: None,
        name: own,
        label: None,
        time: moment_of(record, &TIMES),
        said,
        metadata,
    }])
}

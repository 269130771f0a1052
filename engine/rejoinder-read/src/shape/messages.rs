//! Records with a list of messages: the commonest shape, which is parsed as it is.

use serde_json::Value;

use super::{ReadMode, Shape, Sign, has, sign};
use crate::message::looks_like_message;
use crate::record::{MESSAGES, Mapping, OTHER_MESSAGES};

pub(crate) static JSON: Shape = Shape {
    name: "json",
    describe: "a list of messages a record",
    fits: any,
    read: ReadMode::Lines(Mapping::clone),
};
pub(crate) static OPENAI: Shape = Shape {
    name: "openai",
    describe: "OpenAI messages",
    fits: openai,
    read: ReadMode::Lines(Mapping::clone),
};
pub(super) static LMSYS: Shape = Shape {
    name: "lmsys",
    describe: "LMSYS-Chat-1M rows",
    fits: lmsys,
    read: ReadMode::Lines(Mapping::clone),
};
pub(super) static WILDCHAT: Shape = Shape {
    name: "wildchat",
    describe: "WildChat rows",
    fits: wildchat,
    read: ReadMode::Lines(Mapping::clone),
};

/// Whether a value may be a list of messages, told by the first element, or by the first characters of a text.
pub(super) fn is_list(value: &Value) -> bool {
    match value {
        Value::Array(list) => {
            list.first().is_none_or(|first| looks_like_message(first) || is_exchange(first))
        }
        Value::String(text) => {
            let text = text.trim_start();
            text.starts_with("[{")
                || text.starts_with("[\n")
                || text.starts_with("array([{")
                || text.starts_with("[ {")
        }
        // A list a field.
        Value::Object(fields) => {
            fields.get("role").or_else(|| fields.get("from")).is_some_and(Value::is_array)
        }
        _ => false,
    }
}

/// Whether a value is a question with its answer.
pub(super) fn is_exchange(value: &Value) -> bool {
    match value {
        Value::Array(two) => two.len() == 2 && two[0].is_string() && (two[1].is_string() || two[1].is_null()),
        Value::Object(fields) => [("user", "assistant"), ("human", "assistant"), ("human", "gpt")]
            .iter()
            .any(|(asked, answered)| fields.contains_key(*asked) && fields.contains_key(*answered)),
        _ => false,
    }
}

fn holds(record: &Value, key: &str) -> bool {
    record.get(key).is_some_and(is_list)
}

fn any(record: &Value) -> Option<Sign> {
    if record.is_array() && is_list(record) && record.as_array().is_some_and(|list| !list.is_empty()) {
        return sign(1, "a list of messages a record");
    }
    match () {
        () if holds(record, MESSAGES[0]) => sign(1, "`conversation`"),
        () if holds(record, MESSAGES[1]) => sign(1, "`messages`"),
        () => OTHER_MESSAGES
            .iter()
            .any(|key| holds(record, key))
            .then_some(Sign { weight: 1, seen: "a list of messages" }),
    }
}

fn openai(record: &Value) -> Option<Sign> {
    if holds(record, "messages") && !has(record, "conversation") { sign(1, "`messages`") } else { None }
}

fn lmsys(record: &Value) -> Option<Sign> {
    let is_row = holds(record, "conversation") && record.get("openai_moderation").is_some();
    if is_row { sign(2, "`conversation` and `openai_moderation`") } else { None }
}

fn wildchat(record: &Value) -> Option<Sign> {
    let is_row = holds(record, "conversation") && record.get("conversation_hash").is_some();
    if is_row { sign(2, "`conversation` and `conversation_hash`") } else { None }
}

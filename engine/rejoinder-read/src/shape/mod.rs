//! The shapes that records come in, a module each. A shape says by which signs a record is one of its own, and turns such
//! a record into conversations, or into what several records are joined from.
//!
//! A new shape is a module here, a line in [`SHAPES`], and a folder of cases in `tests/data/cases`.

mod answers;
mod arena;
mod chatgpt;
mod claude;
mod deepseek;
mod format;
mod gemini;
mod langfuse;
mod log;
mod messages;
mod oasst;
mod openwebui;
mod pairs;
mod recognise;
mod rows;
mod sharegpt;
mod spans;
mod tree;

pub use format::{Format, UnknownFormat};
pub use recognise::Candidate;
pub(crate) use recognise::{Recognised, is_record, recognised};

use serde_json::{Map, Value};

use crate::join::{Call, Row};
use crate::message::Said;
use crate::record::{Mapping, Record};

/// All shapes. Of two that a record fits alike, the first is taken.
pub(crate) static SHAPES: [&Shape; 19] = [
    &chatgpt::SHAPE,
    &deepseek::SHAPE,
    &claude::SHAPE,
    &openwebui::SHAPE,
    &gemini::SHAPE,
    &arena::SHAPE,
    &oasst::SHAPE,
    &spans::SHAPE,
    &langfuse::SHAPE,
    &log::RESPONSES,
    &log::SHAPE,
    &sharegpt::SHAPE,
    &messages::WILDCHAT,
    &messages::LMSYS,
    &messages::OPENAI,
    &messages::JSON,
    &pairs::SHAPE,
    &rows::SHAPE,
    &rows::TRANSCRIPT,
];

/// A shape.
pub(crate) struct Shape {
    /// Its name in flags and config.
    pub name: &'static str,
    /// What it is, for people.
    pub describe: &'static str,
    /// Whether a record is of this shape.
    pub fits: fn(&Value) -> Option<Sign>,
    /// How its records are read.
    pub read: Read,
}

/// What tells that a record is of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sign {
    /// How sure it makes: 1 for what many shapes have, 3 for what no other has.
    pub weight: u32,
    /// What was seen.
    pub seen: &'static str,
}

pub(crate) const fn sign(weight: u32, seen: &'static str) -> Option<Sign> {
    Some(Sign { weight, seen })
}

/// How records are read.
pub(crate) enum Read {
    /// Each is a conversation with a list of messages, read where it stands; the names of its keys are given.
    Lines(fn(&Mapping) -> Mapping),
    /// Each is read by itself.
    Apart(fn(&Value, &Mapping) -> Vec<Made>),
    /// As `Lines`, but for pieces of one conversation, which stand side by side.
    Pieces(fn(&Mapping) -> Mapping),
    /// Messages of trees, which stand side by side; or whole trees.
    Trees,
    /// Each tells of calls to a model, which repeat what was said before.
    Calls(fn(&Value, &Mapping) -> Result<Vec<Call>, String>),
    /// Each is one message.
    Rows(fn(&Value, &Mapping) -> Row),
}

/// A conversation, or why there is none.
pub(crate) type Made = Result<Record<'static>, String>;

/// The simple columns of a record, but those named.
fn simple(record: &Value, but: &[&str]) -> Map<String, Value> {
    let columns = record.as_object().into_iter().flatten();
    columns
        .filter(|(key, value)| !(value.is_array() || value.is_object() || but.contains(&key.as_str())))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The first of these keys that holds an id.
fn id_of(record: &Value, keys: &[&str]) -> Option<String> {
    let fields = record.as_object()?;
    keys.iter().find_map(|key| crate::message::id(crate::message::named(fields, key)?))
}

/// A value that may be written as a text of JSON.
fn unquoted(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => crate::message::unquoted(text).ok(),
        other => Some(other.clone()),
    }
}

/// Whether a record has a key whose value is not null.
fn has(record: &Value, key: &str) -> bool {
    record.get(key).is_some_and(|value| !value.is_null())
}

/// A conversation of these messages, alone in its record.
fn made(id: Option<String>, said: Vec<Said>, metadata: Map<String, Value>) -> Vec<Made> {
    vec![Record::of_said(id, said, metadata)]
}

/// Columns that tables and logs without nesting hold as a text of JSON.
const TEXT_COLUMNS: [&str; 24] = [
    "messages",
    "conversation",
    "request",
    "response",
    "request_body",
    "response_body",
    "proxy_server_request",
    "input",
    "output",
    "inputs",
    "outputs",
    "extra",
    "metadata",
    "body",
    "data",
    "attributes",
    "events",
    "observations",
    "spans",
    "mapping",
    "chat",
    "chat_messages",
    "contents",
    "message",
];

/// A record as JSON, mended where it must be; what stands in it as a text of JSON is taken out of the text.
///
/// # Errors
/// Why it is none.
pub(crate) fn value(record: &[u8]) -> Result<Value, String> {
    let record = record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record);
    let mut value: Value = serde_json::from_slice(record).or_else(|error| {
        let why = || crate::record::reason(&error);
        let mended = crate::json::mended(record).ok_or_else(why)?;
        serde_json::from_str(&mended.text).map_err(|_| why())
    })?;
    unwrap_texts(&mut value);
    Ok(value)
}

/// Takes objects out of the texts in which some columns hold them. A list stays a text: it is unwrapped where it is read.
pub(crate) fn unwrap_texts(value: &mut Value) {
    for (key, column) in value.as_object_mut().into_iter().flatten() {
        let Value::String(text) = &*column else { continue };
        if !text.trim_start().starts_with('{') || !TEXT_COLUMNS.contains(&key.as_str()) {
            continue;
        }
        // A person may have written JSON, too, and a model may have answered in it.
        let is_envelope = |inner: &Value| {
            let has = |key: &str| inner.get(key).is_some();
            match key.as_str() {
                "message" => has("role") || has("lc") || has("type") && (has("data") || has("content")),
                "response" | "output" | "outputs" => {
                    ["id", "object", "error"].into_iter().any(has)
                        || answers::answered(inner, true, &Mapping::default()).is_some()
                }
                _ => true,
            }
        };
        if let Ok(inner) = serde_json::from_str::<Value>(text)
            && is_envelope(&inner)
        {
            *column = inner;
        }
    }
}

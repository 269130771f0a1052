//! A record as JSON, whatever odd tokens and texts of JSON it holds.

use serde_json::Value;

use super::answers;
use crate::record::{Mapping, RecordError};

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

/// A record as JSON, repaired where necessary. Objects that a column holds as a text of JSON are taken out of the text.
///
/// # Errors
/// Why the value is no message.
pub(crate) fn value(record: &[u8]) -> Result<Value, RecordError> {
    let record = record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record);
    let mut value: Value = serde_json::from_slice(record).or_else(|error| {
        let why = || crate::record::reason(&error);
        let repaired = crate::json::repaired(record).ok_or_else(why)?;
        serde_json::from_str(&repaired.text).map_err(|_| why())
    })?;
    unwrap_texts(&mut value);
    Ok(value)
}

/// Takes objects out of the texts in which some columns hold them. A list stays a text, which is unwrapped where the list is read.
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

//! Fields of a record, as several shapes look for them.

use serde_json::{Map, Value};

use super::RecordResult;
use crate::json::moment::moment;
use crate::message::{self, ParsedMessage, id, named};
use crate::record::Record;

/// The simple columns of a record, without those in `but`.
pub(super) fn simple(record: &Value, but: &[&str]) -> Map<String, Value> {
    let columns = record.as_object().into_iter().flatten();
    columns
        .filter(|(key, value)| !(value.is_array() || value.is_object() || but.contains(&key.as_str())))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The first of these keys that holds an id.
pub(super) fn id_of(record: &Value, keys: &[&str]) -> Option<String> {
    let fields = record.as_object()?;
    keys.iter().find_map(|key| id(named(fields, key)?))
}

/// A value that may be written as a text of JSON.
pub(super) fn unquoted(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => message::unquoted(text).ok(),
        other => Some(other.clone()),
    }
}

/// Whether a record has a key whose value is not null.
pub(super) fn has(record: &Value, key: &str) -> bool {
    record.get(key).is_some_and(|value| !value.is_null())
}

/// A conversation of these messages, alone in its record.
pub(super) fn single(
    id: Option<String>,
    said: Vec<ParsedMessage>,
    metadata: Map<String, Value>,
) -> Vec<RecordResult> {
    vec![Record::of_parsed(id, said, metadata)]
}

/// The moment under the first of these keys that names one, in nanoseconds since 1970.
pub(super) fn moment_of(record: &Value, keys: &[&str]) -> Option<i128> {
    let fields = record.as_object()?;
    keys.iter().find_map(|key| moment(named(fields, key)?))
}

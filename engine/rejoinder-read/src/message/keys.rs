//! Helpers for the keys of objects: the value under a name, ids, and a list of the keys in words.

use serde_json::{Map, Value};

/// The value that a name leads to: a key of that name, else dots lead into objects.
pub(crate) fn named<'v>(fields: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    fields.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        named(fields.get(first)?.as_object()?, rest)
    })
}

/// An id that is a text or a number.
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The first keys of an object, in words for an error.
pub(crate) fn keys_of(value: &Value) -> String {
    const SHOWN: usize = 12;
    let Some(fields) = value.as_object() else { return "no keys".to_owned() };
    let shown = |key: &String| {
        let short: String = key.chars().take(40).flat_map(char::escape_debug).collect();
        format!("`{short}`")
    };
    let mut keys: Vec<String> = fields.keys().take(SHOWN).map(shown).collect();
    if fields.len() > SHOWN {
        keys.push(format!("and {} more", fields.len() - SHOWN));
    }
    if keys.is_empty() { "no keys".to_owned() } else { format!("the keys {}", keys.join(", ")) }
}

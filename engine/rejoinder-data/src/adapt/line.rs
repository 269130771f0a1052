//! The line of a conversation, as adapters write it.

use rejoinder_core::Role;
use serde_json::{Map, Value, json};

use crate::record::{Mapping, SHARED, of_role};

/// A line without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line(pub Vec<u8>);

impl Line {
    /// The line of a conversation with its other columns.
    pub(super) fn new(
        id: Option<String>,
        messages: &[(Role, String)],
        shared: usize,
        metadata: Map<String, Value>,
    ) -> Self {
        let conversation: Vec<Value> =
            messages.iter().map(|(role, text)| json!({ "role": role.name(), "content": text })).collect();
        let mut line = Map::new();
        if let Some(id) = id {
            line.insert("conversation_id".to_owned(), id.into());
        }
        line.insert("conversation".to_owned(), conversation.into());
        if shared > 0 {
            line.insert(SHARED.to_owned(), shared.into());
        }
        for (key, value) in metadata {
            line.entry(key).or_insert(value);
        }
        Self(Value::Object(line).to_string().into_bytes())
    }

    /// A record that needs no change.
    pub(super) fn as_it_is(record: &[u8]) -> Result<Self, String> {
        Ok(Self(record.to_vec()))
    }
}

/// A chat message: its role and text.
///
/// # Errors
/// If it has no role that is known.
pub(super) fn message(message: &Value, mapping: &Mapping) -> Result<(Role, String), String> {
    let role = message["role"].as_str().ok_or("a message without `role`")?;
    let role = of_role(mapping, role)?;
    let content = match &message["content"] {
        Value::Null => match (&message["parts"], &message["refusal"]) {
            (parts @ Value::Array(_), _) => parts,
            (_, refusal) => refusal,
        },
        content => content,
    };
    Ok((role, text(content)))
}

/// The messages of a list.
///
/// # Errors
/// If one of them has no role that is known.
pub(super) fn messages(list: &[Value], mapping: &Mapping) -> Result<Vec<(Role, String)>, String> {
    list.iter().map(|m| message(m, mapping)).collect()
}

/// The text of a content: a string, or parts of which the texts are joined by line feeds, and everything else stands
/// as `[type]`.
pub(super) fn text(content: &Value) -> String {
    match content {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text).collect::<Vec<_>>().join("\n"),
        Value::Object(part) => {
            let own = ["text", "content", "refusal"].iter().find_map(|key| part.get(*key)?.as_str());
            match own {
                Some(text) => text.to_owned(),
                None => {
                    let kind = ["type", "content_type"].iter().find_map(|key| part.get(*key)?.as_str());
                    format!("[{}]", kind.unwrap_or("part"))
                }
            }
        }
        other => other.to_string(),
    }
}

/// The simple columns of a record, but those named.
pub(super) fn simple(record: &Value, but: &[&str]) -> Map<String, Value> {
    let columns = record.as_object().into_iter().flatten();
    columns
        .filter(|(key, value)| !(value.is_array() || value.is_object() || but.contains(&key.as_str())))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// An id that is a text or a number.
pub(super) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

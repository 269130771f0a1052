//! OpenInference's messages: `llm.input_messages.<i>.message.role` and their like, flat or as lists.

use std::collections::BTreeMap;

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::line::text;
use super::unquoted;
use crate::record::{Mapping, of_role};

/// What was said before and the answer, by the attributes of a span.
///
/// # Errors
/// If a message has no role that is known.
pub(super) fn messages(all: &Map<String, Value>, mapping: &Mapping) -> Result<Vec<(Role, String)>, String> {
    let mut said = Vec::new();
    for key in ["llm.input_messages", "llm.output_messages"] {
        let list = match all.get(key).and_then(unquoted) {
            Some(Value::Array(list)) => list.iter().map(fields).collect(),
            _ => indexed(all, key),
        };
        for message in list {
            let role = message.get("role").and_then(Value::as_str).ok_or("a message without a role")?;
            said.push((of_role(mapping, role)?, content(&message)));
        }
    }
    Ok(said)
}

/// A message of a list: `{"message": {"role": …}}` or `{"message.role": …}`.
fn fields(message: &Value) -> Map<String, Value> {
    let own = message.get("message").unwrap_or(message).as_object().into_iter().flatten();
    own.map(|(key, value)| (key.strip_prefix("message.").unwrap_or(key).to_owned(), value.clone())).collect()
}

/// The messages of flat attributes, in the order of their numbers.
fn indexed(all: &Map<String, Value>, key: &str) -> Vec<Map<String, Value>> {
    let mut messages: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    for (name, value) in all {
        let numbered =
            name.strip_prefix(key).and_then(|rest| rest.strip_prefix('.')?.split_once(".message."));
        if let Some((number, field)) = numbered
            && let Ok(number) = number.parse()
        {
            messages.entry(number).or_default().insert(field.to_owned(), value.clone());
        }
    }
    messages.into_values().collect()
}

/// The text of a message: its content, or those of its parts.
fn content(message: &Map<String, Value>) -> String {
    if let Some(content) = message.get("content").filter(|content| !content.is_null()) {
        return text(content);
    }
    let mut parts: BTreeMap<u64, (String, Option<String>)> = BTreeMap::new();
    for (name, value) in message {
        let numbered = name.strip_prefix("contents.").and_then(|rest| rest.split_once(".message_content."));
        let Some((number, field)) = numbered else { continue };
        let (Ok(number), Some(value)) = (number.parse(), value.as_str()) else { continue };
        let part = parts.entry(number).or_default();
        match field {
            "text" => part.1 = Some(value.to_owned()),
            "type" => part.0 = value.to_owned(),
            _ => {}
        }
    }
    let listed = message.get("contents").and_then(Value::as_array).into_iter().flatten().map(|part| {
        let part = part.get("message_content").unwrap_or(part);
        let field = |name: &str| part.get(name).or_else(|| part.get(format!("message_content.{name}")));
        let owned = |name: &str| field(name).and_then(Value::as_str).map(str::to_owned);
        (owned("type").unwrap_or_default(), owned("text"))
    });
    let texts =
        parts.into_values().chain(listed).map(|(kind, text)| text.unwrap_or_else(|| format!("[{kind}]")));
    texts.collect::<Vec<_>>().join("\n")
}

//! Requests to a model and its answers in all forms: a text, a list of messages, or the body of a request or a response of any
//! provider.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use crate::message::{self, Content, ParsedMessage, looks_like_message, of_list};
use crate::record::Mapping;

/// The most levels of responses in responses.
const DEPTH: usize = 6;

/// The messages of a request; `None` if the request is no chat. `is_json` says whether the record writes every value as JSON, texts
/// among them; else a text in quotes was said in quotes.
pub(super) fn asked(value: &Value, is_json: bool, mapping: &Mapping) -> Option<Vec<ParsedMessage>> {
    either(value, is_json, Role::User, mapping)
}

/// The messages of an answer, read as those of a request.
pub(super) fn answered(value: &Value, is_json: bool, mapping: &Mapping) -> Option<Vec<ParsedMessage>> {
    either(value, is_json, Role::Assistant, mapping)
}

fn either(value: &Value, is_json: bool, role: Role, mapping: &Mapping) -> Option<Vec<ParsedMessage>> {
    match value {
        Value::String(text) if !is_json && text.trim_start().starts_with('"') => {
            Some(vec![ParsedMessage::new(role, value)])
        }
        _ => found(value, role, mapping, 0),
    }
}

/// Whether a text may be JSON.
pub(super) fn may_be_json(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim_start().starts_with(['[', '{', '"']))
}

/// The messages of a value. A mere text becomes a message of `role`.
fn found(value: &Value, role: Role, mapping: &Mapping, depth: usize) -> Option<Vec<ParsedMessage>> {
    if depth > DEPTH {
        return None;
    }
    let inside = |value: &Value| found(value, role, mapping, depth + 1);
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) => {
            match may_be_json(value).then(|| message::unquoted(text).ok()).flatten() {
                // Some write every value as JSON, texts among them.
                Some(inner @ Value::String(_)) => Some(vec![ParsedMessage::new(role, &inner)]),
                Some(inner) if has_object(&inner) => {
                    inside(&inner).or_else(|| Some(vec![ParsedMessage::new(role, value)]))
                }
                _ => Some(vec![ParsedMessage::new(role, value)]),
            }
        }
        Value::Array(list) => {
            if let Ok(said) = of_list(list, mapping) {
                return Some(said);
            }
            // Choices, generations, a list of lists, parts of one content.
            match list.first()? {
                first @ (Value::Object(_) | Value::Array(_)) if !is_part(first) => {
                    if role == Role::Assistant { inside(first) } else { list.iter().find_map(inside) }
                }
                _ => {
                    let content = Content::of(value);
                    (!content.is_nothing()).then(|| vec![ParsedMessage::of(role, content)])
                }
            }
        }
        Value::Object(fields) => of_object(value, fields, role, mapping, depth),
        Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Whether there may be a message in a value: a list of numbers or of words is an answer like any other text.
pub(super) fn has_object(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(has_object),
        other => other.is_object(),
    }
}

fn is_part(value: &Value) -> bool {
    value.get("type").is_some_and(Value::is_string)
        && (value.get("text").is_some() || value.get("thinking").is_some())
}

fn of_object(
    value: &Value,
    fields: &Map<String, Value>,
    role: Role,
    mapping: &Mapping,
    depth: usize,
) -> Option<Vec<ParsedMessage>> {
    /// Where the messages of a request stand, and the answer of a response.
    const REQUESTS: [&str; 10] =
        ["messages", "input", "inputs", "contents", "body", "request", "args", "kwargs", "prompt", "data"];
    const RESPONSES: [&str; 14] = [
        "choices",
        "message",
        "output",
        "outputs",
        "candidates",
        "generations",
        "body",
        "response",
        "content",
        "completion",
        "output_text",
        "text",
        "generated_text",
        "messages",
    ];
    if looks_like_message(value) {
        return of_list(std::slice::from_ref(value), mapping).ok();
    }
    let keys: &[&str] = if role == Role::Assistant { &RESPONSES } else { &REQUESTS };
    let mut said = keys
        .iter()
        .filter_map(|key| fields.get(*key).filter(|inner| !inner.is_null()))
        .find_map(|inner| found(inner, role, mapping, depth + 1).filter(|said| !said.is_empty()))?;
    if role == Role::User {
        let instructions = ["system", "instructions", "systemInstruction", "system_instruction"];
        let system = instructions.iter().find_map(|key| fields.get(*key)).map(Content::of);
        if let Some(system) = system.filter(|system| !system.text.trim().is_empty())
            && !said.iter().any(|said| said.role == Role::System)
        {
            said.insert(0, ParsedMessage::of(Role::System, system));
        }
    }
    Some(said)
}

//! Lists of messages in all forms: as JSON in a text, as Python prints a list, inside an object, as a list for each field, or as
//! pairs.

use std::borrow::Cow;

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::single::{MessageProblem, message_of};
use super::{Content, ParsedMessage, keys_of, role};
use crate::json::python;
use crate::record::{Mapping, RecordError};

/// Keys of lists in an object that wraps them.
const LISTS: [&str; 5] = ["messages", "conversation", "conversations", "turns", "history"];

/// The messages that a value holds.
///
/// # Errors
/// Why the value holds no list of messages.
pub(crate) fn messages(value: &Value, mapping: &Mapping) -> Result<Vec<ParsedMessage>, RecordError> {
    of_list(&listed(value, mapping, 0)?, mapping)
}

fn listed<'v>(value: &'v Value, mapping: &Mapping, depth: usize) -> Result<Cow<'v, [Value]>, RecordError> {
    const DEPTH: usize = 4;
    match value {
        Value::Array(list) => Ok(Cow::Borrowed(list)),
        Value::String(text) if depth < DEPTH => {
            let inner = unquoted(text)?;
            Ok(Cow::Owned(listed(&inner, mapping, depth + 1)?.into_owned()))
        }
        Value::Object(fields) if depth < DEPTH => {
            if let Some(rows) = by_field(fields, mapping) {
                return Ok(Cow::Owned(rows));
            }
            match LISTS.iter().find_map(|key| fields.get(*key)) {
                Some(inner) => listed(inner, mapping, depth + 1),
                None if super::looks_like_message(value) => Ok(Cow::Owned(vec![value.clone()])),
                None => {
                    let keys = keys_of(value);
                    Err(format!("an object in the place of a list of messages; it has {keys}").into())
                }
            }
        }
        Value::Null => Err("null in the place of a list of messages".into()),
        _ => Err("a mere value in the place of a list of messages".into()),
    }
}

/// The value that a text is: JSON, or what Python or numpy prints.
///
/// # Errors
/// What the text is instead.
pub(crate) fn unquoted(text: &str) -> Result<Value, RecordError> {
    let begin = text.trim_start();
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    if let Some(repaired) = crate::json::repaired(begin.as_bytes())
        && let Ok(value) = serde_json::from_str(&repaired.text)
    {
        return Ok(value);
    }
    match python::parsed(begin) {
        Ok(value @ (Value::Array(_) | Value::Object(_))) => Ok(value),
        Err(python::PrintError::Elided) => {
            Err("a list as numpy prints it, with `...` in place of what it left out; write the column as JSON \
                 (to_json, or json.dumps of each value)"
                .into())
        }
        _ if begin.starts_with(['[', '{']) || begin.starts_with("array(") => {
            Err("a text that is neither JSON nor a list as Python prints it, in the place of a list of messages; \
                 is it cut off?"
                .into())
        }
        _ => Err("a text in the place of a list of messages".into()),
    }
}

/// A list for each field instead of an object for each message: `{"role": ["user", …], "content": ["hi", …]}`.
fn by_field(fields: &Map<String, Value>, mapping: &Mapping) -> Option<Vec<Value>> {
    let role = fields.get(mapping.role_key()).or_else(|| fields.get("from"))?.as_array()?;
    let columns: Vec<(&String, &Vec<Value>)> =
        fields.iter().filter_map(|(key, value)| Some((key, value.as_array()?))).collect();
    let row = |at: usize| -> Value {
        let cells =
            columns.iter().filter_map(|(key, values)| Some(((*key).clone(), values.get(at)?.clone())));
        Value::Object(cells.collect())
    };
    columns.iter().all(|(_, values)| values.len() == role.len()).then(|| (0..role.len()).map(row).collect())
}

/// The messages of a list.
///
/// # Errors
/// All unknown roles at once; without any, the first message that cannot be read.
pub(crate) fn of_list(list: &[Value], mapping: &Mapping) -> Result<Vec<ParsedMessage>, RecordError> {
    let mut all = Vec::with_capacity(list.len());
    let mut unknown: Vec<String> = Vec::new();
    for (at, value) in list.iter().enumerate() {
        if let Some(said) = named_pair(value, mapping) {
            all.push(said);
            continue;
        }
        if let Some(pair) = pair(value) {
            all.extend(pair);
            continue;
        }
        match message_of(value, mapping) {
            Ok(said) => all.push(said),
            Err(MessageProblem::UnknownRole(name)) if unknown.contains(&name) => {}
            Err(MessageProblem::UnknownRole(name)) => unknown.push(name),
            Err(MessageProblem::Other(_)) if !unknown.is_empty() => {}
            Err(MessageProblem::Other(reason)) => return Err(RecordError::BadMessage { index: at, reason }),
        }
    }
    if unknown.is_empty() { Ok(all) } else { Err(RecordError::UnknownRoles(unknown)) }
}

/// A message as a role and a text: `["human", "hi"]`.
fn named_pair(value: &Value, mapping: &Mapping) -> Option<ParsedMessage> {
    let [Value::String(name), text @ Value::String(_)] = value.as_array()?.as_slice() else { return None };
    match role::speaker(mapping, name)? {
        role::Speaker::Role(role) => Some(ParsedMessage::new(role, text)),
        _ => None,
    }
}

/// An exchange in one value: `["hi", "hello"]` or `{"user": "hi", "assistant": "hello"}`. The answer may be empty.
fn pair(value: &Value) -> Option<[ParsedMessage; 2]> {
    const KEYS: [[&str; 2]; 6] = [
        ["user", "assistant"],
        ["human", "assistant"],
        ["human", "gpt"],
        ["prompt", "response"],
        ["question", "answer"],
        ["instruction", "output"],
    ];
    let [asked, answered] = match value {
        Value::Array(two) => match &**two {
            [asked @ Value::String(_), answered @ (Value::String(_) | Value::Null)] => [asked, answered],
            _ => return None,
        },
        Value::Object(fields) if !fields.contains_key("role") => {
            let both = |[asked, answered]: [&str; 2]| Some([fields.get(asked)?, fields.get(answered)?]);
            KEYS.into_iter().find_map(both)?
        }
        _ => return None,
    };
    let said = |role, value| ParsedMessage::of(role, Content::of(value));
    Some([said(Role::User, asked), said(Role::Assistant, answered)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(value: &Value) -> Result<Vec<(Role, String)>, RecordError> {
        let all = messages(value, &Mapping::default())?;
        Ok(all.into_iter().map(|said| (said.role, said.text)).collect())
    }

    #[test]
    fn one_dialogue_is_read_in_any_wrapping() {
        let plain = json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]);
        let expected = texts(&plain).unwrap();
        for value in [
            json!(plain.to_string()),
            json!({"messages": plain}),
            json!({"messages": plain.to_string()}),
            json!("[{'role': 'user', 'content': 'hi'}\n {'role': 'assistant', 'content': 'hello'}]"),
            json!({"role": ["user", "assistant"], "content": ["hi", "hello"]}),
            json!([["hi", "hello"]]),
            json!([["human", "hi"], ["ai", "hello"]]),
            json!([{"user": "hi", "assistant": "hello"}]),
            json!([{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]),
            json!([{"sender": "Customer", "text": "hi"}, {"sender": "AI", "text": "hello"}]),
            json!([{"type": "human", "data": {"content": "hi"}}, {"type": "ai", "data": {"content": "hello"}}]),
            json!([
                {"lc": 1, "type": "constructor", "id": ["langchain", "HumanMessage"], "kwargs": {"content": "hi"}},
                {"lc": 1, "type": "constructor", "id": ["langchain", "AIMessage"], "kwargs": {"content": "hello"}}
            ]),
            json!([{"is_user": true, "mes": "hi"}, {"is_user": false, "mes": "hello"}]),
            json!([{"author": {"role": "user"}, "parts": [{"text": "hi"}]}, {"author": {"role": "model"}, "parts": [{"text": "hello"}]}]),
            json!([{"type": "user", "message": {"role": "user", "content": "hi"}}, {"type": "assistant", "message": {"role": "assistant", "content": [{"type": "text", "text": "hello"}]}}]),
        ] {
            assert_eq!(texts(&value).as_ref(), Ok(&expected), "{value}");
        }
    }

    #[test]
    fn reasons_do_not_quote_the_texts() {
        for (value, reason) in [
            (json!("[{'role': 'user', 'content': 'secret"), "neither JSON nor a list as Python prints it"),
            (json!("secret"), "a text in the place"),
            (json!(["secret"]), "message 0: a text without a role"),
            (
                json!([{"content": "secret"}]),
                "message 0: a message without `role`; it has the keys `content`",
            ),
            (
                json!([{"role": "a", "content": "secret"}, {"role": "b", "content": ""}]),
                "unknown roles `a`, `b`",
            ),
            (json!([{"role": "user", "secrets": 1}]), "a message without `content`"),
            (json!({"x": 1}), "an object in the place of a list of messages; it has the keys `x`"),
        ] {
            let said = texts(&value).unwrap_err().to_string();
            assert!(
                said.contains(reason) && !said.contains("secret\"") && !said.contains(" secret"),
                "{said}"
            );
        }
    }
}

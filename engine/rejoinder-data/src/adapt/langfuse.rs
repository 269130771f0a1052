//! Langfuse: traces and observations, whose `input` and `output` are any JSON.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::line::{self, message, messages};
use super::longest::Call;
use super::unquoted;
use crate::record::Mapping;

/// The calls that a record tells of: its own, or else those of the observations in it.
pub(super) fn calls(record: &Value, mapping: &Mapping) -> Vec<Call> {
    let named = |keys: [&str; 2]| keys.iter().find_map(|key| line::id(&record[*key]));
    let session = named(["sessionId", "session_id"]).or_else(|| named(["traceId", "trace_id"]));
    if let Some(call) = call(record, session.clone(), mapping) {
        return vec![call];
    }
    let session = session.or_else(|| line::id(&record["id"]));
    let observations = record["observations"].as_array().into_iter().flatten();
    observations.filter_map(|o| call(o, session.clone(), mapping)).collect()
}

fn call(record: &Value, session: Option<String>, mapping: &Mapping) -> Option<Call> {
    if record["type"].as_str().is_some_and(|kind| kind != "GENERATION") {
        return None;
    }
    let mut said = said(&record["input"], Role::User, mapping)?;
    said.extend(self::said(&record["output"], Role::Assistant, mapping)?);
    if said.is_empty() {
        return None;
    }
    let mut metadata = Map::new();
    for (column, keys) in [
        ("model", &["model", "provided_model_name", "providedModelName"][..]),
        ("user", &["userId", "user_id"]),
        ("name", &["name"]),
        ("trace_id", &["traceId", "trace_id"]),
    ] {
        if let Some(value) = keys.iter().find_map(|key| line::id(&record[*key])) {
            metadata.insert(column.to_owned(), value.into());
        }
    }
    Some(Call { session, name: line::id(&record["id"]), messages: said, metadata })
}

/// The messages of an input or output; a mere text is one of `role`. `None` if it is no chat.
fn said(value: &Value, role: Role, mapping: &Mapping) -> Option<Vec<(Role, String)>> {
    let inner = match value {
        Value::Null => return Some(Vec::new()),
        Value::String(text) => match unquoted(value) {
            Some(inner @ (Value::Array(_) | Value::Object(_))) => inner,
            _ => return Some(vec![(role, text.clone())]),
        },
        other => other.clone(),
    };
    match &inner {
        Value::Array(list) => messages(list, mapping).ok(),
        Value::Object(fields) if fields.contains_key("messages") => {
            messages(fields["messages"].as_array()?, mapping).ok()
        }
        Value::Object(fields) if fields.contains_key("choices") => {
            message(&fields["choices"][0]["message"], mapping).ok().map(|m| vec![m])
        }
        Value::Object(fields) if fields.contains_key("role") => {
            message(&inner, mapping).ok().map(|m| vec![m])
        }
        _ => None,
    }
}

//! Spans with chats in them: OpenTelemetry's GenAI conventions, and OpenInference; as OTLP-JSON, or a span a record.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::line::{self, messages, text};
use super::longest::Call;
use super::{openinference, unquoted};
use crate::record::Mapping;

/// The calls that a record tells of.
pub(super) fn calls(record: &Value, mapping: &Mapping) -> Vec<Call> {
    let either = |value: &Value, keys: [&str; 2]| -> Vec<Value> {
        keys.iter().find_map(|key| value.get(*key)?.as_array().cloned()).unwrap_or_default()
    };
    let mut calls = Vec::new();
    for resource in either(record, ["resourceSpans", "resource_spans"]) {
        let shared = attributes(&resource["resource"]);
        for scope in either(&resource, ["scopeSpans", "scope_spans"]) {
            for span in either(&scope, ["spans", "spans"]) {
                calls.extend(call(&span, &shared, mapping));
            }
        }
    }
    for span in either(record, ["spans", "spans"]) {
        calls.extend(call(&span, &Map::new(), mapping));
    }
    calls.extend(call(record, &Map::new(), mapping));
    calls
}

fn call(span: &Value, resource: &Map<String, Value>, mapping: &Mapping) -> Option<Call> {
    let mut all = resource.clone();
    all.extend(attributes(span));
    for event in span["events"].as_array().into_iter().flatten() {
        all.extend(attributes(event));
    }
    let list = |key: &str| match all.get(key).and_then(unquoted) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let mut said = Vec::new();
    let instructions = list("gen_ai.system_instructions");
    if !instructions.is_empty() {
        said.push((Role::System, text(&Value::Array(instructions))));
    }
    for key in ["gen_ai.input.messages", "gen_ai.output.messages"] {
        said.extend(messages(&list(key), mapping).ok()?);
    }
    if said.iter().all(|(role, _)| *role == Role::System) {
        said = openinference::messages(&all, mapping).ok()?;
    }
    if said.is_empty() {
        return None;
    }
    let named = |keys: &[&str]| keys.iter().find_map(|key| line::id(all.get(*key)?));
    let mut metadata = Map::new();
    for (column, keys) in [
        ("model", &["gen_ai.response.model", "gen_ai.request.model", "llm.model_name"][..]),
        ("user", &["user.id", "enduser.id"]),
    ] {
        if let Some(value) = named(keys) {
            metadata.insert(column.to_owned(), value.into());
        }
    }
    let trace = ["traceId", "trace_id", "context.trace_id"].iter().find_map(|key| line::id(&span[*key]));
    let trace = trace.or_else(|| line::id(&span["context"]["trace_id"]));
    if let Some(trace) = &trace {
        metadata.insert("trace_id".to_owned(), trace.clone().into());
    }
    Some(Call {
        session: named(&["gen_ai.conversation.id", "session.id"]),
        name: trace,
        messages: said,
        metadata,
    })
}

/// The attributes of a span, a resource or an event, by name: written as OTLP does, as an object, or as columns.
fn attributes(owner: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    match unquoted(&owner["attributes"]) {
        Some(Value::Array(list)) => {
            for attribute in list {
                if let Some(key) = attribute["key"].as_str() {
                    all.insert(key.to_owned(), plain(&attribute["value"]));
                }
            }
        }
        Some(Value::Object(fields)) => flatten("", fields, &mut all),
        _ => {}
    }
    for (column, value) in owner.as_object().into_iter().flatten() {
        let name = column.strip_prefix("attributes.").unwrap_or(column);
        if name.contains('.') {
            all.insert(name.to_owned(), value.clone());
        }
    }
    all
}

/// Objects in objects, by the names that dots join; lists stay.
fn flatten(prefix: &str, fields: Map<String, Value>, all: &mut Map<String, Value>) {
    for (key, value) in fields {
        match value {
            Value::Object(inner) => flatten(&format!("{prefix}{key}."), inner, all),
            value => {
                all.insert(format!("{prefix}{key}"), value);
            }
        }
    }
}

/// A value as OTLP wraps it: `{"stringValue": …}`.
fn plain(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|fields| fields.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "arrayValue" => inner["values"].as_array().into_iter().flatten().map(plain).collect(),
        "kvlistValue" => {
            let pairs = inner["values"].as_array().into_iter().flatten();
            let pair = |pair: &Value| Some((pair["key"].as_str()?.to_owned(), plain(&pair["value"])));
            Value::Object(pairs.filter_map(pair).collect())
        }
        _ => inner.clone(),
    }
}

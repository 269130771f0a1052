//! Spans with chats in them: OpenTelemetry's GenAI conventions of all years, OpenInference, OpenLLMetry, MLflow and the AI
//! SDK; as OTLP-JSON, or as records of one span.

use std::collections::BTreeMap;

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::answers::{answered, asked, has_object};
use super::{ReadMode, Shape, Sign, moment_of, sign, unquoted};
use crate::join::ModelCall;
use crate::message::{ParsedMessage, id, messages, of_list};
use crate::record::{Mapping, RecordError};

pub(super) static SHAPE: Shape = Shape {
    name: "spans",
    describe: "spans of OpenTelemetry GenAI, OpenInference or OpenLLMetry",
    fits,
    read: ReadMode::Calls(calls),
};

/// Attributes nested deeper stay as they are.
const DEPTH: usize = 16;

fn fits(record: &Value) -> Option<Sign> {
    let has = |key: &str| record.get(key).is_some();
    let begins =
        |prefix: &str| record.as_object().is_some_and(|all| all.keys().any(|key| key.starts_with(prefix)));
    let is_span = || ["context", "span_id", "spanId", "trace_id", "traceId"].iter().any(|key| has(key));
    match () {
        () if has("resourceSpans") || has("resource_spans") => sign(3, "`resourceSpans`"),
        () if record["spans"].is_array() || record["data"]["spans"].is_array() => sign(2, "`spans`"),
        () if has("attributes") && is_span() => sign(3, "`attributes` of a span"),
        () if ["attributes.", "llm.input_messages", "gen_ai."].iter().any(|prefix| begins(prefix)) => {
            sign(3, "attributes of a span")
        }
        () => None,
    }
}

/// The calls in a record.
fn calls(record: &Value, mapping: &Mapping) -> Result<Vec<ModelCall>, RecordError> {
    let either = |value: &Value, keys: [&str; 2]| -> Vec<Value> {
        keys.iter().find_map(|key| value.get(*key)?.as_array().cloned()).unwrap_or_default()
    };
    let mut calls = Vec::new();
    for resource in either(record, ["resourceSpans", "resource_spans"]) {
        let shared = attributes(&resource["resource"]);
        for scope in either(&resource, ["scopeSpans", "scope_spans"]) {
            for span in either(&scope, ["spans", "spans"]) {
                calls.extend(call(&span, &shared, mapping)?);
            }
        }
    }
    // What a trace says of all its spans.
    let info = &record["info"];
    let mut shared = Map::new();
    for key in ["trace_metadata", "request_metadata", "tags"] {
        shared.extend(info[key].as_object().cloned().unwrap_or_default());
    }
    for span in
        either(record, ["spans", "spans"]).into_iter().chain(either(&record["data"], ["spans", "spans"]))
    {
        calls.extend(call(&span, &shared, mapping)?);
    }
    calls.extend(call(record, &Map::new(), mapping)?);
    Ok(calls)
}

fn call(
    span: &Value,
    resource: &Map<String, Value>,
    mapping: &Mapping,
) -> Result<Option<ModelCall>, RecordError> {
    let mut all = resource.clone();
    all.extend(attributes(span));
    let mut said = of_events(span, mapping)?;
    for event in list(&span["events"]) {
        all.extend(attributes(&event));
    }
    if said.is_empty() {
        said = of_attributes(&all, mapping)?;
    }
    if said.is_empty() {
        let is_chat = |key: &&String| {
            ["gen_ai.prompt", "gen_ai.completion", "gen_ai.input.messages"].iter().any(|p| key.starts_with(p))
        };
        return match all.iter().find(|(key, value)| is_chat(key) && !value.is_null() && **value != "") {
            Some((key, _)) if all.keys().filter(is_chat).count() > 1 => {
                let key = key.escape_debug();
                Err(format!("`{key}` and its neighbours hold no messages that are understood").into())
            }
            _ => Ok(None),
        };
    }
    let named = |keys: &[&str]| keys.iter().find_map(|key| id(&plain_text(all.get(*key)?)));
    let mut metadata = Map::new();
    for (column, keys) in [
        ("model", &["gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.model.id"][..]),
        ("user", &["user.id", "enduser.id", "ai.telemetry.metadata.userId", "mlflow.trace.user"]),
    ] {
        if let Some(value) = named(keys) {
            metadata.insert(column.to_owned(), value.into());
        }
    }
    let trace = ["traceId", "trace_id", "context.trace_id"].iter().find_map(|key| id(&span[*key]));
    let trace = trace.or_else(|| id(&span["context"]["trace_id"]));
    if let Some(trace) = &trace {
        metadata.insert("trace_id".to_owned(), trace.clone().into());
    }
    Ok(Some(ModelCall {
        session: named(&[
            "gen_ai.conversation.id",
            "session.id",
            "langfuse.session.id",
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.chat_id",
            "traceloop.association.properties.conversation_id",
            "traceloop.association.properties.thread_id",
            "ai.telemetry.metadata.sessionId",
            "ai.telemetry.metadata.chatId",
            "mlflow.trace.session",
            "thread.id",
            "langsmith.metadata.session_id",
            "langsmith.metadata.thread_id",
        ]),
        id: trace.clone(),
        response: None,
        scope: named(&["user.id", "enduser.id"]),
        name: trace,
        label: id(&span["name"]),
        time: moment_of(
            span,
            &["startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime", "timestamp"],
        ),
        said,
        metadata,
    }))
}

/// The messages in the attributes of a span, by the first convention that gives some.
fn of_attributes(all: &Map<String, Value>, mapping: &Mapping) -> Result<Vec<ParsedMessage>, RecordError> {
    /// The names of request and answer, as lists of messages or numbered one by one.
    const LISTS: [[&str; 2]; 4] = [
        ["gen_ai.input.messages", "gen_ai.output.messages"],
        ["gen_ai.prompt", "gen_ai.completion"],
        ["llm.input_messages", "llm.output_messages"],
        ["pydantic_ai.all_messages", "-"],
    ];
    /// The names of request and answer, as bodies of requests and responses, or as mere texts.
    const BODIES: [[&str; 2]; 10] = [
        ["gen_ai.prompt", "gen_ai.completion"],
        ["ai.prompt.messages", "ai.response.text"],
        ["ai.prompt", "ai.response.text"],
        ["ai.prompt.messages", "ai.result.text"],
        ["all_messages_events", "-"],
        ["events", "-"],
        ["request_data", "response_data"],
        ["mlflow.spanInputs", "mlflow.spanOutputs"],
        ["input.value", "output.value"],
        ["traceloop.entity.input", "traceloop.entity.output"],
    ];
    for keys in LISTS {
        let lists: Vec<Value> = keys.iter().filter_map(|key| numbered(all, key)).collect();
        let mut said = Vec::new();
        for list in &lists {
            // The other conventions may read what this one does not.
            match messages(list, mapping) {
                Ok(more) => said.extend(more),
                Err(error @ RecordError::UnknownRoles(_)) => return Err(error),
                Err(_) => {}
            }
        }
        if said.iter().any(|one| one.role != Role::System) {
            let instructions = all.get("gen_ai.system_instructions").and_then(unquoted);
            if let Some(instructions) =
                instructions.filter(|_| !said.iter().any(|one| one.role == Role::System))
            {
                said.insert(0, ParsedMessage::new(Role::System, &instructions));
            }
            return Ok(said);
        }
    }
    // Spans of chains and tools hold texts that nobody said in a chat.
    let kind = ["openinference.span.kind", "mlflow.spanType", "traceloop.span.kind"]
        .iter()
        .find_map(|key| all.get(*key));
    let kind = kind.map(plain_text);
    let is_chat = kind
        .as_ref()
        .and_then(Value::as_str)
        .is_none_or(|kind| ["LLM", "CHAT_MODEL", "chat", "llm"].contains(&kind));
    for [input, output] in BODIES.into_iter().filter(|_| is_chat) {
        let Some(mut said) = all.get(input).map(plain_text).and_then(|value| asked(&value, true, mapping))
        else {
            continue;
        };
        // A value that is a text by its name is not read as JSON.
        let is_json = !output.ends_with(".text");
        let own = |value: &Value| if is_json { plain_text(value) } else { value.clone() };
        let answer = all.get(output).map(own).and_then(|value| answered(&value, is_json, mapping));
        said.extend(answer.unwrap_or_default());
        if said.iter().any(|one| one.role != Role::System) {
            return Ok(said);
        }
    }
    Ok(Vec::new())
}

/// The messages of a span's events: one message an event, or events that hold all messages as JSON.
fn of_events(span: &Value, mapping: &Mapping) -> Result<Vec<ParsedMessage>, RecordError> {
    let mut said = Vec::new();
    for event in list(&span["events"]) {
        let own = attributes(&event);
        let name =
            event["name"].as_str().or_else(|| own.get("event.name")?.as_str()).unwrap_or_default().to_owned();
        let Some(kind) = name.strip_prefix("gen_ai.") else { continue };
        let role = match kind {
            "choice" => "assistant",
            _ => match kind.strip_suffix(".message") {
                Some(role) => role,
                None => continue,
            },
        };
        // The attributes, or a body of the event, or one of the attributes as JSON.
        let body = ["body", "gen_ai.event.content", "event.body"].iter().find_map(|key| {
            let body = event.get(*key).or_else(|| own.get(*key)).and_then(unquoted)?;
            let is_wrapped = body.get("kvlistValue").is_some();
            Some(if is_wrapped { plain(&body) } else { body }).filter(Value::is_object)
        });
        let mut message = body.unwrap_or(Value::Object(own)).as_object().cloned().unwrap_or_default();
        if let Some(inner) = message.get("message").and_then(unquoted) {
            match inner {
                Value::Object(inner) => message.extend(inner),
                other => drop(message.insert("content".to_owned(), other)),
            }
        }
        for calls in ["content", "tool_calls"] {
            // What is neither parts nor calls was said as it is, JSON or not.
            let are_parts = |value: &Value| match value {
                Value::Array(_) => has_object(value),
                other => other.get("type").or_else(|| other.get("text")).is_some(),
            };
            if let Some(parts) = message.get(calls).and_then(unquoted).filter(are_parts) {
                message.insert(calls.to_owned(), parts);
            }
        }
        message.remove("message");
        message.entry("role").or_insert_with(|| role.into());
        message.entry("content").or_insert(Value::Null);
        said.extend(of_list(&[Value::Object(message)], mapping)?);
    }
    Ok(said)
}

fn list(value: &Value) -> Vec<Value> {
    match unquoted(value) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

/// A value that is JSON in a text, as some exporters write all attributes; a mere text stays.
fn plain_text(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('"') => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

/// The list under a name: as a value, as JSON in a text, or as attributes that number its elements
/// (`name.0.role`, `name.0.content`).
fn numbered(all: &Map<String, Value>, name: &str) -> Option<Value> {
    match all.get(name).map(|value| unquoted(value).unwrap_or_else(|| value.clone())) {
        Some(Value::Array(list)) => {
            let nested = |value: Value| match value {
                Value::Object(fields) if fields.keys().any(|key| key.contains('.')) => {
                    nest(fields.into_iter().collect(), 0)
                }
                other => other,
            };
            return Some(list.into_iter().map(nested).collect());
        }
        Some(Value::Object(fields)) if fields.contains_key("messages") => return Some(Value::Object(fields)),
        _ => {}
    }
    let prefix = format!("{name}.");
    let below =
        all.iter().filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?.to_owned(), value.clone())));
    let below: Vec<_> = below.filter(|(key, _)| key.starts_with(|c: char| c.is_ascii_digit())).collect();
    if below.is_empty() { None } else { Some(nest(below, 0)) }
}

/// Objects in objects out of names that dots join; where all names are numbers, a list.
fn nest(flat: Vec<(String, Value)>, depth: usize) -> Value {
    let mut groups: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (name, value) in flat {
        let (first, rest) =
            if depth < DEPTH { name.split_once('.').unwrap_or((&name, "")) } else { (&*name, "") };
        groups.entry(first.to_owned()).or_default().push((rest.to_owned(), value));
    }
    let is_list = groups.keys().all(|key| key.parse::<u64>().is_ok());
    let value = |mut below: Vec<(String, Value)>| {
        if below.len() == 1 && below[0].0.is_empty() {
            return below.remove(0).1;
        }
        below.retain(|(rest, _)| !rest.is_empty());
        nest(below, depth + 1)
    };
    let mut values: Vec<(String, Value)> =
        groups.into_iter().map(|(key, below)| (key, value(below))).collect();
    if is_list {
        values.sort_by_key(|(key, _)| key.parse::<u64>().unwrap_or_default());
        return values.into_iter().map(|(_, value)| value).collect();
    }
    Value::Object(values.into_iter().collect())
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
            Value::Object(inner) if prefix.matches('.').count() < DEPTH => {
                flatten(&format!("{prefix}{key}."), inner, all);
            }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_body_of_an_event_may_be_wrapped_as_otlp_does() {
        let text = |text: &str| json!({"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": text}}]}});
        let span = json!({"trace_id": "t", "span_id": "s", "attributes": {}, "events": [
            {"name": "gen_ai.user.message", "body": text("hi")},
            {"name": "gen_ai.assistant.message", "body": text("hello")},
        ]});
        let calls = calls(&span, &Mapping::default()).unwrap();
        let said: Vec<_> = calls[0].said.iter().map(|one| (one.role, &*one.text)).collect();
        assert_eq!(said, [(Role::User, "hi"), (Role::Assistant, "hello")]);
    }
}

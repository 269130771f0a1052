//! Calls of tools and their results, in the shapes that programs give them.

use rejoinder_core::ToolPart;
use serde_json::{Map, Value};

use super::content::Content;

const IDS: [&str; 5] = ["id", "tool_call_id", "toolCallId", "call_id", "tool_use_id"];
const NAMES: [&str; 3] = ["name", "toolName", "tool_name"];
const ARGUMENTS: [&str; 4] = ["arguments", "args", "input", "parameters"];
const ANSWERS: [&str; 6] = ["content", "output", "result", "response", "text", "return_value"];

fn first<'v>(fields: &'v Map<String, Value>, keys: &[&str]) -> Option<&'v Value> {
    keys.iter().find_map(|key| fields.get(*key)).filter(|value| !value.is_null())
}

fn text_of(fields: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| super::id(fields.get(*key)?))
}

/// A call: of OpenAI's kind, with a `function` in it, or with name and arguments of its own. `kind` names the tool
/// where nothing else does.
pub(super) fn call(fields: &Map<String, Value>, kind: &str) -> ToolPart {
    let wrapped = fields.get("tool_call").and_then(Value::as_object).unwrap_or(fields);
    let inner =
        ["function", "functionCall", "toolInvocation"].iter().find_map(|key| wrapped.get(*key)?.as_object());
    let own = inner.unwrap_or(wrapped);
    let name = text_of(own, &NAMES).or_else(|| text_of(fields, &NAMES));
    let name = name.unwrap_or_else(|| kind.strip_prefix("tool_").unwrap_or_default().to_owned());
    let arguments = match first(own, &ARGUMENTS) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "{}".to_owned(),
    };
    ToolPart::Call { id: text_of(fields, &IDS).or_else(|| text_of(own, &IDS)), name, arguments }
}

/// A result.
pub(super) fn result(fields: &Map<String, Value>) -> ToolPart {
    let inner = ["functionResponse", "toolInvocation"].iter().find_map(|key| fields.get(*key)?.as_object());
    let own = inner.unwrap_or(fields);
    // What a result refers to is its call, and its own id comes after that.
    let of_call = [IDS[4], IDS[1], IDS[2], IDS[3], IDS[0]];
    ToolPart::Result {
        id: text_of(own, &of_call),
        name: text_of(own, &NAMES),
        text: first(own, &ANSWERS).map(answer).unwrap_or_default(),
    }
}

/// The text of a tool's answer: the text itself, the texts of the parts, or data as JSON.
fn answer(value: &Value) -> String {
    match value {
        Value::Object(fields) if !fields.contains_key("type") && !fields.contains_key("text") => {
            value.to_string()
        }
        Value::Object(fields) if fields.get("type").is_some_and(|kind| kind == "json") => {
            fields.get("value").unwrap_or(value).to_string()
        }
        _ => Content::of(value).text,
    }
}

/// The calls that stand beside the content of a message.
pub(super) fn beside(message: &Map<String, Value>) -> Vec<ToolPart> {
    let list = |key: &str| message.get(key).and_then(Value::as_array).into_iter().flatten();
    let mut parts = Vec::new();
    for call in list("tool_calls").filter_map(Value::as_object) {
        parts.push(self::call(call, ""));
    }
    if let Some(call) = message.get("function_call").and_then(Value::as_object) {
        parts.push(self::call(call, ""));
    }
    if parts.is_empty() {
        for used in list("toolInvocations").filter_map(Value::as_object) {
            parts.extend(both(used, ""));
        }
    }
    parts
}

/// A call and its result from one object, as the AI SDK keeps them. There is no result before the tool has answered.
pub(super) fn both(fields: &Map<String, Value>, kind: &str) -> Vec<ToolPart> {
    let own = fields.get("toolInvocation").and_then(Value::as_object).unwrap_or(fields);
    let mut parts = vec![call(fields, kind)];
    if first(own, &["output", "result"]).is_some() {
        parts.push(result(fields));
    }
    parts
}

/// The calls that a text is, if the text is JSON with the name of a tool.
pub(super) fn written(text: &str) -> Vec<ToolPart> {
    let of = |value: &Value| {
        let fields = value.as_object().filter(|fields| first(fields, &NAMES).is_some())?;
        Some(call(fields, ""))
    };
    match serde_json::from_str(text) {
        Ok(Value::Array(several)) => several.iter().filter_map(of).collect(),
        Ok(one) => of(&one).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

/// The texts of all results, joined by line feeds.
pub(super) fn results(parts: &[ToolPart]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        ToolPart::Result { text, .. } => Some(text.as_str()),
        ToolPart::Call { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

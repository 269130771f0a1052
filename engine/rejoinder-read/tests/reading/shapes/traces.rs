//! Spans with chats in them, by every convention.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::dialogue::{Dialogue, Said, messages};
use super::joined::{Call, History, calls, reordered, with_helpers};
use super::plain::openai_blocks;
use super::print;

/// A span: its trace, its name, its beginning in nanoseconds, its attributes and its events.
struct Span {
    trace: String,
    name: &'static str,
    start: u64,
    attributes: Map<String, Value>,
    events: Vec<Value>,
}

/// What a call asked for, as OpenAI's messages with round trips of tools, which each call repeats.
fn asked(call: &Call<'_>, seed: u64) -> Vec<Value> {
    let mut rng = Rng::with_seed(seed);
    call.asked.iter().flat_map(|said| openai_blocks(said.clone(), &mut rng)).collect()
}

/// The spans of all calls, as `write` makes attributes and events of a call; shuffled, with spans of other things.
fn spans(
    all: &[Dialogue],
    rng: &mut Rng,
    mut write: impl FnMut(&Call<'_>) -> (Value, Vec<Value>),
) -> Vec<Span> {
    let mut spans = Vec::new();
    for (nth, call) in with_helpers(calls(all, History::Whole), rng).into_iter().enumerate() {
        let (attributes, events) = write(&call);
        let Value::Object(attributes) = attributes else { unreachable!("attributes have names") };
        let start = 1_769_515_200_000_000_000 + call.time * 1_000_000_000;
        let trace = format!("{nth:032x}");
        if rng.u8(..) < 60 {
            let others =
                json!({"http.request.method": "POST", "url.path": "/say0"}).as_object().cloned().unwrap();
            spans.push(Span {
                trace: trace.clone(),
                name: "POST /chat",
                start,
                attributes: others,
                events: Vec::new(),
            });
        }
        spans.push(Span { trace, name: "chat m", start, attributes, events });
    }
    reordered(&mut spans, rng);
    spans
}

fn moment(nanoseconds: u64) -> Value {
    let seconds = nanoseconds / 1_000_000_000 - 1_769_515_200;
    print::Clock::Utc.at(seconds)
}

/// A span a line, as SDKs print them.
fn a_line(spans: Vec<Span>, rng: &mut Rng) -> Vec<u8> {
    let has_context = rng.bool();
    let record = |span: Span| match has_context {
        true => {
            json!({"name": span.name, "context": {"trace_id": span.trace, "span_id": "a"}, "kind": "SpanKind.CLIENT",
            "start_time": moment(span.start), "attributes": span.attributes, "events": span.events})
        }
        false => {
            json!({"traceId": span.trace, "spanId": "a", "name": span.name, "startTimeUnixNano": span.start.to_string(),
            "attributes": span.attributes, "events": span.events})
        }
    };
    print::lines(spans.into_iter().map(record).collect::<Vec<_>>(), rng)
}

/// A value as OTLP wraps it.
fn wrapped(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({"stringValue": text}),
        Value::Bool(truth) => json!({"boolValue": truth}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::Array(list) => json!({"arrayValue": {"values": list.iter().map(wrapped).collect::<Value>()}}),
        Value::Object(fields) => json!({"kvlistValue": {"values": listed(fields)}}),
        Value::Null => json!({}),
    }
}

fn listed(fields: &Map<String, Value>) -> Value {
    fields.iter().map(|(key, value)| json!({"key": key, "value": wrapped(value)})).collect()
}

/// Some spans a line, as collectors write them.
fn otlp_lines(spans: Vec<Span>, rng: &mut Rng) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut spans = spans.into_iter().peekable();
    while spans.peek().is_some() {
        let of_line: Vec<Value> = spans
            .by_ref()
            .take(rng.usize(1..4))
            .map(|span| {
                json!({"traceId": span.trace, "spanId": "a", "name": span.name, "kind": 3, "startTimeUnixNano": span.start.to_string(),
                    "attributes": listed(&span.attributes), "events": span.events})
            })
            .collect();
        let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]});
        lines.push(json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "x"}, "spans": of_line}]}]}));
    }
    print::lines(lines, rng)
}

fn either(spans: Vec<Span>, rng: &mut Rng) -> Vec<u8> {
    if rng.bool() { a_line(spans, rng) } else { otlp_lines(spans, rng) }
}

/// Objects in objects and lists, by names that dots join.
fn flat(prefix: &str, value: &Value, into: &mut Map<String, Value>) {
    let name = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| flat(&name(key), inner, into)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, inner)| flat(&name(&at.to_string()), inner, into));
        }
        Value::Null => {}
        _ => drop(into.insert(prefix.to_owned(), value.clone())),
    }
}

/// A message as OpenInference has it.
fn of_inference(message: &Value) -> Value {
    let mut own = json!({"role": message["role"], "content": message["content"]});
    if let Some(calls) = message["tool_calls"].as_array() {
        own["tool_calls"] = calls.iter().map(|call| json!({"tool_call": call})).collect();
    }
    if message["role"] == "tool" {
        own["tool_call_id"] = message["tool_call_id"].clone();
    }
    json!({"message": own})
}

fn inference(call: &Call<'_>, seed: u64) -> Value {
    json!({
        "openinference": {"span": {"kind": "LLM"}},
        "session": {"id": call.dialogue.id},
        "llm": {
            "model_name": "m",
            "input_messages": asked(call, seed).iter().map(of_inference).collect::<Value>(),
            "output_messages": [{"message": {"role": "assistant", "content": call.answered}}],
        },
    })
}

pub fn openinference_nested(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let seed = rng.u64(..);
    let spans = spans(all, rng, |call| (inference(call, seed), Vec::new()));
    a_line(spans, rng)
}

pub fn openinference_flat(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let seed = rng.u64(..);
    let spans = spans(all, rng, |call| {
        let mut all = Map::new();
        flat("", &inference(call, seed), &mut all);
        (all.into(), Vec::new())
    });
    either(spans, rng)
}

pub fn openllmetry(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let seed = rng.u64(..);
    let spans = spans(all, rng, |call| {
        let of_call = |mut message: Value| {
            if let Some(calls) = message["tool_calls"].as_array_mut() {
                calls.iter_mut().for_each(|call| {
                    *call = json!({"id": call["id"], "name": "f", "arguments": call["function"]["arguments"]});
                });
            }
            message
        };
        let mut all = Map::new();
        flat("gen_ai.prompt", &asked(call, seed).into_iter().map(of_call).collect(), &mut all);
        flat(
            "gen_ai.completion",
            &json!([{"finish_reason": "stop", "role": "assistant", "content": call.answered}]),
            &mut all,
        );
        all.insert("llm.request.type".into(), "chat".into());
        all.insert("gen_ai.request.model".into(), "m".into());
        all.insert("traceloop.association.properties.session_id".into(), call.dialogue.id.clone().into());
        (all.into(), Vec::new())
    });
    either(spans, rng)
}

/// Events of a span: a message each, in attributes or in a body.
pub fn genai_events(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let seed = rng.u64(..);
    let is_otlp = rng.bool();
    // Events of OTLP's spans have attributes alone.
    let has_body = !is_otlp && rng.bool();
    let event = |name: String, fields: Value| {
        let mut event = json!({"name": name, "timeUnixNano": "1", "timestamp": "2026-01-27T12:00:00Z"});
        let mut attributes = Map::new();
        match has_body {
            true => event["body"] = fields,
            false => {
                let written =
                    |value: &Value| if value.is_string() { value.clone() } else { value.to_string().into() };
                attributes.extend(
                    fields.as_object().unwrap().iter().map(|(key, value)| (key.clone(), written(value))),
                );
            }
        }
        attributes.insert("gen_ai.system".into(), "openai".into());
        event["attributes"] = if is_otlp { listed(&attributes) } else { attributes.into() };
        event
    };
    let spans = spans(all, rng, |call| {
        let said = |mut message: Value| {
            let role = message["role"].as_str().unwrap().to_owned();
            let fields = message.as_object_mut().unwrap();
            fields.remove("role");
            fields.retain(|_, value| !value.is_null());
            event(format!("gen_ai.{role}.message"), message)
        };
        let mut events: Vec<Value> = asked(call, seed).into_iter().map(said).collect();
        let choice = json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": call.answered}});
        events.push(event("gen_ai.choice".to_owned(), choice));
        (
            json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.conversation.id": call.dialogue.id}),
            events,
        )
    });
    if is_otlp { otlp_lines(spans, rng) } else { a_line(spans, rng) }
}

/// Messages of parts, as the conventions have them since 1.37.
fn of_parts(message: &Value) -> Value {
    let mut parts = Vec::new();
    match (message["role"].as_str(), message["content"].as_str()) {
        (Some("tool"), Some(text)) => {
            parts.push(json!({"type": "tool_call_response", "id": "c", "response": text}));
        }
        (_, Some(text)) => parts.push(json!({"type": "text", "content": text})),
        _ => {}
    }
    if message["tool_calls"].is_array() {
        parts.push(json!({"type": "tool_call", "id": "c", "name": "f", "arguments": {"q": "say0"}}));
    }
    json!({"role": message["role"], "parts": parts})
}

pub fn genai_messages(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let seed = rng.u64(..);
    let is_text = rng.bool();
    let spans = spans(all, rng, |call| {
        let value = |value: Value| if is_text { json!(print::json(&value, false)) } else { value };
        let (system, rest): (Vec<Value>, Vec<Value>) =
            asked(call, seed).into_iter().partition(|message| message["role"] == "system");
        let output = json!([{"role": "assistant", "finish_reason": "stop",
            "parts": [{"type": "reasoning", "content": "say0"}, {"type": "text", "content": call.answered}]}]);
        let mut all = json!({
            "gen_ai.operation.name": "chat",
            "gen_ai.conversation.id": call.dialogue.id,
            "gen_ai.input.messages": value(rest.iter().map(of_parts).collect()),
            "gen_ai.output.messages": value(output),
        });
        if let Some(system) = system.first() {
            all["gen_ai.system_instructions"] =
                value(json!([{"type": "text", "content": system["content"]}]));
        }
        (all, Vec::new())
    });
    either(spans, rng)
}

/// Spans of the AI SDK.
pub fn ai_sdk_spans(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let spans = spans(all, rng, |call| {
        let said = |(role, text): &Said| match *role {
            "system" => json!({"role": role, "content": text}),
            _ => json!({"role": role, "content": [{"type": "text", "text": text}]}),
        };
        let list: Vec<Value> = call.asked.iter().map(said).collect();
        let all = json!({"ai.operationId": "ai.streamText.doStream", "ai.model.id": "m", "ai.response.text": call.answered,
            "ai.prompt.messages": Value::from(list).to_string(), "ai.telemetry.metadata.sessionId": call.dialogue.id});
        (all, Vec::new())
    });
    either(spans, rng)
}

/// Traces of MLflow: each attribute is JSON in a text.
pub fn mlflow(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let mut traces = Vec::new();
    for (nth, call) in calls(all, History::Whole).into_iter().enumerate() {
        let input = json!({"model": "m", "messages": messages(&call.asked)}).to_string();
        let output =
            json!({"choices": [{"message": {"role": "assistant", "content": call.answered}}]}).to_string();
        let attributes = json!({"mlflow.spanType": "\"CHAT_MODEL\"", "mlflow.spanInputs": input, "mlflow.spanOutputs": output});
        let span = json!({"name": "Completions", "span_id": "a", "parent_span_id": null, "start_time_unix_nano": 1_769_515_200_000_000_000 + call.time * 1_000_000_000, "attributes": attributes});
        traces.push(json!({"info": {"trace_id": format!("tr-{nth}"), "trace_metadata": {"mlflow.trace.session": call.dialogue.id}}, "data": {"spans": [span]}}));
    }
    reordered(&mut traces, rng);
    print::lines(traces, rng)
}

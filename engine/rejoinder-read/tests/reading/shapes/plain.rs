//! Conversations that each stand in a record of their own, with a list of messages in it.

use fastrand::Rng;
use serde_json::{Value, json};

use super::dialogue::{Dialogue, Said, message};
use super::print;

fn each(all: &[Dialogue], record: impl Fn(&Dialogue) -> Value) -> Vec<Value> {
    all.iter().map(record).collect()
}

pub fn records(all: &[Dialogue]) -> Vec<Value> {
    each(all, |d| json!({"id": d.id, "model": "m", "messages": d.messages()}))
}

pub fn messages(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::lines(records(all), rng)
}

pub fn conversation(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let record =
        |d: &Dialogue| json!({"conversation_id": d.id, "a": [1, {"b": null}], "conversation": d.messages()});
    print::lines(each(all, record), rng)
}

pub fn array(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let list = records(all).into_iter().map(|record| print::odd(record, rng)).collect();
    print::json(&list, rng.bool()).into_bytes()
}

pub fn pretty_array(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let list = records(all).into_iter().map(|record| print::odd(record, rng)).collect();
    print::pretty(&list, rng.bool()).into_bytes()
}

pub fn pretty_objects(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let escapes = rng.bool();
    let between = ["\n", "\n\n", ""][rng.usize(..3)];
    let record = |record| print::pretty(&print::odd(record, rng), escapes) + between;
    records(all).into_iter().map(record).collect::<String>().into_bytes()
}

pub fn list_of_lists(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let list = Value::from(each(all, |d| d.messages().into()));
    let text = if rng.bool() { print::pretty(&list, rng.bool()) } else { print::json(&list, rng.bool()) };
    text.into_bytes()
}

pub fn list_a_line(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::lines(each(all, |d| d.messages().into()), rng)
}

fn wrapped(all: &[Dialogue], rng: &mut Rng, wrap: fn(Value) -> Value) -> Vec<u8> {
    let list: Value = records(all).into_iter().map(|record| print::odd(record, rng)).collect();
    let whole = wrap(list);
    let text = if rng.bool() { print::pretty(&whole, rng.bool()) } else { print::json(&whole, rng.bool()) };
    text.into_bytes()
}

pub fn wrapper(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    wrapped(all, rng, |list| json!({"version": 1, "tags": ["a", "b"], "conversations": list, "end": true}))
}

pub fn deep_wrapper(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    wrapped(
        all,
        rng,
        |list| json!({"export": {"at": "2026-01-27", "users": [{"name": "x"}], "data": {"items": list}}, "n": 1}),
    )
}

pub fn nested_chat(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::lines(each(all, |d| json!({"id": d.id, "chat": {"title": "t", "messages": d.messages()}})), rng)
}

pub fn nested_request(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let record = |d: &Dialogue| json!({"id": d.id, "request": {"body": {"model": "m", "messages": d.messages()}, "path": "/"}});
    print::lines(each(all, record), rng)
}

fn as_text(all: &[Dialogue]) -> Vec<Value> {
    each(all, |d| json!({"id": d.id, "model": "m", "messages": print::json(&d.messages().into(), false)}))
}

pub fn text_of_json(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::lines(as_text(all), rng)
}

pub fn csv_comma(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::csv(&as_text(all), b',', rng)
}

pub fn csv_semicolon(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    bytes.extend(print::csv(&as_text(all), b';', rng));
    bytes
}

pub fn csv_tab(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::csv(&as_text(all), b'\t', rng)
}

/// Messages as Python holds them, with what it cannot write as JSON.
fn python_messages(d: &Dialogue) -> Vec<Value> {
    let odd = |mut one: Value| {
        one["tool_calls"] = Value::Null;
        one["done"] = true.into();
        one["loss"] = "~nan~".into();
        one
    };
    d.messages().into_iter().map(odd).collect()
}

pub fn csv_python(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let record = |d: &Dialogue| json!({"id": d.id, "messages": print::python(&python_messages(d).into())});
    print::csv(&each(all, record), b',', rng)
}

pub fn csv_numpy(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let records: Vec<Value> = all
        .iter()
        .map(|d| json!({"conversation_id": d.id, "conversation": print::numpy(&python_messages(d), rng)}))
        .collect();
    print::csv(&records, b',', rng)
}

pub fn utf16(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::utf16(&messages(all, rng))
}

pub fn utf16_csv(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::utf16(&print::csv(&as_text(all), b'\t', rng))
}

/// Each text without the characters that Windows-1252 lacks; and without a blank that makes UTF-8 of the letter before.
pub fn in_windows_1252(d: &Dialogue) -> Dialogue {
    let fits = |c: &char| *c != '\u{a0}' && !encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut [0; 4])).2;
    let fit = |text: &String| text.chars().filter(fits).collect::<String>();
    Dialogue {
        id: d.id.clone(),
        system: d.system.as_ref().map(fit),
        exchanges: d.exchanges.iter().map(|both| both.each_ref().map(fit)).collect(),
    }
}

pub fn windows_1252(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let all: Vec<Dialogue> = all.iter().map(in_windows_1252).collect();
    let line = |record| print::json(&print::odd(record, rng), false) + "\n";
    let text: String = records(&all).into_iter().map(line).collect();
    encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
}

pub fn gzip(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::gzip(&messages(all, rng))
}

pub fn zstd_array(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    print::zstd(&pretty_array(all, rng))
}

pub fn sharegpt(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let said = |(role, text): Said| {
        let from = match role {
            "user" => "human",
            "assistant" => "gpt",
            other => other,
        };
        json!({"from": from, "value": text})
    };
    let record = |d: &Dialogue| json!({"id": d.id, "conversations": d.said().into_iter().map(said).collect::<Value>()});
    let records = each(all, record);
    if rng.bool() { print::lines(records, rng) } else { print::pretty(&records.into(), false).into_bytes() }
}

/// Pairs without names, and pairs with them.
pub fn pairs_a_record(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let named = rng.bool();
    let pair = |[asked, answered]: &[String; 2]| match named {
        true => json!({"human": asked, "assistant": answered}),
        false => json!([asked, answered]),
    };
    let record =
        |d: &Dialogue| json!({"id": d.id, "conversation": d.exchanges.iter().map(pair).collect::<Value>()});
    print::lines(each(all, record), rng)
}

/// A text as parts; where it has a line feed, at times as two.
fn parts(text: &str, kind: &str, rng: &mut Rng) -> Vec<Value> {
    let part = |text: &str| json!({"type": kind, "text": text});
    match text.split_once('\n') {
        Some((one, other)) if rng.bool() && !one.is_empty() && !other.is_empty() => {
            vec![part(one), part(other)]
        }
        _ => vec![part(text)],
    }
}

/// Records with a list of what `made` makes of each message.
fn made(all: &[Dialogue], rng: &mut Rng, made: impl Fn(Said, &mut Rng) -> Vec<Value>) -> Vec<u8> {
    let records: Vec<Value> = all
        .iter()
        .map(|d| {
            let list: Vec<Value> = d.said().into_iter().flat_map(|said| made(said, rng)).collect();
            json!({"id": d.id, "messages": list})
        })
        .collect();
    print::lines(records, rng)
}

pub fn parts_lists(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    made(all, rng, |(role, text), rng| {
        let kind = ["text", if role == "assistant" { "output_text" } else { "input_text" }][rng.usize(..2)];
        let mut content = parts(&text, kind, rng);
        if role == "user" && rng.bool() {
            content.push(json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}));
        }
        vec![json!({"role": role, "content": content})]
    })
}

/// Thinking in an answer's text.
pub fn think_tags(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    made(all, rng, |(role, text), rng| match role {
        "assistant" if rng.bool() => {
            vec![message(role, &format!("<think>\nsay0, \"hm\"\n</think>\n\n{text}"))]
        }
        _ => vec![message(role, &text)],
    })
}

pub fn ai_sdk(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let is_missing = rng.bool();
    made(all, rng, |(role, text), rng| {
        let mut list = parts(&text, "text", rng);
        if role == "assistant" {
            list.insert(0, json!({"type": "step-start"}));
            if rng.bool() {
                list.insert(1, json!({"type": "reasoning", "text": "say0", "state": "done"}));
            }
            if rng.bool() {
                let tool = json!({"type": "tool-weather", "toolCallId": "c1", "state": "output-available",
                    "input": {"q": "say0"}, "output": {"t": "say0"}});
                list.splice(1..1, [tool, json!({"type": "step-start"})]);
            }
            list.push(json!({"type": "data-weather", "id": "d", "data": {"text": "say0"}}));
        }
        let mut one = json!({"id": "m", "role": role, "parts": list, "metadata": {"createdAt": 1}});
        if !is_missing {
            one["content"] = "".into();
        }
        vec![one]
    })
}

/// `content` and `parts` say the same, and tools stand beside.
pub fn ai_sdk_4(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    made(all, rng, |(role, text), rng| {
        let mut one = json!({"id": "m", "createdAt": "2026-01-27T12:00:00Z", "role": role, "content": text});
        if role == "assistant" {
            one["reasoning"] = "say0".into();
            one["parts"] = json!([{"type": "step-start"}, {"type": "reasoning", "reasoning": "say0"}, {"type": "text", "text": text}]);
            if rng.bool() {
                one["toolInvocations"] = json!([{"state": "result", "toolCallId": "c", "toolName": "f", "args": {}, "result": "say0"}]);
            }
        }
        vec![one]
    })
}

/// Round trips of tools before an answer: what the model calls, and the result as a user's message.
pub fn anthropic_blocks(said: Said, rng: &mut Rng) -> Vec<Value> {
    let (role, text) = said;
    let mut list = Vec::new();
    let mut blocks = parts(&text, "text", rng);
    if role == "assistant" {
        for _ in 0..rng.usize(..3) {
            let mut call =
                vec![json!({"type": "tool_use", "id": "t", "name": "grep", "input": {"q": "say0"}})];
            if rng.bool() {
                call.insert(0, json!({"type": "thinking", "thinking": "say0", "signature": "s"}));
            }
            list.push(json!({"role": "assistant", "content": call}));
            let result = match rng.bool() {
                true => json!("found say0"),
                false => json!([{"type": "text", "text": "found say0"}]),
            };
            list.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": result}]}));
        }
        if rng.bool() {
            blocks.insert(0, json!({"type": "thinking", "thinking": "say0", "signature": "s"}));
        }
        if rng.bool() {
            let search = [
                json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "say0"}}),
                json!({"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "web_search_result", "title": "say0"}]}),
            ];
            blocks.splice(0..0, search);
        }
    }
    list.push(json!({"role": role, "content": blocks}));
    list
}

pub fn anthropic(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    made(all, rng, anthropic_blocks)
}

pub fn openai_blocks((role, text): Said, rng: &mut Rng) -> Vec<Value> {
    let mut list = Vec::new();
    if role == "assistant" {
        for _ in 0..rng.usize(..3) {
            let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"q\": \"say0\"}"}});
            list.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
            list.push(json!({"role": "tool", "tool_call_id": "c", "content": "found say0"}));
        }
    }
    list.push(message(role, &text));
    list
}

pub fn openai_tools(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    made(all, rng, openai_blocks)
}

pub fn gemini(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let records: Vec<Value> = all
        .iter()
        .map(|d| {
            let mut contents = Vec::new();
            for (role, text) in d.talk() {
                let own = if role == "user" { "user" } else { "model" };
                let mut list = vec![json!({"text": text})];
                if own == "model" && rng.bool() {
                    list.insert(0, json!({"text": "say0", "thought": true}));
                }
                if own == "model" && rng.bool() {
                    contents.push(
                        json!({"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}),
                    );
                    let result = json!({"functionResponse": {"name": "f", "response": {"x": "say0"}}});
                    contents.push(
                        json!({"role": if rng.bool() { "user" } else { "function" }, "parts": [result]}),
                    );
                }
                contents.push(json!({"role": own, "parts": list}));
            }
            let mut record = json!({"id": d.id, "model": "gemini", "contents": contents});
            if let Some(system) = &d.system {
                record["systemInstruction"] = json!({"parts": [{"text": system}]});
            }
            record
        })
        .collect();
    print::lines(records, rng)
}

fn langchain(role: &str) -> (&'static str, &'static str) {
    match role {
        "user" => ("HumanMessage", "human"),
        "assistant" => ("AIMessage", "ai"),
        _ => ("SystemMessage", "system"),
    }
}

pub fn langchain_constructor(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    made(all, rng, |(role, text), rng| {
        let (class, kind) = langchain(role);
        let content = if rng.bool() { json!(text) } else { parts(&text, "text", rng).into() };
        let kwargs =
            json!({"content": content, "type": kind, "additional_kwargs": {}, "response_metadata": {}});
        let mut list = Vec::new();
        if role == "assistant" && rng.bool() {
            let call = json!({"content": "", "type": "ai", "tool_calls": [{"name": "f", "args": {"q": "say0"}, "id": "c", "type": "tool_call"}]});
            list.push(json!({"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"], "kwargs": call}));
            let result =
                json!({"content": "found say0", "type": "tool", "tool_call_id": "c", "status": "success"});
            list.push(json!({"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "ToolMessage"], "kwargs": result}));
        }
        list.push(json!({"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", class], "kwargs": kwargs}));
        list
    })
}

pub fn langchain_data(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    made(all, rng, |(role, text), _| {
        let kind = langchain(role).1;
        vec![
            json!({"type": kind, "data": {"content": text, "additional_kwargs": {}, "type": kind, "name": null, "id": null, "example": false}}),
        ]
    })
}

pub fn langchain_flat(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    made(all, rng, |(role, text), _| {
        vec![
            json!({"content": text, "additional_kwargs": {}, "response_metadata": {}, "type": langchain(role).1, "name": null, "id": "run-1"}),
        ]
    })
}

//! Gemini's requests and chats: `contents` of `parts`, and the chats of Google AI Studio.

use serde_json::Value;

use super::{ReadMode, RecordResult, Shape, Sign, id_of, sign, simple, single};
use crate::message::{ParsedMessage, messages};
use crate::record::Mapping;

pub(super) static SHAPE: Shape =
    Shape { name: "gemini", describe: "Gemini contents", fits, read: ReadMode::PerRecord(read) };

fn list(record: &Value) -> Option<&Value> {
    let lists = [&record["contents"], &record["chunkedPrompt"]["chunks"], &record["request"]["contents"]];
    lists.into_iter().find(|list| list.is_array())
}

fn fits(record: &Value) -> Option<Sign> {
    let first = list(record)?.as_array()?.first()?;
    let is_content = first["role"].is_string() && (first["parts"].is_array() || first["text"].is_string());
    if is_content { sign(2, "`contents` of `parts`, or `chunkedPrompt`") } else { None }
}

fn read(record: &Value, mapping: &Mapping) -> Vec<RecordResult> {
    let Some(list) = list(record) else { return vec![Err("no `contents` in the record".into())] };
    // Thinking has chunks of its own.
    let spoken: Vec<Value> =
        list.as_array().into_iter().flatten().filter(|c| c["isThought"] != true).cloned().collect();
    match messages(&Value::Array(spoken), mapping) {
        Err(why) => vec![Err(why)],
        Ok(mut said) => {
            let response = [&record["response"], record].into_iter().find(|r| r["candidates"].is_array());
            if let Some(response) = response {
                said.extend(super::answers::answered(response, true, mapping).unwrap_or_default());
            }
            let system = ["systemInstruction", "system_instruction"].iter().find_map(|key| record.get(*key));
            if let Some(system) = system {
                said.insert(0, ParsedMessage::new(rejoinder_core::Role::System, system));
            }
            single(
                id_of(record, &["id", "conversation_id"]),
                said,
                simple(record, &["id", "conversation_id"]),
            )
        }
    }
}

//! Claude's account export: `chat_messages`, in one list whatever the branches.

use serde_json::{Map, Value};

use super::tree::{NodeContent, Tree};
use super::{ReadMode, RecordResult, Shape, Sign, has, id_of, moment_of, sign, single};
use crate::message::{Content, ParsedMessage, of_role};
use crate::record::Mapping;

pub(super) static SHAPE: Shape =
    Shape { name: "claude", describe: "a Claude account export", fits, read: ReadMode::PerRecord(read) };

fn fits(record: &Value) -> Option<Sign> {
    let list = record["chat_messages"].as_array()?;
    let is_message = |message: &Value| message["sender"].is_string();
    if list.iter().all(is_message) { sign(3, "`chat_messages` with a `sender`") } else { None }
}

fn read(record: &Value, mapping: &Mapping) -> Vec<RecordResult> {
    let list: &[Value] = record["chat_messages"].as_array().map_or(&[], Vec::as_slice);
    let names: Vec<String> = (0..list.len()).map(|at| format!("{at}")).collect();
    let mut tree = Tree::default();
    let has_links = list.iter().any(|message| has(message, "parent_message_uuid"));
    for (at, message) in list.iter().enumerate() {
        let own = message["uuid"].as_str().filter(|id| has_links && !id.is_empty()).unwrap_or(&names[at]);
        let before = match has_links {
            true => message["parent_message_uuid"].as_str(),
            false => at.checked_sub(1).map(|before| names[before].as_str()),
        };
        tree.add(own, before, message);
    }
    let time = |message: &Value| moment_of(message, &["created_at"]);
    let read = tree.conversation(record["current_leaf_message_uuid"].as_str(), time, |message| {
        let role = of_role(mapping, message["sender"].as_str().ok_or("a message without `sender`")?)?;
        Ok(NodeContent::Message(ParsedMessage::of(role, content(message))))
    });
    match read {
        Err(why) => vec![Err(why)],
        Ok((said, ids)) => {
            let mut metadata: Map<String, Value> = ids;
            for key in ["name", "created_at", "model"] {
                metadata.insert(key.to_owned(), record[key].clone());
            }
            single(id_of(record, &["uuid", "id"]), said, metadata)
        }
    }
}

/// The text of the blocks; without one, the flat text, which also names things that it cannot show. A paste is kept as an
/// attachment.
fn content(message: &Value) -> Content {
    let mut content = Content::of(&message["content"]);
    if content.text.trim().is_empty() && content.tools.is_empty() {
        content.text = Content::of(&message["text"]).text;
    }
    let attached = |key: &str| message[key].as_array().is_some_and(|list| !list.is_empty());
    content.has_media |= attached("attachments") || attached("files");
    content
}

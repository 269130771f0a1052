//! Open WebUI's export of chats: the tree in `chat.history`, walked from `currentId`.

use serde_json::{Map, Value};

use super::tree::{NodeContent, Tree};
use super::{ReadMode, RecordResult, Shape, Sign, id_of, moment_of, sign, single};
use crate::message::{Content, ParsedMessage, message_of, of_role};
use crate::record::Mapping;

pub(super) static SHAPE: Shape =
    Shape { name: "openwebui", describe: "chats of Open WebUI", fits, read: ReadMode::PerRecord(read) };

/// The chat of a record: in an export, bare, or in an export of feedback.
fn chat(record: &Value) -> Option<&Value> {
    let places = [&record["chat"], record, &record["snapshot"]["chat"]["chat"], &record["snapshot"]["chat"]];
    places.into_iter().find(|chat| chat["history"]["messages"].is_object())
}

fn fits(record: &Value) -> Option<Sign> {
    chat(record).map(|_| Sign { weight: 3, seen: "`chat.history` with a tree of `messages`" }).or_else(|| {
        let is_flat = record["chat"]["messages"].is_array() && record["chat"]["history"].is_object();
        if is_flat { sign(3, "`chat.messages` beside `chat.history`") } else { None }
    })
}

fn read(record: &Value, mapping: &Mapping) -> Vec<RecordResult> {
    let mut metadata = Map::new();
    for key in ["title", "created_at", "user_id"] {
        metadata.insert(key.to_owned(), record[key].clone());
    }
    let id = id_of(record, &["id", "meta.chat_id"]);
    let Some(chat) = chat(record) else {
        return match crate::message::messages(&record["chat"]["messages"], mapping) {
            Ok(said) => single(id, said, metadata),
            Err(why) => vec![Err(why)],
        };
    };
    let history = &chat["history"];
    let empty = Map::new();
    let mut tree = Tree::default();
    for (id, message) in history["messages"].as_object().unwrap_or(&empty) {
        tree.add(id, message["parentId"].as_str(), message);
    }
    let current = [&history["currentId"], &chat["currentId"], &record["current_message_id"]];
    let current = current.into_iter().find_map(Value::as_str);
    let time = |message: &Value| moment_of(message, &["timestamp"]);
    let read = tree.conversation(current, time, |message| {
        let role = message["role"].as_str().ok_or("a message without `role`")?;
        let role = of_role(mapping, role)?;
        let mut said =
            message_of(message, mapping).unwrap_or_else(|_| ParsedMessage::of(role, Content::default()));
        let is_shown = message["files"].as_array().is_some_and(|files| !files.is_empty());
        said.is_media |= said.is_blank() && is_shown;
        Ok(NodeContent::Message(said))
    });
    match read {
        Err(why) => vec![Err(why)],
        Ok((said, ids)) => {
            metadata.extend(ids);
            metadata.insert("models".to_owned(), chat["models"].clone());
            if let Some(system) = chat["params"]["system"].as_str().or_else(|| chat["system"].as_str())
                && !system.trim().is_empty()
                && !said.iter().any(|one| one.role == rejoinder_core::Role::System)
            {
                // Beside the chat, so that messages keep their numbers.
                metadata.insert("system".to_owned(), system.into());
            }
            single(id, said, metadata)
        }
    }
}

//! The conversations of a ChatGPT account export: a tree under `mapping`, walked from its current node.

use serde_json::Value;

use super::tree::{NodeContent, Tree};
use super::{ReadMode, RecordResult, Shape, Sign, id_of, moment_of, sign, single};
use crate::message::{Content, ParsedMessage, keys_of, of_role};
use crate::record::{Mapping, RecordError};

pub(super) static SHAPE: Shape =
    Shape { name: "chatgpt", describe: "a ChatGPT account export", fits, read: ReadMode::PerRecord(read) };

/// The kinds of content that the interface does not show as part of the chat.
const HIDDEN: [&str; 4] = ["thoughts", "reasoning_recap", "user_editable_context", "model_editable_context"];

fn fits(record: &Value) -> Option<Sign> {
    let nodes = record["mapping"].as_object()?;
    let has_author = nodes.values().any(|node| node["message"]["author"]["role"].is_string());
    let is_empty = nodes.values().all(|node| node["message"].is_null());
    match has_author || is_empty && record.get("current_node").is_some() {
        true => sign(3, "`mapping` with messages that have an `author`"),
        false => None,
    }
}

fn read(record: &Value, mapping: &Mapping) -> Vec<RecordResult> {
    conversation(record, mapping).unwrap_or_else(|why| vec![Err(why)])
}

fn conversation(record: &Value, mapping: &Mapping) -> Result<Vec<RecordResult>, RecordError> {
    let nodes = record["mapping"].as_object().ok_or_else(|| {
        RecordError::from(format!("no `mapping` in the record; it has {}", keys_of(record)))
    })?;
    let mut tree = Tree::default();
    for (id, node) in nodes {
        tree.add(id, node["parent"].as_str(), node);
    }
    let time = |node: &Value| moment_of(&node["message"], &["create_time"]);
    let (said, mut metadata) = tree.conversation(record["current_node"].as_str(), time, |node| {
        let message = &node["message"];
        let name = message["author"]["role"].as_str();
        let role = name.map(|name| of_role(mapping, name)).transpose();
        if !is_shown(message) {
            return Ok(NodeContent::Hidden(role.ok().flatten()));
        }
        let role = role?.ok_or("a message without the role of its author")?;
        Ok(NodeContent::Message(ParsedMessage::of(role, content(&message["content"]))))
    })?;
    for key in ["title", "create_time", "default_model_slug"] {
        metadata.insert(key.to_owned(), record[key].clone());
    }
    Ok(single(id_of(record, &["conversation_id", "id"]), said, metadata))
}

fn is_shown(message: &Value) -> bool {
    let kind = message["content"]["content_type"].as_str().unwrap_or_default();
    message.is_object()
        && message["weight"].as_f64() != Some(0.0)
        && matches!(message["recipient"].as_str(), None | Some("all"))
        && message["channel"].as_str() != Some("commentary")
        && !HIDDEN.contains(&kind)
        // The root and the instructions of the interface are there, and empty.
        && !(message["author"]["role"] == "system" && content(&message["content"]).is_nothing())
}

fn content(content: &Value) -> Content {
    match &content["parts"] {
        parts @ Value::Array(_) => Content::of(parts),
        _ => Content::of(&content["text"]),
    }
}

//! The conversations of a ChatGPT account export: a tree, of which the branch is read that the user saw last.

use std::collections::BTreeSet;

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::line::{Line, id, text};
use crate::record::{Mapping, of_role};

/// What the interface does not show as part of the chat.
const HIDDEN: [&str; 4] = ["thoughts", "reasoning_recap", "user_editable_context", "model_editable_context"];

/// The one line of a conversation.
pub(super) fn made(record: &Value, mapping: &Mapping) -> Result<Vec<Result<Line, String>>, String> {
    let nodes = record["mapping"].as_object().ok_or("no `mapping` in the record")?;
    let path = path(record, nodes)?;
    let mut messages: Vec<(Role, String)> = Vec::new();
    let (mut ids, mut edited, mut regenerated) = (Vec::new(), Vec::new(), Vec::new());
    // An answer may begin with what is not shown, and be written anew from there.
    let mut anew = false;
    for node in path {
        let message = &node["message"];
        let siblings = node["parent"].as_str().and_then(|parent| nodes.get(parent)?["children"].as_array());
        let same = |id: &&Value| {
            let other = id.as_str().and_then(|id| nodes.get(id));
            other.is_some_and(|other| other["message"]["author"]["role"] == message["author"]["role"])
        };
        anew |= siblings.is_some_and(|all| all.iter().filter(same).count() > 1);
        if !is_shown(message) {
            continue;
        }
        let role = message["author"]["role"].as_str().ok_or("a message without a role of its author")?;
        let role = of_role(mapping, role)?;
        match role {
            Role::User if anew => edited.push(Value::from(messages.len())),
            Role::Assistant if anew => regenerated.push(Value::from(messages.len())),
            _ => {}
        }
        anew &= matches!(role, Role::Tool);
        ids.push(message["id"].clone());
        messages.push((role, content(&message["content"])));
    }
    let mut metadata = Map::new();
    for key in ["title", "create_time", "default_model_slug"] {
        metadata.insert(key.to_owned(), record[key].clone());
    }
    for (key, indices) in [("message_ids", ids), ("edited", edited), ("regenerated", regenerated)] {
        metadata.insert(key.to_owned(), indices.into());
    }
    let own = id(&record["conversation_id"]).or_else(|| id(&record["id"]));
    Ok(vec![Ok(Line::new(own, &messages, 0, metadata))])
}

/// From the root to the current node.
fn path<'r>(record: &'r Value, nodes: &'r Map<String, Value>) -> Result<Vec<&'r Value>, String> {
    // Without a current node, the one that was written last and has no reply.
    let is_leaf = |node: &&Value| node["children"].as_array().is_none_or(Vec::is_empty);
    let time = |node: &&Value| node["message"]["create_time"].as_f64().unwrap_or(f64::NEG_INFINITY);
    let last = match record["current_node"].as_str() {
        Some(current) => nodes.get(current),
        None => nodes.values().filter(is_leaf).max_by(|a, b| time(a).total_cmp(&time(b))),
    };
    let mut node = last.ok_or("the current node is not among the messages")?;
    let (mut path, mut seen) = (vec![node], BTreeSet::new());
    while let Some(parent) = node["parent"].as_str() {
        if !seen.insert(parent) {
            return Err("the messages are each other's parents".to_owned());
        }
        node = nodes.get(parent).ok_or("a message whose parent is missing")?;
        path.push(node);
    }
    path.reverse();
    Ok(path)
}

fn is_shown(message: &Value) -> bool {
    let kind = message["content"]["content_type"].as_str().unwrap_or_default();
    message.is_object()
        && message["weight"].as_f64() != Some(0.0)
        && matches!(message["recipient"].as_str(), None | Some("all"))
        && message["channel"].as_str() != Some("commentary")
        && !HIDDEN.contains(&kind)
        // The root and the instructions of the interface are there, and empty.
        && !(message["author"]["role"] == "system" && content(&message["content"]).is_empty())
}

fn content(content: &Value) -> String {
    match &content["parts"] {
        Value::Array(_) => text(&content["parts"]),
        _ => text(&content["text"]),
    }
}

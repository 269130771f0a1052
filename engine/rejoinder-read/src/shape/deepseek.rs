//! DeepSeek's account export: the tree of ChatGPT, with messages that have no author and are cut into fragments of several kinds.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::tree::{NodeContent, Tree};
use super::{ReadMode, RecordResult, Shape, Sign, id_of, moment_of, sign, single};
use crate::message::{Content, ParsedMessage};
use crate::record::Mapping;

pub(super) static SHAPE: Shape =
    Shape { name: "deepseek", describe: "a DeepSeek account export", fits, read: ReadMode::PerRecord(read) };

fn fits(record: &Value) -> Option<Sign> {
    let nodes = record["mapping"].as_object()?;
    let has_fragments = |node: &Value| node["message"]["fragments"].is_array();
    if nodes.values().any(has_fragments) { sign(3, "`mapping` with messages of `fragments`") } else { None }
}

fn read(record: &Value, _: &Mapping) -> Vec<RecordResult> {
    let empty = Map::new();
    let mut tree = Tree::default();
    for (id, node) in record["mapping"].as_object().unwrap_or(&empty) {
        tree.add(id, node["parent"].as_str(), node);
    }
    let time = |node: &Value| moment_of(&node["message"], &["inserted_at"]);
    let read = tree.conversation(record["current_node"].as_str(), time, |node| Ok(shown(&node["message"])));
    let (said, mut metadata) = match read {
        Ok(read) => read,
        Err(why) => return vec![Err(why)],
    };
    for key in ["title", "inserted_at"] {
        metadata.insert(key.to_owned(), record[key].clone());
    }
    single(id_of(record, &["id", "conversation_id"]), said, metadata)
}

/// A message: a request, or a response without the thinking, searches and pages before it.
fn shown(message: &Value) -> NodeContent {
    let fragments = || message["fragments"].as_array().into_iter().flatten();
    let of = |kind: &str| -> Vec<Value> {
        let is_one =
            |fragment: &&Value| fragment["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(kind));
        fragments().filter(is_one).cloned().collect()
    };
    let said = |role, fragments: Vec<Value>| {
        let texts: Vec<Value> = fragments.into_iter().map(|fragment| fragment["content"].clone()).collect();
        NodeContent::Message(ParsedMessage::of(role, Content::of(&Value::Array(texts))))
    };
    let (requests, responses) = (of("REQUEST"), of("RESPONSE"));
    match (requests.is_empty(), responses.is_empty()) {
        (false, _) => said(Role::User, requests),
        (true, false) => said(Role::Assistant, responses),
        // An answer that was stopped while it was thought about.
        _ if fragments().next().is_some() => {
            NodeContent::Message(ParsedMessage::new(Role::Assistant, &Value::Null))
        }
        _ => NodeContent::Hidden(None),
    }
}

//! DeepSeek's account export: ChatGPT's tree, with messages that have no author and are cut into fragments of a kind.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::tree::{Shown, Tree};
use super::{Made, Read, Shape, Sign, id_of, made, sign};
use crate::join::moment_of;
use crate::message::{Content, Said};
use crate::record::Mapping;

pub(super) static SHAPE: Shape =
    Shape { name: "deepseek", describe: "a DeepSeek account export", fits, read: Read::Apart(read) };

fn fits(record: &Value) -> Option<Sign> {
    let nodes = record["mapping"].as_object()?;
    let has_fragments = |node: &Value| node["message"]["fragments"].is_array();
    if nodes.values().any(has_fragments) { sign(3, "`mapping` with messages of `fragments`") } else { None }
}

fn read(record: &Value, _: &Mapping) -> Vec<Made> {
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
    made(id_of(record, &["id", "conversation_id"]), said, metadata)
}

/// A message: what was requested, or the response without what was thought, searched and read before.
fn shown(message: &Value) -> Shown {
    let fragments = || message["fragments"].as_array().into_iter().flatten();
    let of = |kind: &str| -> Vec<Value> {
        let is_one =
            |fragment: &&Value| fragment["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(kind));
        fragments().filter(is_one).cloned().collect()
    };
    let said = |role, fragments: Vec<Value>| {
        let texts: Vec<Value> = fragments.into_iter().map(|fragment| fragment["content"].clone()).collect();
        Shown::Said(Said::of(role, Content::of(&Value::Array(texts))))
    };
    let (requests, responses) = (of("REQUEST"), of("RESPONSE"));
    match (requests.is_empty(), responses.is_empty()) {
        (false, _) => said(Role::User, requests),
        (true, false) => said(Role::Assistant, responses),
        // An answer that was stopped while it was thought about.
        _ if fragments().next().is_some() => Shown::Said(Said::new(Role::Assistant, &Value::Null)),
        _ => Shown::Hidden(None),
    }
}

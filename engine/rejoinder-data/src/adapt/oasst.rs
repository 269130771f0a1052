//! OpenAssistant: a tree of messages. Each path from the root to a leaf is a conversation; what it shares with the
//! path before is looked at there only, so that each message is judged once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rejoinder_core::Role;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::line::{Line, id, text};
use super::{Made, value};
use crate::record::{Mapping, of_role};

/// What the paths of one tree may take together: branches repeat what they share.
const MAX_BYTES: usize = 64 << 20;

#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    message_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message_tree_id: Option<Cow<'a, str>>,
    prompt: Option<serde::de::IgnoredAny>,
}

/// The tree that a message on its own is of; `None` for whole trees and threads.
pub(super) fn key(record: &[u8]) -> Option<String> {
    let keys: Keys<'_> = serde_json::from_slice(record).ok()?;
    let is_message = keys.message_id.is_some() && keys.prompt.is_none();
    keys.message_tree_id.filter(|_| is_message).map(Cow::into_owned)
}

/// A message, with its place in the tree.
struct Node {
    record: Value,
    replies: Vec<usize>,
}

/// The paths of a tree, which is one record or a group of messages.
pub(super) fn made(group: &[Vec<u8>], mapping: &Mapping) -> Made {
    let records: Vec<Value> = match group.iter().map(|record| value(record)).collect() {
        Ok(records) => records,
        Err(why) => return vec![Err(why)],
    };
    let mut nodes = Vec::new();
    let (roots, orphans) = match &*records {
        [tree] if tree["prompt"].is_object() => (vec![grow(&tree["prompt"], &mut nodes)], Vec::new()),
        [thread] if thread["thread"].is_array() => {
            for message in thread["thread"].as_array().into_iter().flatten() {
                let next = nodes.len() + 1;
                nodes.push(Node { record: message.clone(), replies: vec![next] });
            }
            if let Some(last) = nodes.last_mut() {
                last.replies.clear();
            }
            (if nodes.is_empty() { Vec::new() } else { vec![0] }, Vec::new())
        }
        _ => rebuild(&records, &mut nodes),
    };
    let mut paths = Paths { nodes: &nodes, tree: &records[0], mapping, bytes: 0, made: Vec::new() };
    roots.into_iter().for_each(|root| paths.walk(root));
    let mut made = paths.made;
    made.extend(orphans.into_iter().map(Err));
    if made.is_empty() {
        made.push(Err("no message in the tree".to_owned()));
    }
    made
}

/// Takes a message with all replies below it; returns where it stands.
fn grow(message: &Value, nodes: &mut Vec<Node>) -> usize {
    let at = nodes.len();
    let mut record = message.clone();
    if let Some(fields) = record.as_object_mut() {
        fields.remove("replies");
    }
    nodes.push(Node { record, replies: Vec::new() });
    for reply in message["replies"].as_array().into_iter().flatten() {
        let below = grow(reply, nodes);
        nodes[at].replies.push(below);
    }
    at
}

/// Hangs messages below their parents; returns the roots, and what is wrong with those that hang nowhere.
fn rebuild(records: &[Value], nodes: &mut Vec<Node>) -> (Vec<usize>, Vec<String>) {
    nodes.extend(records.iter().map(|record| Node { record: record.clone(), replies: Vec::new() }));
    let places: BTreeMap<&str, usize> =
        records.iter().enumerate().filter_map(|(at, r)| Some((r["message_id"].as_str()?, at))).collect();
    let (mut roots, mut orphans) = (Vec::new(), Vec::new());
    for (at, record) in records.iter().enumerate() {
        match record["parent_id"].as_str() {
            None => roots.push(at),
            Some(parent) => match places.get(parent) {
                Some(&parent) => nodes[parent].replies.push(at),
                None => orphans.push(format!(
                    "the parent of message `{}` does not stand beside it",
                    record["message_id"].as_str().unwrap_or_default().escape_debug()
                )),
            },
        }
    }
    if roots.is_empty() && orphans.is_empty() {
        orphans.push("the messages are each other's parents".to_owned());
    }
    (roots, orphans)
}

struct Paths<'t> {
    nodes: &'t [Node],
    tree: &'t Value,
    mapping: &'t Mapping,
    bytes: usize,
    made: Made,
}

impl Paths<'_> {
    /// Writes all paths below a root, depth first, so that a path shares most with the one before.
    fn walk(&mut self, root: usize) {
        // The path so far, and for each message of it which reply comes next.
        let mut path = vec![(root, 0)];
        let mut shared = 0;
        while let Some(&mut (node, ref mut next)) = path.last_mut() {
            match self.nodes[node].replies.get(*next) {
                Some(&reply) => {
                    *next += 1;
                    path.push((reply, 0));
                }
                None => {
                    if self.nodes[node].replies.is_empty() {
                        if self.bytes > MAX_BYTES {
                            self.made.push(Err("the tree has too many branches".to_owned()));
                            return;
                        }
                        let made = self.line(&path, shared);
                        self.made.push(made);
                    }
                    path.pop();
                    shared = path.len();
                }
            }
        }
    }

    fn line(&mut self, path: &[(usize, usize)], shared: usize) -> Result<Line, String> {
        let records = || path.iter().map(|(node, _)| &self.nodes[*node].record);
        let mut messages: Vec<(Role, String)> = Vec::with_capacity(path.len());
        for record in records() {
            let role = record["role"].as_str().ok_or("a message without `role`")?;
            messages.push((of_role(self.mapping, role)?, text(&record["text"])));
        }
        let leaf = records().next_back().and_then(|record| id(&record["message_id"]));
        let mut metadata = Map::new();
        for key in ["message_tree_id", "tree_state", "lang"] {
            let own = [self.tree, &self.nodes[path[0].0].record];
            if let Some(value) = own.into_iter().find_map(|record| record.get(key)) {
                metadata.insert(key.to_owned(), value.clone());
            }
        }
        metadata.insert("message_ids".to_owned(), records().map(|r| r["message_id"].clone()).collect());
        let line = Line::new(leaf, &messages, shared, metadata);
        self.bytes += line.0.len();
        Ok(line)
    }
}

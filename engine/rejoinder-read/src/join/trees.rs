//! OpenAssistant: a tree of messages. Each path from the root to a leaf is a conversation. The messages that a path shares with the path
//! before are looked at in the path before only, so that each message is judged once.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::joiner::Join;
use super::output::JoinOutput;
use crate::message::{ParsedMessage, id, of_role};
use crate::record::{Mapping, Record};
use crate::shape::{RecordResult, value};

/// The most text that the paths of one tree may have together, in bytes: branches repeat the messages that they share.
const MAX_BYTES: usize = 64 << 20;

pub(super) struct TreeJoin {
    mapping: Arc<Mapping>,
    max_bytes: usize,
    /// Messages of one tree.
    group: Vec<Value>,
    bytes: usize,
    key: Option<String>,
}

impl TreeJoin {
    pub(super) const fn new(mapping: Arc<Mapping>, max_bytes: usize) -> Self {
        Self { mapping, max_bytes, group: Vec::new(), bytes: 0, key: None }
    }

    fn flush(&mut self, out: &mut JoinOutput) {
        let group = std::mem::take(&mut self.group);
        let bytes = std::mem::take(&mut self.bytes);
        if !group.is_empty() {
            made(&group, &self.mapping).into_iter().for_each(|made| out.push(made, bytes));
        }
    }
}

impl Join for TreeJoin {
    fn take(&mut self, record: &[u8], out: &mut JoinOutput) {
        let record_bytes = record.len();
        let record = match value(record) {
            Ok(record) => record,
            Err(why) => {
                self.flush(out);
                return out.set_aside(record_bytes as u64, why);
            }
        };
        let key = key(&record);
        if key.is_none() || key != self.key || self.bytes + record_bytes > self.max_bytes {
            self.flush(out);
        }
        self.key = key;
        self.bytes += record_bytes;
        self.group.push(record);
        if self.key.is_none() {
            self.flush(out);
        }
    }

    fn end(&mut self, out: &mut JoinOutput) {
        self.flush(out);
    }
}

/// The id of the tree that a single message belongs to; `None` for whole trees and threads.
fn key(record: &Value) -> Option<String> {
    let is_message = record.get("message_id").is_some() && record.get("prompt").is_none();
    id(&record["message_tree_id"]).filter(|_| is_message)
}

/// A message, with its place in the tree.
struct Node {
    record: Value,
    replies: Vec<usize>,
}

/// The paths of a tree, which is one record or a group of messages.
fn made(records: &[Value], mapping: &Mapping) -> Vec<RecordResult> {
    let mut nodes = Vec::new();
    let roots = match records {
        [tree] if tree["prompt"].is_object() => vec![grow(&tree["prompt"], &mut nodes)],
        [thread] if thread["thread"].is_array() => {
            for message in thread["thread"].as_array().into_iter().flatten() {
                let next = nodes.len() + 1;
                nodes.push(Node { record: message.clone(), replies: vec![next] });
            }
            if let Some(last) = nodes.last_mut() {
                last.replies.clear();
            }
            if nodes.is_empty() { Vec::new() } else { vec![0] }
        }
        _ => rebuild(records, &mut nodes),
    };
    let mut paths = Paths {
        nodes: &nodes,
        tree: &records[0],
        mapping,
        bytes: 0,
        reached: HashSet::new(),
        made: Vec::new(),
    };
    roots.into_iter().for_each(|root| paths.walk(root));
    let lost = nodes.len() - paths.reached.len();
    let has_room = paths.bytes <= MAX_BYTES;
    let mut made = paths.made;
    if lost > 0 && has_room {
        made.push(Err(format!("{lost} messages of the tree are each other's parents").into()));
    }
    if made.is_empty() {
        made.push(Err("no message in the tree".into()));
    }
    made
}

/// Adds a message with all replies below it. Returns the place of the message.
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

/// Hangs messages below their parents. Returns the messages without a parent; a message whose parent is missing begins a path of
/// its own.
fn rebuild(records: &[Value], nodes: &mut Vec<Node>) -> Vec<usize> {
    nodes.extend(records.iter().map(|record| Node { record: record.clone(), replies: Vec::new() }));
    let places: BTreeMap<&str, usize> =
        records.iter().enumerate().filter_map(|(at, r)| Some((r["message_id"].as_str()?, at))).collect();
    let mut roots = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let parent = record["parent_id"].as_str().and_then(|parent| places.get(parent).copied());
        match parent.filter(|parent| *parent != at) {
            Some(parent) => nodes[parent].replies.push(at),
            None => roots.push(at),
        }
    }
    roots
}

struct Paths<'t> {
    nodes: &'t [Node],
    tree: &'t Value,
    mapping: &'t Mapping,
    bytes: usize,
    /// Messages that stand on some path.
    reached: HashSet<usize>,
    made: Vec<RecordResult>,
}

impl Paths<'_> {
    /// Writes all paths below a root, depth first, so that a path shares most with the one before.
    fn walk(&mut self, root: usize) {
        // The path so far, and for each message of it which reply comes next.
        let mut path = vec![(root, 0)];
        // So many messages of the path stand in a conversation that was read.
        let mut shared = 0;
        self.reached.insert(root);
        while let Some(&mut (node, ref mut next)) = path.last_mut() {
            match self.nodes[node].replies.get(*next) {
                Some(&reply) => {
                    *next += 1;
                    if self.reached.insert(reply) {
                        path.push((reply, 0));
                    }
                }
                None => {
                    if self.nodes[node].replies.is_empty() {
                        if self.bytes > MAX_BYTES {
                            self.made.push(Err("the tree has too many branches".into()));
                            return;
                        }
                        let made = self.conversation(&path, shared);
                        if made.is_ok() {
                            shared = path.len();
                        }
                        self.made.push(made);
                    }
                    path.pop();
                    shared = shared.min(path.len());
                }
            }
        }
    }

    fn conversation(&mut self, path: &[(usize, usize)], shared: usize) -> RecordResult {
        let records = || path.iter().map(|(node, _)| &self.nodes[*node].record);
        let mut said: Vec<ParsedMessage> = Vec::with_capacity(path.len());
        for record in records() {
            let role = record["role"].as_str().ok_or("a message without `role`")?;
            said.push(ParsedMessage::new(of_role(self.mapping, role)?, &record["text"]));
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
        self.bytes += said.iter().map(|one| one.text.len()).sum::<usize>();
        let made = Record::of_parsed(leaf, said, metadata);
        let is_cut_off = records().next().is_some_and(|root| root["parent_id"].is_string());
        let record = made.map_err(|why| {
            if is_cut_off { format!("{why}; the parent of its first message is missing").into() } else { why }
        })?;
        Ok(Record { shared, ..record })
    }
}

//! OpenAssistant: a tree of messages. Each path from the root to a leaf is a conversation; what it shares with the
//! path before is looked at there only, so that each message is judged once.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Join, Out};
use crate::message::{Said, id, of_role};
use crate::record::{Mapping, Record};
use crate::shape::{Made, value};

/// What the paths of one tree may take together: branches repeat what they share.
const MAX_BYTES: usize = 64 << 20;

pub(super) struct Trees {
    mapping: Arc<Mapping>,
    max_bytes: usize,
    /// Messages of one tree.
    group: Vec<Value>,
    bytes: usize,
    key: Option<String>,
}

impl Trees {
    pub(super) const fn new(mapping: Arc<Mapping>, max_bytes: usize) -> Self {
        Self { mapping, max_bytes, group: Vec::new(), bytes: 0, key: None }
    }

    fn flush(&mut self, out: &mut Out) {
        let group = std::mem::take(&mut self.group);
        let bytes = std::mem::take(&mut self.bytes);
        if !group.is_empty() {
            made(&group, &self.mapping).into_iter().for_each(|made| out.made(made, bytes));
        }
    }
}

impl Join for Trees {
    fn take(&mut self, record: &[u8], out: &mut Out) {
        let record_bytes = record.len();
        let record = match value(record) {
            Ok(record) => record,
            Err(why) => {
                self.flush(out);
                return out.bad(record_bytes as u64, why);
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

    fn end(&mut self, out: &mut Out) {
        self.flush(out);
    }
}

/// The tree that a message on its own is of; `None` for whole trees and threads.
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
fn made(records: &[Value], mapping: &Mapping) -> Vec<Made> {
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
        made.push(Err(format!("{lost} messages of the tree are each other's parents")));
    }
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

/// Hangs messages below their parents; returns those that have none. A message whose parent is missing begins a path of its
/// own.
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
    made: Vec<Made>,
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
                            self.made.push(Err("the tree has too many branches".to_owned()));
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

    fn conversation(&mut self, path: &[(usize, usize)], shared: usize) -> Made {
        let records = || path.iter().map(|(node, _)| &self.nodes[*node].record);
        let mut said: Vec<Said> = Vec::with_capacity(path.len());
        for record in records() {
            let role = record["role"].as_str().ok_or("a message without `role`")?;
            said.push(Said::new(of_role(self.mapping, role)?, &record["text"]));
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
        let made = Record::of_said(leaf, said, metadata);
        let is_cut_off = records().next().is_some_and(|root| root["parent_id"].is_string());
        let record = made.map_err(|why| {
            if is_cut_off { format!("{why}; the parent of its first message is missing") } else { why }
        })?;
        Ok(Record { shared, ..record })
    }
}

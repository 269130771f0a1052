//! Chats that are kept as trees: an edited request and an answer that was written anew are branches. The branch that the
//! user saw last is the conversation.

use std::collections::{HashMap, HashSet};

use rejoinder_core::Role;
use serde_json::{Map, Value};

use crate::json::moment::in_milliseconds;
use crate::message::ParsedMessage;
use crate::record::RecordError;

/// The messages of a chat, each with its parent.
#[derive(Default)]
pub(super) struct Tree<'v> {
    nodes: Vec<Node<'v>>,
    places: HashMap<&'v str, usize>,
}

struct Node<'v> {
    id: &'v str,
    parent: Option<&'v str>,
    value: &'v Value,
}

/// The part of the chat that a node holds.
pub(super) enum NodeContent {
    /// A message.
    Message(ParsedMessage),
    /// No part of the chat; the role is that of the author.
    Hidden(Option<Role>),
}

impl<'v> Tree<'v> {
    /// Adds a message. If two messages have one id, the first counts.
    pub(super) fn add(&mut self, id: &'v str, parent: Option<&'v str>, value: &'v Value) {
        self.places.entry(id).or_insert(self.nodes.len());
        self.nodes.push(Node { id, parent: parent.filter(|parent| *parent != id), value });
    }

    fn parent(&self, at: usize) -> Option<usize> {
        self.places.get(self.nodes[at].parent?).copied()
    }

    /// The path from the root to `current`; where that message is not known, to the message without a reply that was written last. The
    /// path begins where a link leads nowhere or in a circle.
    fn path(&self, current: Option<&str>, time: impl Fn(&Value) -> Option<i128>) -> Vec<usize> {
        let last = current.and_then(|id| self.places.get(id).copied()).or_else(|| {
            let parents: HashSet<&str> = self.nodes.iter().filter_map(|node| node.parent).collect();
            let is_leaf = |at: &usize| !parents.contains(self.nodes[*at].id);
            let all = 0..self.nodes.len();
            all.filter(is_leaf).max_by_key(|at| (time(self.nodes[*at].value), *at))
        });
        let Some(mut at) = last else { return Vec::new() };
        let (mut path, mut seen) = (vec![at], HashSet::from([at]));
        while let Some(before) = self.parent(at) {
            if !seen.insert(before) {
                break;
            }
            path.push(before);
            at = before;
        }
        path.reverse();
        path
    }

    /// The messages on the path to `current`, and metadata: the ids of the messages, and the indices of edited requests and of answers
    /// that were written anew.
    ///
    /// # Errors
    /// If a message cannot be read.
    pub(super) fn conversation(
        &self,
        current: Option<&str>,
        time: impl Fn(&Value) -> Option<i128>,
        show: impl Fn(&Value) -> Result<NodeContent, RecordError>,
    ) -> Result<(Vec<ParsedMessage>, Map<String, Value>), RecordError> {
        let mut children: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            children.entry(node.parent.unwrap_or_default()).or_default().push(at);
        }
        let role = |at: usize| match show(self.nodes[at].value) {
            Ok(NodeContent::Message(said)) => Some(said.role),
            Ok(NodeContent::Hidden(role)) => role,
            Err(_) => None,
        };
        let mut said: Vec<ParsedMessage> = Vec::new();
        let (mut ids, mut edited, mut regenerated) = (Vec::new(), Vec::new(), Vec::new());
        // An answer may begin with what is not shown, and be written anew from there.
        let mut anew = false;
        let path = self.path(current, &time);
        for &at in &path {
            let node = &self.nodes[at];
            let siblings = children.get(node.parent.unwrap_or_default()).map_or(&[][..], Vec::as_slice);
            if siblings.len() > 1 {
                let own = role(at);
                anew |= siblings.iter().filter(|other| role(**other) == own).count() > 1;
            }
            let NodeContent::Message(mut one) = show(node.value)? else { continue };
            one.time = one.time.or_else(|| in_milliseconds(time(node.value)?));
            match one.role {
                Role::User if anew => edited.push(Value::from(said.len())),
                Role::Assistant if anew => regenerated.push(Value::from(said.len())),
                _ => {}
            }
            anew &= matches!(one.role, Role::Tool);
            ids.push(Value::from(node.id));
            said.push(one);
        }
        let root = path.first().and_then(|at| self.nodes[*at].parent);
        if let Some(parent) = root
            && !self.places.contains_key(parent)
            && !said.iter().any(|one| one.role == Role::User)
        {
            return Err("a message whose parent is missing, and no user message after it".into());
        }
        let mut metadata = Map::new();
        for (key, indices) in [("message_ids", ids), ("edited", edited), ("regenerated", regenerated)] {
            metadata.insert(key.to_owned(), indices.into());
        }
        Ok((said, metadata))
    }
}

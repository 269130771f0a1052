//! Joins records of one message each: gathers the messages of each conversation by a shared value, and puts them in order.
//!
//! A conversation is made where its last message stands. Memory: the texts of conversations whose end is to come, and
//! some 40 bytes for each conversation of the file.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::joiner::{HELD_BYTES, Join};
use super::output::JoinOutput;
use crate::json::moment::in_milliseconds;
use crate::message::of_list;
use crate::record::{Mapping, Record};
use crate::shape::value;

/// The most conversations that are told apart while a file is looked at.
const CONVERSATIONS: usize = 1 << 24;

/// A record of one message, with its place in a conversation.
#[derive(Clone, Debug)]
pub(crate) struct MessageRow {
    /// The value that the messages of the conversation share.
    pub key: Option<String>,
    /// The number of the message in the conversation.
    pub order: Option<f64>,
    /// When the message was written, in nanoseconds since 1970.
    pub time: Option<i128>,
    pub message: Value,
    pub metadata: Map<String, Value>,
    /// Whether a new conversation begins here, where no key says so.
    pub begins: bool,
    /// Whether the record is no message of the conversation.
    pub is_aside: bool,
}

pub(super) struct RowJoin {
    read: fn(&Value, &Mapping) -> MessageRow,
    mapping: Arc<Mapping>,
    max_bytes: usize,
    /// The number of rows of each conversation that are still to come.
    left: HashMap<u64, u32>,
    /// The number of conversations that began without a name.
    begun: u64,
    /// The key of rows that have no key of their own.
    session: Option<String>,
    held: HashMap<u64, OpenConversation>,
    held_bytes: usize,
    has_example: bool,
}

#[derive(Default)]
struct OpenConversation {
    rows: Vec<MessageRow>,
    key: Option<String>,
    bytes: usize,
}

impl RowJoin {
    pub(super) fn new(
        read: fn(&Value, &Mapping) -> MessageRow,
        mapping: Arc<Mapping>,
        max_bytes: usize,
    ) -> Self {
        Self {
            read,
            mapping,
            max_bytes,
            left: HashMap::new(),
            begun: 0,
            session: None,
            held: HashMap::new(),
            held_bytes: 0,
            has_example: false,
        }
    }

    /// The hash of the conversation that a row belongs to.
    fn place(&mut self, row: &MessageRow) -> u64 {
        if row.begins {
            self.begun += 1;
            self.session.clone_from(&row.key);
        }
        let mut hasher = DefaultHasher::new();
        match &row.key {
            Some(key) if !row.begins => key.hash(&mut hasher),
            _ => (self.begun, &self.session).hash(&mut hasher),
        }
        hasher.finish()
    }

    fn finish(&mut self, place: u64, out: &mut JoinOutput) {
        let Some(OpenConversation { mut rows, key, bytes }) = self.held.remove(&place) else { return };
        self.held_bytes -= bytes;
        // By their numbers where all have one, else by time where all have one, else as they stand.
        if rows.iter().all(|row| row.order.is_some()) {
            rows.sort_by(|a, b| a.order.unwrap_or_default().total_cmp(&b.order.unwrap_or_default()));
        } else if rows.iter().all(|row| row.time.is_some()) {
            rows.sort_by_key(|row| row.time);
        }
        if rows.len() > 1 {
            out.skipped.joined += rows.len() as u64;
            out.skipped.example(!self.has_example, "joined", || {
                let named = key.as_deref().map_or("one conversation".to_owned(), |key| {
                    format!("`{}`", key.chars().take(60).flat_map(char::escape_debug).collect::<String>())
                });
                format!("{} messages make {named}", rows.len())
            });
            self.has_example = true;
        }
        // What is the same in all rows is the conversation's.
        let mut metadata = rows.first().map(|row| row.metadata.clone()).unwrap_or_default();
        metadata.retain(|key, value| rows.iter().all(|row| row.metadata.get(key) == Some(value)));
        let times: Vec<Option<i64>> = rows.iter().map(|row| in_milliseconds(row.time?)).collect();
        let list: Vec<Value> = rows.into_iter().map(|row| row.message).collect();
        let made = of_list(&list, &self.mapping).and_then(|mut said| {
            if said.len() == times.len() {
                said.iter_mut().zip(times).for_each(|(one, time)| one.time = one.time.or(time));
            }
            Record::of_parsed(key, said, metadata)
        });
        out.push(made, bytes);
    }
}

impl Join for RowJoin {
    fn needs_preview(&self) -> bool {
        true
    }

    fn preview(&mut self, record: &[u8]) {
        let Ok(value) = value(record) else { return };
        let row = (self.read)(&value, &self.mapping);
        let place = self.place(&row);
        if !row.is_aside && (self.left.len() < CONVERSATIONS || self.left.contains_key(&place)) {
            *self.left.entry(place).or_default() += 1;
        }
    }

    fn end_preview(&mut self) {
        (self.begun, self.session) = (0, None);
    }

    fn take(&mut self, record: &[u8], out: &mut JoinOutput) {
        let value = match value(record) {
            Ok(value) => value,
            Err(why) => return out.set_aside(record.len() as u64, why),
        };
        let row = (self.read)(&value, &self.mapping);
        let place = self.place(&row);
        if row.is_aside {
            out.skipped.helpers += u64::from(!row.begins && crate::message::looks_like_message(&value));
            out.skipped.without_chat += u64::from(!row.begins && !crate::message::looks_like_message(&value));
            return;
        }
        let held = self.held.entry(place).or_default();
        if held.key.is_none() {
            held.key = row.key.clone().or_else(|| self.session.clone());
        }
        held.bytes += record.len();
        held.rows.push(row);
        self.held_bytes += record.len();
        let is_too_long = held.bytes > self.max_bytes;
        // What was not counted is made of neighbours.
        let left = self.left.get_mut(&place);
        let is_last = left.is_none_or(|left| {
            *left = left.saturating_sub(1);
            *left == 0
        });
        if is_too_long || self.held_bytes > HELD_BYTES {
            out.skipped.unjoined += 1;
        }
        if is_last || is_too_long || self.held_bytes > HELD_BYTES {
            self.finish(place, out);
        }
    }

    fn end(&mut self, out: &mut JoinOutput) {
        let mut left: Vec<u64> = self.held.keys().copied().collect();
        left.sort_unstable();
        left.into_iter().for_each(|place| self.finish(place, out));
    }
}

//! From records to conversations where one conversation stands in several records: calls that repeat what was said
//! before, messages a record, pieces of what was too long, trees.
//!
//! A join keeps hashes and places of what it has seen, and the texts only of conversations that are not yet whole; both
//! have limits. What it makes of a file is a function of the file alone.

mod apart;
mod calls;
mod chains;
mod helpers;
mod pieces;
mod rows;
mod trees;

pub(crate) use calls::{Call, Response};
pub(crate) use rows::Row;

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use crate::json::moment::moment;
use crate::message::named;
use crate::record::{Mapping, Record};
use crate::shape::{Format, Made, Read};

/// What is kept of conversations that are not yet whole, in bytes of text.
const HELD_BYTES: usize = 256 << 20;

/// What records give besides conversations, and what became of those that were joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Calls whose messages stand in the conversation that is kept.
    pub repeated: u64,
    /// Calls that an application makes for itself: titles, tags, routing; and asides of agents.
    pub helpers: u64,
    /// Records of something else than a chat.
    pub without_chat: u64,
    /// Records that were joined with others to one conversation.
    pub joined: u64,
    /// Records that may go on in others and were left alone, since too much would have had to be kept.
    pub unjoined: u64,
    /// Of each kind the first in the file, in words.
    pub examples: Vec<Example>,
}

/// One record of a kind that is only counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The kind: `repeated`, `helper`, `joined`, `unjoined`.
    pub kind: &'static str,
    /// What it is.
    pub text: String,
}

impl Skipped {
    fn example(&mut self, is_first: bool, kind: &'static str, text: impl FnOnce() -> String) {
        if is_first {
            self.examples.push(Example { kind, text: text() });
        }
    }
}

/// A conversation as a chunk holds it.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// A line, somewhere in the chunk's bytes.
    Line(Range<usize>),
    /// Read.
    Record(Box<Record<'static>>),
    /// It was set aside.
    Lost,
}

/// What was made of some records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conversations {
    pub entries: Vec<Held>,
    pub lines: Vec<u8>,
    /// Names of the keys in `lines`.
    pub mapping: Arc<Mapping>,
}

/// Takes what is made of records, in order.
#[derive(Default)]
pub(crate) struct Out {
    pub conversations: Conversations,
    pub skipped: Skipped,
    /// What was set aside: its place among `entries`, its bytes and why.
    pub lost: Vec<(usize, u64, String)>,
}

impl Out {
    pub(crate) fn made(&mut self, made: Made, bytes: usize) {
        match made {
            Ok(record) => self.conversations.entries.push(Held::Record(Box::new(record))),
            Err(why) => self.bad(bytes as u64, why),
        }
    }

    fn line(&mut self, line: &[u8]) {
        let start = self.conversations.lines.len();
        self.conversations.lines.extend_from_slice(line);
        self.conversations.entries.push(Held::Line(start..self.conversations.lines.len()));
    }

    pub(crate) fn bad(&mut self, bytes: u64, why: String) {
        self.lost.push((self.conversations.entries.len(), bytes, why));
        self.conversations.entries.push(Held::Lost);
    }
}

/// Makes conversations of the records of a file, one after another.
pub(crate) trait Join: Send {
    /// Whether all records must be seen before the first is taken.
    fn looks_first(&self) -> bool {
        false
    }

    /// Whether what it makes of a record depends on that record alone.
    fn is_apart(&self) -> bool {
        false
    }

    /// Looks at a record; all of them, in order, before the first is taken.
    fn see(&mut self, _record: &[u8]) {}

    /// All records were seen.
    fn has_seen(&mut self) {}

    /// Takes a record.
    fn take(&mut self, record: &[u8], out: &mut Out);

    /// There are no more records.
    fn end(&mut self, _out: &mut Out) {}
}

/// What joins the records of a file; `None` where each line is a conversation, read where it stands.
pub(crate) fn of(
    format: Format,
    mapping: &Arc<Mapping>,
    joins: bool,
    max_bytes: usize,
) -> Option<Box<dyn Join>> {
    let mapping = Arc::clone(mapping);
    Some(match &format.shape().read {
        Read::Lines(_) => return None,
        Read::Pieces(_) if !joins => return None,
        Read::Pieces(_) => Box::new(pieces::Pieces::new(mapping, max_bytes)),
        Read::Apart(read) => Box::new(apart::Apart { format, read: *read, mapping }),
        Read::Trees => Box::new(trees::Trees::new(mapping, max_bytes)),
        Read::Calls(read) => Box::new(calls::Calls::new(*read, mapping, joins)),
        Read::Rows(read) => Box::new(rows::Rows::new(*read, mapping, max_bytes)),
    })
}

/// The moment under the first of these keys that names one, in nanoseconds since 1970.
pub(crate) fn moment_of(record: &Value, keys: &[&str]) -> Option<i128> {
    let fields = record.as_object()?;
    keys.iter().find_map(|key| moment(named(fields, key)?))
}

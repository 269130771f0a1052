//! What a join makes of records.

use std::ops::Range;
use std::sync::Arc;

use super::report::JoinReport;
use crate::record::{Mapping, Record, RecordError};
use crate::shape::RecordResult;

/// A conversation as a chunk holds it.
#[derive(Clone, Debug)]
pub(crate) enum HeldConversation {
    /// The place of a line in the bytes of the chunk.
    Line(Range<usize>),
    /// A record that was parsed.
    Record(Box<Record<'static>>),
    /// A record that was set aside.
    SetAside,
}

/// The conversations that a join has made of some records.
#[derive(Clone, Debug, Default)]
pub(crate) struct JoinedConversations {
    pub entries: Vec<HeldConversation>,
    pub lines: Vec<u8>,
    /// Names of the keys in `lines`.
    pub mapping: Arc<Mapping>,
}

/// Collects the results of a join, in order.
#[derive(Default)]
pub(crate) struct JoinOutput {
    pub conversations: JoinedConversations,
    pub skipped: JoinReport,
    /// The records that were set aside: the place among `entries`, the length in bytes, and the reason.
    pub set_aside: Vec<(usize, u64, RecordError)>,
}

impl JoinOutput {
    pub(crate) fn push(&mut self, made: RecordResult, bytes: usize) {
        match made {
            Ok(record) => self.conversations.entries.push(HeldConversation::Record(Box::new(record))),
            Err(error) => self.set_aside(bytes as u64, error),
        }
    }

    pub(super) fn line(&mut self, line: &[u8]) {
        let start = self.conversations.lines.len();
        self.conversations.lines.extend_from_slice(line);
        self.conversations.entries.push(HeldConversation::Line(start..self.conversations.lines.len()));
    }

    pub(crate) fn set_aside(&mut self, bytes: u64, error: RecordError) {
        self.set_aside.push((self.conversations.entries.len(), bytes, error));
        self.conversations.entries.push(HeldConversation::SetAside);
    }
}

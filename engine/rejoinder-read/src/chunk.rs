//! A piece of the input, about a mebibyte: the unit of work of a scanning thread.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use memchr::{memchr, memchr_iter};
use serde::{Deserialize, Serialize};

use crate::container::table::{TableRow, TableRows};
use crate::join::{HeldConversation, JoinReport, JoinedConversations};
use crate::quarantine::QuarantinedRecord;
use crate::record::{IDS, Mapping, Record, RecordError};

/// A place in the input: the beginning of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Index of the input file.
    pub shard: u32,
    /// Number of the conversation in the file, from 0. Where a line is a conversation, this is the number of the line.
    pub line: u64,
    /// Byte in the decompressed content of the file; in a Parquet file the number of the row.
    pub byte: u64,
}

impl Position {
    /// The beginning of input file `shard`.
    pub const fn of_file(shard: u32) -> Self {
        Self { shard, line: 0, byte: 0 }
    }
}

/// Conversations of one input file.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Name of the input file.
    pub file: String,
    /// Where the chunk begins.
    pub start: Position,
    /// Where the next chunk begins.
    pub end: Position,
    /// Bytes of the input file, as stored, that had been read when the chunk was cut.
    pub stored_bytes_read: u64,
    /// Bytes of decompressed content that the chunk stands for.
    pub content_bytes: u64,
    /// The conversations.
    pub(crate) content: ChunkContent,
    /// Records that cannot be used, such as a record that is too long, and places where the compression is broken.
    pub set_aside: Vec<QuarantinedRecord>,
    /// Records that give no conversation of their own although nothing is wrong with them.
    pub skipped: JoinReport,
    /// Why the rest of the file cannot be read: a fault of the disk or the network, which may pass, not of the data.
    pub failure: Option<String>,
    /// The numbers of the conversations of the file that were forgotten, which are no entries.
    pub(crate) forgotten: Arc<BTreeSet<u64>>,
}

/// The conversations of a chunk, in the form in which they were read.
#[derive(Clone, Debug)]
pub(crate) enum ChunkContent {
    /// One conversation a line, with line feeds; the last line of a file may have none. Blank lines are numbered and hold no
    /// conversation.
    Lines(Vec<u8>, Arc<Mapping>),
    /// One conversation a row.
    Rows(TableRows),
    /// Conversations that were joined from several records.
    Joined(JoinedConversations),
}

impl Chunk {
    /// A chunk of lines that were picked by hand, the first at `start`.
    pub fn of_lines(file: String, start: Position, bytes: Vec<u8>) -> Self {
        Self::new(file, start, ChunkContent::Lines(bytes, Arc::default()))
    }

    pub(crate) fn new(file: String, start: Position, content: ChunkContent) -> Self {
        Self {
            file,
            start,
            end: start,
            stored_bytes_read: 0,
            content_bytes: 0,
            content,
            set_aside: Vec::new(),
            skipped: JoinReport::default(),
            failure: None,
            forgotten: Arc::default(),
        }
    }

    /// The same chunk without these conversations of the file, and without what was set aside in their places.
    pub(crate) fn without(mut self, forgotten: &Arc<BTreeSet<u64>>) -> Self {
        if !forgotten.is_empty() {
            self.set_aside.retain(|record| !forgotten.contains(&record.line));
            self.forgotten = Arc::clone(forgotten);
        }
        self
    }

    /// The conversations of the chunk, not yet parsed.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let (lines, rows, joined) = match &self.content {
            ChunkContent::Lines(bytes, mapping) => (Some(lines(bytes, self.start.line, mapping)), None, None),
            ChunkContent::Rows(rows) => (None, Some(rows.entries()), None),
            ChunkContent::Joined(joined) => (None, None, Some(self.joined(joined))),
        };
        let all = lines.into_iter().flatten().chain(rows.into_iter().flatten());
        let all = all.chain(joined.into_iter().flatten());
        all.filter(|entry| !self.forgotten.contains(&entry.ordinal))
    }

    fn joined<'c>(&self, joined: &'c JoinedConversations) -> impl Iterator<Item = Entry<'c>> + use<'c> {
        let first = self.start.line;
        joined.entries.iter().enumerate().filter_map(move |(nth, held)| {
            let source = match held {
                HeldConversation::Line(range) => {
                    EntrySource::Line(&joined.lines[range.clone()], &joined.mapping)
                }
                HeldConversation::Record(record) => EntrySource::Record(record),
                HeldConversation::SetAside => return None,
            };
            Some(Entry { ordinal: first + nth as u64, source })
        })
    }

    /// The same chunk with only the conversation `ordinal`; `None` if the chunk does not hold that conversation.
    pub fn single(&self, ordinal: u64) -> Option<Self> {
        let entry = self.entries().find(|entry| entry.ordinal == ordinal)?;
        Some(self.only(&entry))
    }

    /// The same chunk with only the conversation of `entry`, which is one of [`Self::entries`].
    pub fn only(&self, entry: &Entry<'_>) -> Self {
        let content = match entry.source {
            EntrySource::Line(line, mapping) => ChunkContent::Lines(line.to_vec(), Arc::clone(mapping)),
            EntrySource::Row(row) => ChunkContent::Rows(row.alone()),
            EntrySource::Record(record) => {
                let entries = vec![HeldConversation::Record(Box::new(record.clone()))];
                ChunkContent::Joined(JoinedConversations { entries, ..JoinedConversations::default() })
            }
        };
        Self::new(self.file.clone(), Position { line: entry.ordinal, ..self.start }, content)
    }

    /// The lines of the chunk with their numbers from 0, without line feeds and blank lines; no lines if the chunk holds rows.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.entries().filter_map(|entry| match entry.source {
            EntrySource::Line(line, _) => Some((entry.ordinal, line)),
            EntrySource::Row(_) | EntrySource::Record(_) => None,
        })
    }
}

fn lines<'c>(bytes: &'c [u8], first: u64, mapping: &'c Arc<Mapping>) -> impl Iterator<Item = Entry<'c>> {
    let (mut number, mut rest) = (first, bytes);
    std::iter::from_fn(move || {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let entry = Entry { ordinal: number, source: EntrySource::Line(&rest[..end], mapping) };
        let more = !rest.is_empty();
        rest = rest.get(end + 1..).unwrap_or_default();
        number += 1;
        more.then_some(entry)
    })
    .filter(|entry| !entry.is_blank())
}

/// A conversation of a chunk, not yet parsed.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'c> {
    /// Number of the conversation in the input file, from 0.
    pub ordinal: u64,
    pub(crate) source: EntrySource<'c>,
}

/// Where the text of a conversation is held.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EntrySource<'c> {
    Line(&'c [u8], &'c Arc<Mapping>),
    Row(TableRow<'c>),
    Record(&'c Record<'static>),
}

impl<'c> Entry<'c> {
    /// The length in bytes: of the line, or of the texts of the row.
    pub fn size(&self) -> u64 {
        match &self.source {
            EntrySource::Line(line, _) => line.len() as u64,
            EntrySource::Row(row) => row.size(),
            EntrySource::Record(record) => record.size(),
        }
    }

    /// The id of the conversation, as far as it can be told of a record that cannot be read.
    pub fn id(&self) -> Option<String> {
        match &self.source {
            EntrySource::Line(line, mapping) => id_of_line(line, mapping),
            EntrySource::Row(row) => row.id().ok().flatten().map(Cow::into_owned),
            EntrySource::Record(record) => Some(record.conversation.id.to_string()),
        }
    }

    fn is_blank(&self) -> bool {
        matches!(self.source, EntrySource::Line(line, _) if line.trim_ascii().is_empty())
    }

    /// Parses the conversation.
    ///
    /// # Errors
    /// Why the record is set aside.
    pub fn record(&self) -> Result<Record<'c>, RecordError> {
        match self.source {
            EntrySource::Line(line, mapping) => Record::parse(line, mapping),
            EntrySource::Row(row) => row.record(),
            EntrySource::Record(record) => Ok(record.borrowed()),
        }
    }
}

fn id_of_line(line: &[u8], mapping: &Mapping) -> Option<String> {
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    let keys = mapping.id.as_deref().map_or_else(|| IDS.to_vec(), |id| vec![id]);
    keys.into_iter().find_map(|key| match fields.get(key)? {
        serde_json::Value::String(id) => Some(id.clone()).filter(|id| !id.is_empty()),
        serde_json::Value::Number(id) => Some(id.to_string()),
        _ => None,
    })
}

/// How many lines end in `bytes`.
pub(crate) fn line_ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

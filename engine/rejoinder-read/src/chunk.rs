//! A piece of the input, about a mebibyte: the unit of work of a scanning thread.

use std::sync::Arc;

use memchr::{memchr, memchr_iter};
use serde::{Deserialize, Serialize};

use crate::container::table::{Row, Rows};
use crate::join::{Conversations, Held, Skipped};
use crate::quarantine::Quarantined;
use crate::record::{Mapping, Record};

/// A place in the input, always at the beginning of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Index of the input file.
    pub shard: u32,
    /// 0-based number of the conversation in it: its line, where a line is a conversation.
    pub line: u64,
    /// Byte in its decompressed content; in a Parquet file the row.
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
    /// Where it begins.
    pub start: Position,
    /// Where the next one begins.
    pub end: Position,
    /// Bytes of the input file, as stored, that had been read when it was cut.
    pub stored_bytes_read: u64,
    /// Bytes of decompressed content that it stands for.
    pub content_bytes: u64,
    /// The conversations.
    pub(crate) content: Content,
    /// What could not be read: a record that was too long, or where the compression is broken.
    pub lost: Vec<Quarantined>,
    /// Records that give no conversation of their own and are no mistakes.
    pub skipped: Skipped,
    /// Why the file itself cannot be read on: a fault of the disk or the network that may pass, not of the data.
    pub failure: Option<String>,
}

/// Conversations, as they are held.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// One a line, with line feeds; the last line of a file may have none. Blank lines count and are none.
    Lines(Vec<u8>, Arc<Mapping>),
    /// One a row.
    Rows(Rows),
    /// Made of other records.
    Made(Conversations),
}

impl Chunk {
    /// A chunk of lines that were picked by hand, the first at `start`.
    pub fn of_lines(file: String, start: Position, bytes: Vec<u8>) -> Self {
        Self::new(file, start, Content::Lines(bytes, Arc::default()))
    }

    pub(crate) fn new(file: String, start: Position, content: Content) -> Self {
        Self {
            file,
            start,
            end: start,
            stored_bytes_read: 0,
            content_bytes: 0,
            content,
            lost: Vec::new(),
            skipped: Skipped::default(),
            failure: None,
        }
    }

    /// Its conversations, unread.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let (lines, rows, made) = match &self.content {
            Content::Lines(bytes, mapping) => (Some(lines(bytes, self.start.line, mapping)), None, None),
            Content::Rows(rows) => (None, Some(rows.entries()), None),
            Content::Made(made) => (None, None, Some(self.made(made))),
        };
        lines.into_iter().flatten().chain(rows.into_iter().flatten()).chain(made.into_iter().flatten())
    }

    fn made<'c>(&self, made: &'c Conversations) -> impl Iterator<Item = Entry<'c>> + use<'c> {
        let first = self.start.line;
        made.entries.iter().enumerate().filter_map(move |(nth, held)| {
            let source = match held {
                Held::Line(range) => Source::Line(&made.lines[range.clone()], &made.mapping),
                Held::Record(record) => Source::Record(record),
                Held::Lost => return None,
            };
            Some(Entry { ordinal: first + nth as u64, source })
        })
    }

    /// The same with the conversation `ordinal` alone; `None` if it is not there.
    pub fn single(&self, ordinal: u64) -> Option<Self> {
        let start = Position { line: ordinal, ..self.start };
        let content = match &self.content {
            Content::Rows(rows) => Content::Rows(rows.single(ordinal)?),
            _ => match self.entries().find(|entry| entry.ordinal == ordinal)?.source {
                Source::Line(line, mapping) => Content::Lines(line.to_vec(), Arc::clone(mapping)),
                Source::Record(record) => {
                    let entries = vec![Held::Record(Box::new(record.clone()))];
                    Content::Made(Conversations { entries, ..Conversations::default() })
                }
                Source::Row(_) => return None,
            },
        };
        Some(Self::new(self.file.clone(), start, content))
    }

    /// Its lines with their 0-based numbers, without line feeds and blank lines; none if it holds rows.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.entries().filter_map(|entry| match entry.source {
            Source::Line(line, _) => Some((entry.ordinal, line)),
            Source::Row(_) | Source::Record(_) => None,
        })
    }
}

fn lines<'c>(bytes: &'c [u8], first: u64, mapping: &'c Arc<Mapping>) -> impl Iterator<Item = Entry<'c>> {
    let (mut number, mut rest) = (first, bytes);
    std::iter::from_fn(move || {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let entry = Entry { ordinal: number, source: Source::Line(&rest[..end], mapping) };
        let more = !rest.is_empty();
        rest = rest.get(end + 1..).unwrap_or_default();
        number += 1;
        more.then_some(entry)
    })
    .filter(|entry| !entry.is_blank())
}

/// A conversation of a chunk, unread.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'c> {
    /// Its 0-based number in the input file.
    pub ordinal: u64,
    pub(crate) source: Source<'c>,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'c> {
    Line(&'c [u8], &'c Arc<Mapping>),
    Row(Row<'c>),
    Record(&'c Record<'static>),
}

impl<'c> Entry<'c> {
    /// How long it is, in bytes: the line, or the texts of the row.
    pub fn size(&self) -> u64 {
        match &self.source {
            Source::Line(line, _) => line.len() as u64,
            Source::Row(row) => row.size(),
            Source::Record(record) => record.size(),
        }
    }

    fn is_blank(&self) -> bool {
        matches!(self.source, Source::Line(line, _) if line.trim_ascii().is_empty())
    }

    /// Reads it.
    ///
    /// # Errors
    /// Why it cannot be used, in words for the quarantine.
    pub fn record(&self) -> Result<Record<'c>, String> {
        match self.source {
            Source::Line(line, mapping) => Record::parse(line, mapping),
            Source::Row(row) => row.record(),
            Source::Record(record) => Ok(record.borrowed()),
        }
    }
}

/// How many lines end in `bytes`.
pub(crate) fn line_ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Why a record of `length` bytes is set aside.
pub fn too_long(length: u64, limit: usize) -> String {
    format!("the record has {length} bytes, more than the limit of {limit} ([input] max-record-bytes)")
}

//! Adapters: from records of other shapes to lines that hold one conversation each.
//!
//! An adapter is a function of one group of neighbouring records, so that where a group ends is a place to resume.

mod arena;
mod chatgpt;
mod langfuse;
mod line;
mod longest;
mod oasst;
mod openinference;
mod reader;
mod sharegpt;
mod spans;

pub(crate) use reader::Adapted;

use serde_json::Value;

use crate::chunk::Chunk;
use crate::format::Format;
use crate::record::Mapping;
use line::Line;
use longest::{Call, Longest};

/// What comes of a group of records: in order, lines or why there is none.
type Made = Vec<Result<Line, String>>;

/// The adapter for a shape.
pub(crate) struct Adapter {
    format: Format,
    mapping: Mapping,
    /// Of calls that repeat what was said before, which to take.
    longest: Longest,
}

impl Adapter {
    /// The adapter for records of `format`. Those of calls are all looked at first, to know which to take:
    /// `chunks` are all of them.
    pub(crate) fn new(format: Format, mapping: &Mapping, chunks: impl Iterator<Item = Chunk>) -> Self {
        let mut adapter = Self { format, mapping: mapping.clone(), longest: Longest::default() };
        if matches!(format, Format::Spans | Format::Langfuse) {
            for chunk in chunks {
                for (nth, (_, record)) in chunk.lines().enumerate() {
                    for (call, found) in adapter.calls(record).into_iter().flatten().enumerate() {
                        adapter.longest.see(&found, (chunk.start.byte, nth, call));
                    }
                }
            }
        }
        adapter
    }

    /// Neighbouring records with the same key belong together.
    fn key(&self, record: &[u8]) -> Option<String> {
        match self.format {
            Format::Sharegpt => sharegpt::key(record),
            Format::Oasst => oasst::key(record),
            _ => None,
        }
    }

    fn calls(&self, record: &[u8]) -> Result<Vec<Call>, String> {
        let record = value(record)?;
        match self.format {
            Format::Spans => Ok(spans::calls(&record, &self.mapping)),
            _ => Ok(langfuse::calls(&record, &self.mapping)),
        }
    }

    /// The lines of a group, of which the first record is number `place.1` of the chunk that begins at `place.0`.
    fn made(&self, place: (u64, usize), group: &[Vec<u8>], skipped: &mut Skipped) -> Made {
        let made = match self.format {
            Format::Sharegpt => Ok(sharegpt::made(group, &self.mapping)),
            Format::Oasst => Ok(oasst::made(group, &self.mapping)),
            Format::Arena => value(&group[0]).and_then(|record| arena::made(&record, &self.mapping)),
            Format::Chatgpt => value(&group[0]).and_then(|record| chatgpt::made(&record, &self.mapping)),
            Format::Spans | Format::Langfuse => self.calls(&group[0]).map(|calls| {
                if calls.is_empty() {
                    skipped.without_chat += 1;
                }
                let mut made = Vec::new();
                for (nth, call) in calls.into_iter().enumerate() {
                    match self.longest.takes(&call, (place.0, place.1, nth)) {
                        true => made.push(call.line()),
                        false => skipped.repeated += 1,
                    }
                }
                made
            }),
            _ => Ok(vec![Line::as_it_is(&group[0])]),
        };
        made.unwrap_or_else(|why| vec![Err(why)])
    }
}

/// Records that give no conversation and are no mistakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Calls whose history a longer one repeats.
    pub repeated: u64,
    /// Records of something else than a chat.
    pub without_chat: u64,
}

/// A record as JSON.
fn value(record: &[u8]) -> Result<Value, String> {
    let record = record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record);
    serde_json::from_slice(record).map_err(|e| crate::record::reason(&e))
}

/// A value that may be written as a string of JSON.
fn unquoted(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

//! Makes conversations of the records of a file: one chunk of conversations from each chunk of records.
//!
//! A join of several records begins at the beginning of the file each time. A resumed run passes over the chunks that are done with,
//! so that the end of each chunk is a place to resume.

use super::joiner::Join;
use super::output::JoinOutput;
use crate::chunk::{Chunk, ChunkContent, Position};
use crate::quarantine::QuarantinedRecord;
use crate::record::RecordError;

/// Reads one file, chunk by chunk.
pub(crate) struct JoinedChunks<I> {
    source: I,
    join: Box<dyn Join>,
    file: String,
    max_record_bytes: usize,
    /// Where the next chunk begins.
    at: Position,
    /// Where the caller wants to begin.
    from: Position,
    has_ended: bool,
}

impl<I: Iterator<Item = Chunk>> JoinedChunks<I> {
    /// Reads the conversations that `join` makes of the records of `source`, from `from` on. Unless the join reads
    /// [each record by itself](Join::is_per_record), `source` must begin with the file.
    pub(crate) fn new(
        source: I,
        join: Box<dyn Join>,
        file: String,
        from: Position,
        max_record_bytes: usize,
    ) -> Self {
        let at = if join.is_per_record() { from } else { Position::of_file(from.shard) };
        Self { source, join, file, max_record_bytes, at, from, has_ended: false }
    }

    fn take(&mut self, chunk: &Chunk, out: &mut JoinOutput) {
        for other in &chunk.set_aside {
            out.set_aside(other.bytes, other.reason.clone().into());
        }
        for (_, record) in chunk.lines() {
            if record.len() > self.max_record_bytes {
                let bytes = record.len() as u64;
                out.set_aside(bytes, RecordError::TooLong { bytes, limit: self.max_record_bytes });
            } else {
                self.join.take(record, out);
            }
        }
    }

    fn next_chunk(&mut self) -> Option<Chunk> {
        let start = self.at;
        let mut out = JoinOutput::default();
        let mut chunk = Chunk::new(self.file.clone(), start, ChunkContent::Joined(Default::default()));
        while !self.has_ended {
            match self.source.next() {
                None => {
                    self.has_ended = true;
                    self.join.end(&mut out);
                }
                Some(mut source) => {
                    self.take(&source, &mut out);
                    self.at.byte = source.end.byte;
                    chunk.content_bytes += source.content_bytes;
                    chunk.stored_bytes_read = source.stored_bytes_read;
                    chunk.failure = source.failure.take();
                    if chunk.failure.is_some() || !out.conversations.entries.is_empty() {
                        break;
                    }
                }
            }
        }
        self.at.line += out.conversations.entries.len() as u64;
        let is_nothing = self.at == start && chunk.failure.is_none() && out.skipped == Default::default();
        let set_aside = |(nth, bytes, error): (usize, u64, RecordError)| QuarantinedRecord {
            shard: start.shard,
            line: start.line + nth as u64,
            file: self.file.clone(),
            bytes,
            reason: error.to_string(),
        };
        chunk.set_aside = out.set_aside.into_iter().map(set_aside).collect();
        chunk.end = self.at;
        chunk.skipped = out.skipped;
        chunk.content = ChunkContent::Joined(out.conversations);
        (!is_nothing).then_some(chunk)
    }
}

impl<I: Iterator<Item = Chunk>> Iterator for JoinedChunks<I> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        loop {
            let is_done = |at: Position, from: Position| (at.byte, at.line) < (from.byte, from.line);
            let was_done = is_done(self.at, self.from);
            let chunk = self.next_chunk()?;
            if !was_done || chunk.failure.is_some() {
                return Some(chunk);
            }
        }
    }
}

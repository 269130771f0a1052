//! Makes conversations of the records of a file, chunk by chunk: as many as the records come in.
//!
//! What joins several records begins at the beginning of the file each time: a resumed run passes over the chunks that are
//! done with, so that each chunk's end is a place to resume.

use crate::chunk::{Chunk, Content, Position, too_long};
use crate::join::{Join, Out};
use crate::quarantine::Quarantined;

/// Reads one file, chunk by chunk.
pub(crate) struct Adapted<I> {
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

impl<I: Iterator<Item = Chunk>> Adapted<I> {
    /// Reads the conversations that `join` makes of the records of `source`, from `from` on. Where it is not
    /// [apart](Join::is_apart), `source` must begin with the file.
    pub(crate) fn new(
        source: I,
        join: Box<dyn Join>,
        file: String,
        from: Position,
        max_record_bytes: usize,
    ) -> Self {
        let at = if join.is_apart() { from } else { Position::of_file(from.shard) };
        Self { source, join, file, max_record_bytes, at, from, has_ended: false }
    }

    fn take(&mut self, chunk: &Chunk, out: &mut Out) {
        chunk.lost.iter().for_each(|lost| out.bad(lost.bytes, lost.reason.clone()));
        for (_, record) in chunk.lines() {
            if record.len() > self.max_record_bytes {
                out.bad(record.len() as u64, too_long(record.len() as u64, self.max_record_bytes));
            } else {
                self.join.take(record, out);
            }
        }
    }

    fn next_chunk(&mut self) -> Option<Chunk> {
        let start = self.at;
        let mut out = Out::default();
        let mut chunk = Chunk::new(self.file.clone(), start, Content::Made(Default::default()));
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
        let lost = |(nth, bytes, reason): (usize, u64, String)| Quarantined {
            shard: start.shard,
            line: start.line + nth as u64,
            file: self.file.clone(),
            bytes,
            reason,
        };
        chunk.lost = out.lost.into_iter().map(lost).collect();
        chunk.end = self.at;
        chunk.skipped = out.skipped;
        chunk.content = Content::Made(out.conversations);
        (!is_nothing).then_some(chunk)
    }
}

impl<I: Iterator<Item = Chunk>> Iterator for Adapted<I> {
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

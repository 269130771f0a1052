//! Lets an adapter work on the records of a file, chunk by chunk.

use super::Adapter;
use crate::chunk::{Chunk, Content, Position, too_long};
use crate::quarantine::Quarantined;

/// Reads one file, chunk by chunk: as many as the records come in.
pub(crate) struct Adapted<I> {
    source: I,
    adapter: Adapter,
    file: String,
    /// Longer records are set aside, and no more than this is held together.
    max_record_bytes: usize,
    /// Where the next chunk begins.
    at: Position,
    /// Records that belong together so far, their key, and where the first one stands: in which chunk, as which.
    group: Vec<Vec<u8>>,
    key: Option<String>,
    began: (u64, usize),
    /// How many records of the first chunk are done with.
    done: u32,
    /// How far the records were read.
    source_end: u64,
    ended: bool,
}

/// A chunk in the making.
struct Growing {
    lines: Vec<u8>,
    count: u64,
    chunk: Chunk,
}

impl Growing {
    fn bad(&mut self, bytes: u64, reason: String) {
        let Position { shard, line, .. } = self.chunk.start;
        let (line, file) = (line + self.count, self.chunk.file.clone());
        self.chunk.lost.push(Quarantined { shard, line, file, bytes, reason });
        self.lines.push(b'\n');
        self.count += 1;
    }
}

impl<I: Iterator<Item = Chunk>> Adapted<I> {
    /// Reads on from `at`; `source` are the records from there on.
    pub(crate) fn new(
        source: I,
        adapter: Adapter,
        file: String,
        at: Position,
        max_record_bytes: usize,
    ) -> Self {
        Self {
            source,
            adapter,
            file,
            max_record_bytes,
            at,
            group: Vec::new(),
            key: None,
            began: (0, 0),
            done: at.done,
            source_end: at.byte,
            ended: false,
        }
    }

    fn flush(&mut self, out: &mut Growing) {
        if self.group.is_empty() {
            return;
        }
        let group = std::mem::take(&mut self.group);
        for made in self.adapter.made(self.began, &group, &mut out.chunk.skipped) {
            match made {
                Ok(line) => {
                    out.lines.extend(line.0);
                    out.lines.push(b'\n');
                    out.count += 1;
                }
                Err(why) => out.bad(group.iter().map(|r| r.len() as u64).sum(), why),
            }
        }
    }

    fn take(&mut self, chunk: &Chunk, out: &mut Growing) {
        // What is done with in a chunk that is read again was counted then; 1 stands for what could not be read.
        let done = std::mem::take(&mut self.done) as usize;
        if done == 0 {
            out.chunk.content_bytes += chunk.content_bytes;
            chunk.lost.iter().for_each(|lost| out.bad(lost.bytes, lost.reason.clone()));
        }
        for (nth, (_, record)) in chunk.lines().enumerate().skip(done.saturating_sub(1)) {
            let key = self.adapter.key(record);
            let bytes = record.len() + self.group.iter().map(Vec::len).sum::<usize>();
            if key.is_none() || key != self.key || bytes > self.max_record_bytes {
                self.flush(out);
                self.began = (chunk.start.byte, nth);
            }
            if record.len() > self.max_record_bytes {
                out.bad(record.len() as u64, too_long(record.len() as u64, self.max_record_bytes));
                continue;
            }
            self.group.push(record.to_vec());
            self.key = key;
        }
        if self.key.is_none() {
            self.flush(out);
        }
        (self.at.byte, self.at.done) = match self.group.is_empty() {
            true => (chunk.end.byte, 0),
            false => (self.began.0, self.began.1 as u32 + 1),
        };
    }
}

impl<I: Iterator<Item = Chunk>> Iterator for Adapted<I> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let start = self.at;
        let chunk = Chunk::new(self.file.clone(), start, Content::Lines(Vec::new(), self.adapter.format));
        let mut out = Growing { lines: Vec::new(), count: 0, chunk };
        while !self.ended {
            match self.source.next() {
                None => {
                    self.ended = true;
                    self.flush(&mut out);
                    (self.at.byte, self.at.done) = (self.source_end, 0);
                }
                Some(mut source) => {
                    self.take(&source, &mut out);
                    self.source_end = source.end.byte;
                    out.chunk.stored_bytes_read = source.stored_bytes_read;
                    out.chunk.failure = source.failure.take();
                    // A group that goes on from an earlier chunk is no place to end.
                    let is_here = self.group.is_empty() || self.began.0 == source.start.byte;
                    if out.chunk.failure.is_some() || is_here && !out.lines.is_empty() {
                        break;
                    }
                }
            }
        }
        self.at.line += out.count;
        let Growing { lines, mut chunk, .. } = out;
        chunk.end = self.at;
        let is_nothing = self.at == start && chunk.failure.is_none();
        chunk.content = Content::Lines(lines, self.adapter.format);
        (!is_nothing).then_some(chunk)
    }
}

//! The part of a file's content that is looked at, and what happens where the rest of the file cannot be read.

use std::io;
use std::sync::Arc;

use memchr::memrchr;

use crate::chunk::{Chunk, ChunkContent, Position, line_ends};
use crate::input::{Content, InputFile};
use crate::quarantine::QuarantinedRecord;
use crate::record::Mapping;

/// A chunk ends at the last record's end in this many bytes.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// The content of one file from a place on.
pub(crate) struct Window<'a> {
    pub file: &'a InputFile,
    mapping: Arc<Mapping>,
    pub max_record_bytes: usize,
    /// Where `ahead` begins.
    pub at: Position,
    /// Bytes read ahead of `at`.
    pub ahead: Vec<u8>,
    open: Option<Content>,
    failure: Option<String>,
}

impl<'a> Window<'a> {
    pub(crate) const fn new(
        file: &'a InputFile,
        mapping: Arc<Mapping>,
        at: Position,
        max_record_bytes: usize,
    ) -> Self {
        Self { file, mapping, max_record_bytes, at, ahead: Vec::new(), open: None, failure: None }
    }

    pub(crate) fn set_aside(&self, line: u64, bytes: u64, reason: String) -> QuarantinedRecord {
        QuarantinedRecord {
            shard: self.at.shard,
            line,
            file: self.file.path.display().to_string(),
            bytes,
            reason,
        }
    }

    /// Fills `ahead` up to `target` bytes; false at the end of the file.
    fn fill(&mut self, target: usize) -> io::Result<bool> {
        if self.open.is_none() {
            self.open = Some(self.file.open(self.at.byte)?);
        }
        let source = self.open.as_mut().expect("just opened");
        let missing = target.saturating_sub(self.ahead.len());
        self.ahead.reserve(missing);
        let got = source.read_up_to(missing as u64, &mut self.ahead)?;
        Ok(got == missing)
    }

    /// Notes that the file itself cannot be read on.
    pub(crate) fn fail(&mut self, error: &io::Error) {
        self.failure = Some(format!("cannot read {}: {error}", self.file.current_path().display()));
    }

    /// Fills `ahead` as `fill` does. A failure ends the file here and is reported in `set_aside`. With `keeps_to_lines`, the lines that
    /// were read before the failure stay, but not a line that the failure cut in two; else all bytes stay.
    pub(crate) fn fill_or_report(
        &mut self,
        target: usize,
        keeps_to_lines: bool,
        set_aside: &mut Vec<QuarantinedRecord>,
    ) -> bool {
        match self.fill(target) {
            Ok(more) => more,
            Err(error) => {
                let mut line = self.at.line;
                if keeps_to_lines {
                    let whole = memrchr(b'\n', &self.ahead).map_or(0, |end| end + 1);
                    self.ahead.truncate(whole);
                    line += line_ends(&self.ahead);
                }
                if self.open.as_ref().is_none_or(Content::storage_failed) {
                    self.fail(&error);
                }
                set_aside.push(self.set_aside(
                    line,
                    0,
                    format!("the rest of this file cannot be read: {error}"),
                ));
                self.open = Some(Content::given_up(self.file.size));
                false
            }
        }
    }

    /// The chunk of `bytes` from `start` to where the window now begins; `None` where there is nothing to report.
    pub(crate) fn chunk(
        &mut self,
        start: Position,
        bytes: Vec<u8>,
        set_aside: Vec<QuarantinedRecord>,
    ) -> Option<Chunk> {
        let failure = self.failure.take();
        if bytes.is_empty() && set_aside.is_empty() && failure.is_none() {
            return None;
        }
        let stored_bytes_read = self.open.as_ref().map_or(0, Content::stored_bytes_read);
        let content = ChunkContent::Lines(bytes, Arc::clone(&self.mapping));
        let file = self.file.path.display().to_string();
        Some(Chunk {
            end: self.at,
            stored_bytes_read,
            content_bytes: self.at.byte - start.byte,
            set_aside,
            failure,
            ..Chunk::new(file, start, content)
        })
    }
}

/// A file with some content, for the tests of the readers over a window.
#[cfg(test)]
pub(crate) fn file(content: &[u8]) -> (tempfile::NamedTempFile, InputFile) {
    let temp = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(temp.path(), content).unwrap();
    let input = InputFile::describe(temp.path()).unwrap();
    (temp, input)
}

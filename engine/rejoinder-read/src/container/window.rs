//! The part of a file's content that is looked at, and what becomes of it where the file cannot be read on.

use std::io;
use std::sync::Arc;

use memchr::memrchr;

use crate::chunk::{Chunk, Content as Held, Position, line_ends};
use crate::input::{Content, InputFile};
use crate::quarantine::Quarantined;
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

    pub(crate) fn lost(&self, line: u64, bytes: u64, reason: String) -> Quarantined {
        Quarantined { shard: self.at.shard, line, file: self.file.path.display().to_string(), bytes, reason }
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
        self.failure = Some(format!("cannot read {}: {error}", self.file.place().display()));
    }

    /// As `fill`; a failure ends the file here and is reported as lost. `keeps_to_lines`: what was read before the
    /// failure stays good, but for a line that it cut in two; else all of it is looked at.
    pub(crate) fn fill_or_report(
        &mut self,
        target: usize,
        keeps_to_lines: bool,
        lost: &mut Vec<Quarantined>,
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
                lost.push(self.lost(line, 0, format!("the rest of this file cannot be read: {error}")));
                self.open = Some(Content::given_up(self.file.size));
                false
            }
        }
    }

    /// The chunk of `bytes` from `start` to where the window now begins; `None` where there is nothing to tell.
    pub(crate) fn chunk(&mut self, start: Position, bytes: Vec<u8>, lost: Vec<Quarantined>) -> Option<Chunk> {
        let failure = self.failure.take();
        if bytes.is_empty() && lost.is_empty() && failure.is_none() {
            return None;
        }
        let stored_bytes_read = self.open.as_ref().map_or(0, Content::stored_bytes_read);
        let content = Held::Lines(bytes, Arc::clone(&self.mapping));
        let file = self.file.path.display().to_string();
        Some(Chunk {
            end: self.at,
            stored_bytes_read,
            content_bytes: self.at.byte - start.byte,
            lost,
            failure,
            ..Chunk::new(file, start, content)
        })
    }
}

/// A file with some content, for the tests of those who look through a window.
#[cfg(test)]
pub(crate) fn file(content: &[u8]) -> (tempfile::NamedTempFile, InputFile) {
    let temp = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(temp.path(), content).unwrap();
    let input = InputFile::describe(temp.path()).unwrap();
    (temp, input)
}

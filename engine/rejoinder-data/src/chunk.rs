//! Cuts the input into pieces of whole lines, about a mebibyte each: the unit of work of a scanning thread.
//!
//! Where a chunk ends depends only on the bytes and on where it begins, never on how reads happened to return, so
//! that a resumed run cuts as the first one did. A line longer than the limit is skipped without being held.

use std::io;

use memchr::{memchr, memchr_iter, memrchr};
use serde::{Deserialize, Serialize};

use crate::input::{Content, InputFile};
use crate::quarantine::Quarantined;

/// A chunk ends at the last line end in this many bytes.
const CHUNK_BYTES: usize = 1 << 20;

/// A place in the input, always at the beginning of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Index of the input file.
    pub shard: u32,
    /// 0-based line in it.
    pub line: u64,
    /// Byte in its decompressed content.
    pub byte: u64,
}

/// Whole lines of one input file.
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
    /// The lines, with their line feeds; the last one of a file may have none.
    pub bytes: Vec<u8>,
    /// A line that was too long (then `bytes` is empty), or where the compression is broken.
    pub lost: Vec<Quarantined>,
    /// Why the file itself cannot be read on: a fault of the disk or the network that may pass, not of the data.
    pub failure: Option<String>,
}

impl Chunk {
    /// A chunk of lines that were picked by hand, the first at `start`.
    pub fn of_lines(file: String, start: Position, bytes: Vec<u8>) -> Self {
        Self { file, start, end: start, stored_bytes_read: 0, bytes, lost: Vec::new(), failure: None }
    }

    /// The lines with their 0-based numbers, without line feeds and blank lines.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut number = self.start.line;
        let mut rest = &*self.bytes;
        std::iter::from_fn(move || {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = (number, &rest[..end]);
            let more = !rest.is_empty();
            rest = rest.get(end + 1..).unwrap_or_default();
            number += 1;
            more.then_some(line)
        })
        .filter(|(_, line)| !line.trim_ascii().is_empty())
    }
}

/// Reads the input files one after another, chunk by chunk.
pub struct ChunkReader<'a> {
    files: &'a [InputFile],
    max_record_bytes: usize,
    at: Position,
    open: Option<Content>,
    /// Bytes read ahead of `at`.
    ahead: Vec<u8>,
    failure: Option<String>,
}

impl<'a> ChunkReader<'a> {
    /// A reader over `files` from position `from`; lines longer than `max_record_bytes` are set aside.
    pub fn new(files: &'a [InputFile], from: Position, max_record_bytes: usize) -> Self {
        Self { files, max_record_bytes, at: from, open: None, ahead: Vec::new(), failure: None }
    }

    fn file_name(&self) -> String {
        self.files[self.at.shard as usize].path.display().to_string()
    }

    fn lost(&self, line: u64, bytes: u64, reason: String) -> Quarantined {
        Quarantined { shard: self.at.shard, line, file: self.file_name(), bytes, reason }
    }

    /// Fills `ahead` up to `target` bytes; false at the end of the file.
    fn fill(&mut self, target: usize) -> io::Result<bool> {
        if self.open.is_none() {
            self.open = Some(self.files[self.at.shard as usize].open(self.at.byte)?);
        }
        let source = self.open.as_mut().expect("just opened");
        let missing = target.saturating_sub(self.ahead.len());
        self.ahead.reserve(missing);
        let got = source.read_up_to(missing as u64, &mut self.ahead)?;
        Ok(got == missing)
    }

    /// The next chunk of the current file, or `None` at its end.
    fn next_in_file(&mut self) -> Option<Chunk> {
        let start = self.at;
        let mut lost = Vec::new();
        let mut more = self.fill_or_report(CHUNK_BYTES, &mut lost);
        let mut target = CHUNK_BYTES;
        let cut = loop {
            if let Some(end) = memrchr(b'\n', &self.ahead) {
                break end + 1;
            }
            if !more {
                break self.ahead.len();
            }
            if self.ahead.len() > self.max_record_bytes {
                let lost_line = self.skip_line(&mut lost);
                lost.push(lost_line);
                break 0;
            }
            target *= 2;
            more = self.fill_or_report(target, &mut lost);
        };
        let failure = self.failure.take();
        if cut == 0 && lost.is_empty() && failure.is_none() {
            return None;
        }
        let rest = self.ahead.split_off(cut);
        let bytes = std::mem::replace(&mut self.ahead, rest);
        let ended = line_ends(&bytes);
        let partial = u64::from(bytes.last().is_some_and(|&b| b != b'\n'));
        self.at.byte += bytes.len() as u64;
        self.at.line += ended + partial;
        let stored_bytes_read = self.open.as_ref().map_or(0, Content::stored_bytes_read);
        Some(Chunk { file: self.file_name(), start, end: self.at, stored_bytes_read, bytes, lost, failure })
    }

    /// As `fill`; a failure ends the file here and is reported as lost.
    fn fill_or_report(&mut self, target: usize, lost: &mut Vec<Quarantined>) -> bool {
        match self.fill(target) {
            Ok(more) => more,
            Err(error) => {
                // What was read before the failure stays good, but for a line that it cut in two.
                let whole = memrchr(b'\n', &self.ahead).map_or(0, |end| end + 1);
                self.ahead.truncate(whole);
                if self.open.as_ref().is_none_or(Content::storage_failed) {
                    self.failure = Some(format!("cannot read {}: {error}", self.file_name()));
                }
                let line = self.at.line + line_ends(&self.ahead);
                lost.push(self.lost(line, 0, format!("the rest of this file cannot be read: {error}")));
                self.open = Some(Content::given_up(self.files[self.at.shard as usize].size));
                false
            }
        }
    }

    /// Passes over the rest of a line that is too long and stands at the beginning of `ahead`.
    fn skip_line(&mut self, lost: &mut Vec<Quarantined>) -> Quarantined {
        let line = self.at.line;
        let mut length = 0_u64;
        loop {
            if let Some(end) = memchr(b'\n', &self.ahead) {
                length += end as u64;
                self.ahead.drain(..=end);
                self.at.byte += length + 1;
                break;
            }
            length += self.ahead.len() as u64;
            self.ahead.clear();
            if !self.fill_or_report(CHUNK_BYTES, lost) && self.ahead.is_empty() {
                self.at.byte += length;
                break;
            }
        }
        self.at.line += 1;
        self.lost(line, length, too_long(length, self.max_record_bytes))
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Why a record of `length` bytes is set aside.
pub fn too_long(length: u64, limit: usize) -> String {
    format!("the record has {length} bytes, more than the limit of {limit} ([input] max-record-bytes)")
}

impl Iterator for ChunkReader<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        while (self.at.shard as usize) < self.files.len() {
            if let Some(chunk) = self.next_in_file() {
                return Some(chunk);
            }
            self.at = Position { shard: self.at.shard + 1, line: 0, byte: 0 };
            self.open = None;
            self.ahead.clear();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, InputFile) {
        let mut temp = tempfile::NamedTempFile::new().unwrap();
        temp.write_all(content).unwrap();
        let input = InputFile::describe(temp.path()).unwrap();
        (temp, input)
    }

    fn all_lines(files: &[InputFile], from: Position, limit: usize) -> Vec<(u32, u64, Vec<u8>)> {
        ChunkReader::new(files, from, limit)
            .flat_map(|c| c.lines().map(|(n, l)| (c.start.shard, n, l.to_vec())).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn a_long_line_is_set_aside_and_the_next_one_keeps_its_number() {
        let mut content = b"a\n".to_vec();
        content.extend(std::iter::repeat_n(b'x', 5 << 20));
        content.extend(b"\nb\n");
        let files = [file(&content)];
        let files = files.each_ref().map(|f| f.1.clone());
        let chunks: Vec<Chunk> = ChunkReader::new(&files, Position::default(), 2 << 20).collect();
        let lost: Vec<_> = chunks.iter().flat_map(|c| &c.lost).collect();
        assert_eq!((lost.len(), lost[0].line, lost[0].bytes), (1, 1, 5 << 20));
        assert_eq!(
            all_lines(&files, Position::default(), 2 << 20),
            [(0, 0, b"a".to_vec()), (0, 2, b"b".to_vec())]
        );
        assert_eq!(chunks.last().unwrap().end.byte, content.len() as u64);
    }

    #[test]
    fn a_file_that_vanished_is_a_failure_and_not_an_end() {
        let (gone, input) = file(b"a\nb\n");
        let (_keep, next) = file(b"c\n");
        gone.close().unwrap();
        let files = [input, next];
        let chunks: Vec<Chunk> = ChunkReader::new(&files, Position::default(), 1 << 20).collect();
        assert!(chunks[0].failure.as_ref().is_some_and(|why| why.contains("cannot read")), "{chunks:?}");
        assert_eq!(chunks[1].failure, None);
    }

    #[test]
    fn how_much_of_the_stored_file_is_read_is_told_for_any_compression() {
        // Hashes: what is compressed to nothing is read at one go.
        let line = |i: u32| format!("{{\"n\":\"{}\"}}\n", blake3::hash(&i.to_le_bytes())).into_bytes();
        let plain: Vec<u8> = (0..60_000).flat_map(line).collect();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&plain).unwrap();
        let zst = zstd::encode_all(&plain[..], 1).unwrap();
        for stored in [plain.clone(), gz.finish().unwrap(), zst] {
            let (_keep, input) = file(&stored);
            let files = [input];
            let chunks: Vec<Chunk> = ChunkReader::new(&files, Position::default(), 1 << 20).collect();
            let read: Vec<u64> = chunks.iter().map(|c| c.stored_bytes_read).collect();
            assert!(read.is_sorted() && read[0] < files[0].size, "{read:?}");
            assert_eq!(read.last(), Some(&files[0].size));
            let resumed = ChunkReader::new(&files, chunks[1].end, 1 << 20).last().unwrap();
            assert_eq!(resumed.stored_bytes_read, files[0].size);
        }
    }

    #[test]
    fn a_broken_gzip_file_gives_what_was_good() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let lines: String = (0..200_000).map(|i| format!("{{\"n\":{i}}}\n")).collect();
        gz.write_all(lines.as_bytes()).unwrap();
        let mut bytes = gz.finish().unwrap();
        bytes.truncate(bytes.len() / 2);
        let (_keep, input) = file(&bytes);
        let files = [input];
        let chunks: Vec<Chunk> = ChunkReader::new(&files, Position::default(), 1 << 20).collect();
        let lost: Vec<_> = chunks.iter().flat_map(|c| &c.lost).collect();
        assert_eq!(lost.len(), 1);
        assert!(lost[0].reason.contains("cannot be read"), "{}", lost[0].reason);
        let good = all_lines(&files, Position::default(), 1 << 20);
        assert!(
            good.len() > 10_000 && good.iter().all(|(_, n, l)| *l == format!("{{\"n\":{n}}}").into_bytes())
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Reading on from any chunk's end gives the same lines as reading through.
        #[test]
        fn any_chunk_end_is_a_place_to_resume(lengths in prop::collection::vec(0_usize..700_000, 1..12), newline in any::<bool>()) {
            let mut content = Vec::new();
            for (i, len) in lengths.iter().enumerate() {
                content.extend(std::iter::repeat_n(b'a' + (i % 26) as u8, *len));
                content.push(b'\n');
            }
            if !newline { content.pop(); }
            let (_keep, input) = file(&content);
            let files = [input];
            let whole = all_lines(&files, Position::default(), 600_000);
            for chunk in ChunkReader::new(&files, Position::default(), 600_000) {
                let mut joined: Vec<_> = whole.iter().filter(|(_, n, _)| *n < chunk.end.line).cloned().collect();
                joined.extend(all_lines(&files, chunk.end, 600_000));
                prop_assert_eq!(&joined, &whole);
            }
        }
    }
}

//! Cuts content that keeps to lines into pieces of whole lines.
//!
//! Where a chunk ends depends only on the bytes and on where it begins, never on how reads happened to return, so
//! that a resumed run cuts as the first one did. A line longer than the limit is skipped without being held.

use std::sync::Arc;

use memchr::{memchr, memrchr};

use super::window::{CHUNK_BYTES, Window};
use crate::chunk::{Chunk, Position, line_ends};
use crate::input::InputFile;
use crate::quarantine::QuarantinedRecord;
use crate::record::{Mapping, RecordError};

/// Reads one file, chunk by chunk.
pub(crate) struct LineReader<'a>(Window<'a>);

impl<'a> LineReader<'a> {
    /// Lines longer than `max_record_bytes` are set aside.
    pub(crate) const fn new(
        file: &'a InputFile,
        mapping: Arc<Mapping>,
        from: Position,
        max_record_bytes: usize,
    ) -> Self {
        Self(Window::new(file, mapping, from, max_record_bytes))
    }

    /// Passes over the rest of a line that is too long and stands at the beginning of `ahead`.
    fn skip_line(&mut self, set_aside: &mut Vec<QuarantinedRecord>) -> QuarantinedRecord {
        let window = &mut self.0;
        let line = window.at.line;
        let mut length = 0_u64;
        loop {
            if let Some(end) = memchr(b'\n', &window.ahead) {
                length += end as u64;
                window.ahead.drain(..=end);
                window.at.byte += length + 1;
                break;
            }
            length += window.ahead.len() as u64;
            window.ahead.clear();
            if !window.fill_or_report(CHUNK_BYTES, true, set_aside) && window.ahead.is_empty() {
                window.at.byte += length;
                break;
            }
        }
        window.at.line += 1;
        let error = RecordError::TooLong { bytes: length, limit: window.max_record_bytes };
        window.set_aside(line, length, error.to_string())
    }
}

impl Iterator for LineReader<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let start = self.0.at;
        let mut set_aside = Vec::new();
        let mut more = self.0.fill_or_report(CHUNK_BYTES, true, &mut set_aside);
        let mut target = CHUNK_BYTES;
        let cut = loop {
            if let Some(end) = memrchr(b'\n', &self.0.ahead) {
                break end + 1;
            }
            if !more {
                break self.0.ahead.len();
            }
            if self.0.ahead.len() > self.0.max_record_bytes {
                let lost_line = self.skip_line(&mut set_aside);
                set_aside.push(lost_line);
                break 0;
            }
            target *= 2;
            more = self.0.fill_or_report(target, true, &mut set_aside);
        };
        let window = &mut self.0;
        let rest = window.ahead.split_off(cut);
        let bytes = std::mem::replace(&mut window.ahead, rest);
        let partial = u64::from(bytes.last().is_some_and(|&b| b != b'\n'));
        window.at.byte += bytes.len() as u64;
        window.at.line += line_ends(&bytes) + partial;
        window.chunk(start, bytes, set_aside)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::container::window::file;
    use crate::{ChunkReader, Mapping};

    fn all_lines(files: &[InputFile], from: Position, limit: usize) -> Vec<(u32, u64, Vec<u8>)> {
        ChunkReader::new(files, &Mapping::default(), from, limit)
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
        let chunks: Vec<Chunk> =
            ChunkReader::new(&files, &Mapping::default(), Position::default(), 2 << 20).collect();
        let set_aside: Vec<_> = chunks.iter().flat_map(|c| &c.set_aside).collect();
        assert_eq!((set_aside.len(), set_aside[0].line, set_aside[0].bytes), (1, 1, 5 << 20));
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
        let chunks: Vec<Chunk> =
            ChunkReader::new(&files, &Mapping::default(), Position::default(), 1 << 20).collect();
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
            let chunks: Vec<Chunk> =
                ChunkReader::new(&files, &Mapping::default(), Position::default(), 1 << 20).collect();
            let read: Vec<u64> = chunks.iter().map(|c| c.stored_bytes_read).collect();
            assert!(read.is_sorted() && read[0] < files[0].size, "{read:?}");
            assert_eq!(read.last(), Some(&files[0].size));
            let resumed =
                ChunkReader::new(&files, &Mapping::default(), chunks[1].end, 1 << 20).last().unwrap();
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
        let chunks: Vec<Chunk> =
            ChunkReader::new(&files, &Mapping::default(), Position::default(), 1 << 20).collect();
        let set_aside: Vec<_> = chunks.iter().flat_map(|c| &c.set_aside).collect();
        assert_eq!(set_aside.len(), 1);
        assert!(set_aside[0].reason.contains("cannot be read"), "{}", set_aside[0].reason);
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
            for chunk in ChunkReader::new(&files, &Mapping::default(), Position::default(), 600_000) {
                let mut joined: Vec<_> = whole.iter().filter(|(_, n, _)| *n < chunk.end.line).cloned().collect();
                joined.extend(all_lines(&files, chunk.end, 600_000));
                prop_assert_eq!(&joined, &whole);
            }
        }
    }
}

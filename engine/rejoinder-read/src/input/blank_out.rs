//! A file's content with some of its records overwritten by blanks, so that all other records keep their numbers and their places.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;

use memchr::memchr_iter;

use super::InputFile;
use super::encoding::Encoding;
use crate::container::Container;
use crate::container::elements::ElementCutter;
use crate::join;
use crate::record::Mapping;

/// Bytes that are read at once.
const PIECE: u64 = 1 << 20;

impl InputFile {
    /// Whether records of the file can be overwritten by blanks: lines, or elements of a list, each a conversation of its own, in
    /// UTF-8. `given` names keys in the records, where the user names some.
    pub fn can_blank_out(&self, given: &Mapping) -> bool {
        let is_joined = join::of(self.format, &self.mapping(given).into(), self.reading.joins, 0).is_some();
        let is_kept = matches!(self.container, Container::Lines | Container::Array);
        is_kept && !is_joined && self.reading.encoding == Encoding::Utf8 && self.reading.inside.is_none()
    }

    /// Writes the content of a file for which [`Self::can_blank_out`] holds, compressed by zstd, with the records of these numbers
    /// overwritten: lines by blanks, elements of lists by `null` and blanks.
    ///
    /// # Errors
    /// If the file cannot be read or `out` cannot be written.
    pub fn write_blanked(&self, records: &BTreeSet<u64>, out: impl Write) -> io::Result<()> {
        let mut packed = zstd::Encoder::new(out, 1)?;
        match self.container {
            Container::Array => self.blank_elements(records, &mut packed)?,
            _ => self.blank_lines(records, &mut packed)?,
        }
        packed.finish()?.flush()
    }

    fn blank_lines(&self, records: &BTreeSet<u64>, out: &mut impl Write) -> io::Result<()> {
        let (mut content, mut piece, mut number) = (self.open(0)?, Vec::new(), 0);
        while content.read_up_to(PIECE, &mut piece)? > 0 {
            let mut start = 0;
            let ends: Vec<usize> = memchr_iter(b'\n', &piece).collect();
            for end in ends.into_iter().chain([piece.len()]) {
                if records.contains(&number) {
                    piece[start..end].fill(b' ');
                }
                number += u64::from(end < piece.len());
                start = end + 1;
            }
            out.write_all(&piece)?;
            piece.clear();
        }
        Ok(())
    }

    fn blank_elements(&self, records: &BTreeSet<u64>, out: &mut impl Write) -> io::Result<()> {
        let (mut content, mut ahead) = (self.open(0)?, Vec::new());
        let (mut elements, mut number) = (ElementCutter::default(), 0);
        loop {
            let more = content.read_up_to(PIECE, &mut ahead)? > 0;
            let mut done = 0;
            while let Some(found) = elements.next(&ahead, !more) {
                if records.contains(&number) {
                    blank(&mut ahead, found.start..found.end);
                }
                number += 1;
                done = found.end;
            }
            if !more {
                return out.write_all(&ahead);
            }
            elements.forget(done);
            out.write_all(&ahead[..done])?;
            ahead.drain(..done);
        }
    }
}

/// Overwrites an element of a list.
fn blank(bytes: &mut [u8], element: Range<usize>) {
    let element = &mut bytes[element];
    element.fill(b' ');
    // Shorter elements are no conversations.
    if let Some(beginning) = element.first_chunk_mut() {
        *beginning = *b"null";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChunkReader, Position};

    /// The conversations of a content before and after some are overwritten: number and id of each.
    fn conversations(content: &str, blanked: &[u64]) -> [Vec<(u64, Option<String>)>; 2] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chats");
        std::fs::write(&path, content).unwrap();
        let before = InputFile::describe(&path).unwrap();
        assert!(before.can_blank_out(&Mapping::default()));
        let mut packed = Vec::new();
        before.write_blanked(&blanked.iter().copied().collect(), &mut packed).unwrap();
        let plain = zstd::decode_all(&*packed).unwrap();
        assert_eq!(plain.len(), content.len());
        let read = |file: &InputFile| {
            let (files, mapping) = (std::slice::from_ref(file), Mapping::default());
            let chunks = ChunkReader::new(files, &mapping, Position::default(), 1 << 20);
            let of = |chunk: crate::Chunk| {
                chunk.entries().map(|entry| (entry.ordinal, entry.id())).collect::<Vec<_>>()
            };
            chunks.flat_map(of).collect()
        };
        let was = read(&before);
        std::fs::write(&path, packed).unwrap();
        let mut after = before;
        after.renew().unwrap();
        after.forgotten = blanked.iter().copied().collect();
        [was, read(&after)]
    }

    fn chat(id: &str) -> String {
        format!(
            r#"{{"id":"{id}","messages":[{{"role":"user","content":"a [b] \"c\""}},{{"role":"assistant","content":"d"}}]}}"#
        )
    }

    #[test]
    fn overwritten_records_are_gone_and_the_others_keep_their_numbers() {
        let chats = ["a", "b", "c"].map(chat);
        for content in
            [chats.join("\n") + "\n", chats.join("\n"), format!("[\n  {}\n]\n", chats.join(",\n  "))]
        {
            for blanked in [&[0][..], &[1], &[2], &[0, 2], &[]] {
                let [was, is] = conversations(&content, blanked);
                assert_eq!(was.len(), 3);
                let left: Vec<_> = was.into_iter().filter(|(number, _)| !blanked.contains(number)).collect();
                assert_eq!(is, left, "{content} without {blanked:?}");
            }
        }
    }
}

//! Cuts JSON that does not keep to lines into chunks of whole records, each put on a line of its own.
//!
//! As with lines, where a chunk ends depends only on the bytes and on where it begins. A record longer than the limit
//! is skipped without being held, and one that is broken costs what comes before its brackets close.

use std::sync::Arc;

use super::elements::{Elements, onto_line};
use super::window::{CHUNK_BYTES, Window};
use crate::chunk::{Chunk, Position, too_long};
use crate::input::InputFile;
use crate::quarantine::Quarantined;
use crate::record::Mapping;

/// Reads one file, chunk by chunk.
pub(crate) struct ArrayReader<'a>(Window<'a>);

impl<'a> ArrayReader<'a> {
    /// Records longer than `max_record_bytes` are set aside.
    pub(crate) fn new(
        file: &'a InputFile,
        mapping: Arc<Mapping>,
        mut from: Position,
        max_record_bytes: usize,
    ) -> Self {
        from.byte = from.byte.max(file.reading.inside.unwrap_or(0));
        Self(Window::new(file, mapping, from, max_record_bytes))
    }

    /// Passes over the rest of a record that is too long and stands at the beginning of `ahead`.
    fn skip_record(&mut self, mut elements: Elements, lost: &mut Vec<Quarantined>) -> Quarantined {
        let window = &mut self.0;
        let mut length = 0_u64;
        let mut more = true;
        loop {
            if let Some(found) = elements.next(&window.ahead, !more) {
                length += found.end as u64;
                window.ahead.drain(..found.end);
                window.at.byte += found.end as u64;
                break;
            }
            let seen = elements.forget_seen();
            length += seen as u64;
            window.at.byte += seen as u64;
            window.ahead.drain(..seen);
            if !more {
                break;
            }
            more = window.fill_or_report(CHUNK_BYTES, false, lost);
        }
        let line = window.at.line;
        window.at.line += 1;
        window.lost(line, length, too_long(length, window.max_record_bytes))
    }
}

impl Iterator for ArrayReader<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let start = self.0.at;
        let (mut lost, mut lines) = (Vec::new(), Vec::new());
        let mut elements = Elements::new(self.0.file.reading.inside.is_some());
        let mut target = CHUNK_BYTES;
        let mut taken = 0;
        loop {
            let more = self.0.fill_or_report(target, false, &mut lost);
            let window = &mut self.0;
            while let Some(found) = elements.next(&window.ahead, !more) {
                let line = window.at.line;
                let record = &mut window.ahead[found.start..found.end];
                match onto_line(record) {
                    Ok(()) => lines.extend_from_slice(record),
                    Err(why) => {
                        let bytes = record.len() as u64;
                        lost.push(window.lost(line, bytes, why.to_owned()));
                    }
                }
                lines.push(b'\n');
                window.at.line += 1;
                taken = found.end;
            }
            if !more {
                taken = window.ahead.len();
            } else if taken == 0 {
                taken = elements.needed_from();
                elements.forget(taken);
            }
            window.ahead.drain(..taken);
            window.at.byte += taken as u64;
            if !more || !lines.is_empty() {
                break;
            }
            if window.ahead.len() > window.max_record_bytes {
                let too_long = self.skip_record(elements, &mut lost);
                lost.push(too_long);
                lines.push(b'\n');
                break;
            }
            taken = 0;
            target = CHUNK_BYTES.max(2 * window.ahead.len());
        }
        // Where reading failed is after all that was found.
        lost.iter_mut().filter(|l| l.bytes == 0).for_each(|l| l.line = self.0.at.line);
        self.0.chunk(start, lines, lost)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::container::window::file;

    fn records(input: &InputFile, from: Position, limit: usize) -> Vec<(u64, Value)> {
        let of =
            |c: Chunk| c.lines().map(|(n, l)| (n, serde_json::from_slice(l).unwrap())).collect::<Vec<_>>();
        ArrayReader::new(input, Arc::default(), from, limit).flat_map(of).collect()
    }

    #[test]
    fn a_long_record_is_set_aside_and_the_next_one_keeps_its_number() {
        let long = "x".repeat(9 << 20);
        let content = serde_json::to_vec_pretty(&json!([{"n": 0}, {"n": 1, "t": long}, {"n": 2}])).unwrap();
        let (_keep, input) = file(&content);
        let chunks: Vec<Chunk> =
            ArrayReader::new(&input, Arc::default(), Position::default(), 2 << 20).collect();
        let lost: Vec<_> = chunks.iter().flat_map(|c| &c.lost).collect();
        assert_eq!((lost.len(), lost[0].line), (1, 1));
        assert!(lost[0].bytes > 9 << 20 && lost[0].reason.contains("max-record-bytes"));
        let read = records(&input, Position::default(), 2 << 20);
        assert_eq!(read, [(0, json!({"n": 0})), (2, json!({"n": 2}))]);
        assert_eq!(chunks.last().unwrap().end.byte, content.len() as u64);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Reading on from any chunk's end gives the same records as reading through.
        #[test]
        fn any_chunk_end_is_a_place_to_resume(lengths in prop::collection::vec(0_usize..700_000, 1..10)) {
            let all: Vec<Value> = lengths.iter().enumerate().map(|(n, len)| json!({"n": n, "t": "y".repeat(*len)})).collect();
            let (_keep, input) = file(&serde_json::to_vec_pretty(&all).unwrap());
            let whole = records(&input, Position::default(), 600_000);
            let short = |n: &usize| lengths[*n] < 599_000;
            let read = |n: usize| whole.iter().any(|(at, value)| *at == n as u64 && value["n"] == n);
            prop_assert!((0..lengths.len()).filter(short).all(read));
            for chunk in ArrayReader::new(&input, Arc::default(), Position::default(), 600_000) {
                let mut joined: Vec<_> = whole.iter().filter(|(n, _)| *n < chunk.end.line).cloned().collect();
                joined.extend(records(&input, chunk.end, 600_000));
                prop_assert_eq!(&joined, &whole);
            }
        }
    }
}

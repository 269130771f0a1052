//! Cuts JSON that does not keep to lines into chunks of whole records, each put on a line of its own.
//!
//! As with lines, where a chunk ends depends only on the bytes and on where it begins. A record longer than the limit
//! is skipped without being held, and one that is broken costs what comes before its brackets close.

use std::sync::Arc;

use super::elements::{ElementCutter, onto_line};
use super::window::{CHUNK_BYTES, Window};
use crate::chunk::{Chunk, Position};
use crate::input::InputFile;
use crate::quarantine::QuarantinedRecord;
use crate::record::{Mapping, RecordError};

/// Reads one file, chunk by chunk.
pub(crate) struct ArrayReader<'a> {
    window: Window<'a>,
    /// The search goes on from record to record, since the brackets around the records must be closed at the end.
    elements: ElementCutter,
    /// Whether reading began behind some of those brackets.
    is_resumed: bool,
}

impl<'a> ArrayReader<'a> {
    /// Records longer than `max_record_bytes` are set aside.
    pub(crate) fn new(
        file: &'a InputFile,
        mapping: Arc<Mapping>,
        mut from: Position,
        max_record_bytes: usize,
    ) -> Self {
        let is_resumed = from.byte > 0;
        let inside = file.reading.inside;
        from.byte = from.byte.max(inside.unwrap_or(0));
        let elements = inside.map_or_else(ElementCutter::default, |inside| {
            let mut head = Vec::new();
            // A file that cannot be read is told where its records are.
            let _ = file.open(0).and_then(|mut content| content.read_up_to(inside, &mut head));
            ElementCutter::of_list_behind(&head)
        });
        Self { window: Window::new(file, mapping, from, max_record_bytes), elements, is_resumed }
    }

    /// Passes over the rest of a record that is too long and stands at the beginning of `ahead`.
    fn skip_record(&mut self, set_aside: &mut Vec<QuarantinedRecord>) -> QuarantinedRecord {
        let Self { window, elements, .. } = self;
        let mut length = 0_u64;
        let mut more = true;
        loop {
            let passed = match elements.next(&window.ahead, !more) {
                Some(found) => {
                    elements.forget(found.end);
                    more = false;
                    found.end
                }
                None => elements.forget_seen(),
            };
            length += passed as u64;
            window.at.byte += passed as u64;
            window.ahead.drain(..passed);
            if !more {
                break;
            }
            more = window.fill_or_report(CHUNK_BYTES, false, set_aside);
        }
        let line = window.at.line;
        window.at.line += 1;
        let error = RecordError::TooLong { bytes: length, limit: window.max_record_bytes };
        window.set_aside(line, length, error.to_string())
    }

    /// What is wrong with the end of the content, after all of the content was seen.
    fn fault_at_end(&mut self) -> Option<String> {
        let elements = match self.is_resumed && self.window.file.reading.inside.is_none() {
            true => match ended(self.window.file) {
                Ok(elements) => elements,
                // It was read to its end a moment ago: the fault is none of the data's.
                Err(error) => {
                    self.window.fail(&error);
                    return None;
                }
            },
            false => self.elements,
        };
        let fault = elements.fault_at_end()?;
        Some(format!("{fault} (the file ends at byte {})", self.window.at.byte))
    }
}

/// The end of all content of `file`.
fn ended(file: &InputFile) -> std::io::Result<ElementCutter> {
    let mut content = file.open(0)?;
    let (mut elements, mut ahead) = (ElementCutter::default(), Vec::new());
    loop {
        let more = content.read_up_to(CHUNK_BYTES as u64, &mut ahead)? == CHUNK_BYTES;
        while elements.next(&ahead, !more).is_some() {}
        ahead.drain(..elements.forget_seen());
        if !more {
            return Ok(elements);
        }
    }
}

impl Iterator for ArrayReader<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let start = self.window.at;
        let (mut set_aside, mut lines) = (Vec::new(), Vec::new());
        let mut target = CHUNK_BYTES;
        let mut is_cut = false;
        let mut has_fault_at_end = false;
        loop {
            let more = self.window.fill_or_report(target, false, &mut set_aside);
            let Self { window, elements, .. } = self;
            let is_nothing = window.at == start && window.ahead.is_empty();
            let mut taken = 0;
            while let Some(found) = elements.next(&window.ahead, !more) {
                let line = window.at.line;
                let record = &mut window.ahead[found.start..found.end];
                is_cut = found.is_cut;
                match onto_line(record) {
                    _ if is_cut => {
                        let bytes = record.len() as u64;
                        let end = window.at.byte + found.end as u64;
                        set_aside.push(window.set_aside(line, bytes, unended(end)));
                    }
                    Ok(()) => lines.extend_from_slice(record),
                    Err(why) => {
                        let bytes = record.len() as u64;
                        set_aside.push(window.set_aside(line, bytes, why.to_owned()));
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
            }
            elements.forget(taken);
            window.ahead.drain(..taken);
            window.at.byte += taken as u64;
            if !more {
                let is_read = set_aside.iter().all(|l| l.bytes > 0);
                if is_read
                    && !is_nothing
                    && !is_cut
                    && let Some(fault) = self.fault_at_end()
                {
                    set_aside.push(self.window.set_aside(self.window.at.line, 0, fault));
                    has_fault_at_end = true;
                }
                break;
            }
            // A chunk that ends where the content does has seen how that ends.
            if !lines.is_empty() && !window.ahead.is_empty() {
                break;
            }
            if window.ahead.len() > window.max_record_bytes {
                let too_long = self.skip_record(&mut set_aside);
                set_aside.push(too_long);
                lines.push(b'\n');
                break;
            }
            target = CHUNK_BYTES.max(2 * window.ahead.len());
        }
        // Where reading failed is after all that was found.
        set_aside.iter_mut().filter(|l| l.bytes == 0).for_each(|l| l.line = self.window.at.line);
        // The fault has that number, and whoever reads on from the end is not told again.
        self.window.at.line += u64::from(has_fault_at_end);
        self.window.chunk(start, lines, set_aside)
    }
}

/// Why the last record of a content that ends at byte `end` is set aside.
fn unended(end: u64) -> String {
    format!(
        "the file is cut: its last record does not end, or a quote or bracket in it is not closed (the file ends at byte {end})"
    )
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

    fn unclosed() -> Vec<u8> {
        let all: Vec<Value> = (0..6).map(|n| json!({"n": n, "t": "z".repeat(700_000)})).collect();
        let mut content = serde_json::to_vec(&all).unwrap();
        content.pop();
        content
    }

    #[test]
    fn an_array_without_end_is_said_to_be_cut_from_any_chunk_end_on() {
        let (_keep, input) = file(&unclosed());
        let read = |from| ArrayReader::new(&input, Arc::default(), from, 1 << 20);
        let told = |from| {
            read(from)
                .flat_map(|chunk| chunk.set_aside)
                .map(|set_aside| (set_aside.line, set_aside.reason))
                .collect::<Vec<_>>()
        };
        let whole = told(Position::default());
        assert!(whole.len() == 1 && whole[0].1.contains("its list of records does not end"), "{whole:?}");
        let ends: Vec<Position> = read(Position::default()).map(|chunk| chunk.end).collect();
        assert!(ends.len() > 3);
        for end in &ends[..ends.len() - 1] {
            assert_eq!(told(*end), whole, "{end:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_vanishes_before_its_end_is_looked_at_once_more_is_a_failure() {
        let (keep, input) = file(&unclosed());
        let first = ArrayReader::new(&input, Arc::default(), Position::default(), 1 << 20).next().unwrap();
        let mut resumed = ArrayReader::new(&input, Arc::default(), first.end, 1 << 20);
        assert_eq!(resumed.next().unwrap().failure, None);
        keep.close().unwrap();
        let failure = resumed.last().unwrap().failure;
        assert!(failure.is_some_and(|why| why.contains("cannot read")));
    }

    #[test]
    fn a_long_record_is_set_aside_and_the_next_one_keeps_its_number() {
        let long = "x".repeat(9 << 20);
        let content = serde_json::to_vec_pretty(&json!([{"n": 0}, {"n": 1, "t": long}, {"n": 2}])).unwrap();
        let (_keep, input) = file(&content);
        let chunks: Vec<Chunk> =
            ArrayReader::new(&input, Arc::default(), Position::default(), 2 << 20).collect();
        let set_aside: Vec<_> = chunks.iter().flat_map(|c| &c.set_aside).collect();
        assert_eq!((set_aside.len(), set_aside[0].line), (1, 1));
        assert!(set_aside[0].bytes > 9 << 20 && set_aside[0].reason.contains("max-record-bytes"));
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

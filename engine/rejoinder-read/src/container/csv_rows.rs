//! CSV rows as JSON records: columns become keys, and values become texts. A shape that needs a list may find JSON in a text.

use std::io::{self, Read};
use std::sync::Arc;

use csv::ByteRecord;
use serde_json::{Map, Value};

use super::window::CHUNK_BYTES;
use crate::chunk::{Chunk, ChunkContent, Position};
use crate::input::{Content, InputFile};
use crate::quarantine::QuarantinedRecord;
use crate::record::{Mapping, RecordError};

/// Reads one file, chunk by chunk: a row is a line.
pub(crate) struct CsvRows<'a> {
    file: &'a InputFile,
    mapping: Arc<Mapping>,
    max_record_bytes: usize,
    at: Position,
    open: Option<OpenTable>,
    has_ended: bool,
}

struct OpenTable {
    headers: Vec<String>,
    rows: csv::Reader<LimitedContent>,
    /// Byte of the content at which `rows` began.
    begun: u64,
}

/// A row that was read.
enum CsvRow {
    /// The row as a JSON record.
    Json(String),
    /// A row that cannot be used: its length, and why.
    SetAside { bytes: u64, error: RecordError },
}

/// Content that ends in an error where a row does not end: an open quote would swallow the rest of the file. Behind its
/// end stands one more row, [`BEYOND`], which such a quote swallows, too.
struct LimitedContent {
    content: Content,
    left: usize,
    /// Bytes of the content that were read.
    read: u64,
    /// What is left of the row behind the end; `None` before the end.
    beyond: Option<&'static [u8]>,
}

const BEYOND: &[u8] = b"\n.";

impl Read for LimitedContent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("a row does not end; is a quote not closed?"));
        }
        if let Some(beyond) = &mut self.beyond {
            return beyond.read(buffer);
        }
        let most = buffer.len().min(self.left);
        let got = self.content.read(&mut buffer[..most])?;
        self.left -= got;
        self.read += got as u64;
        if got == 0 && most > 0 {
            return self.beyond.insert(BEYOND).read(buffer);
        }
        Ok(got)
    }
}

impl LimitedContent {
    const fn new(content: Content, left: usize) -> Self {
        Self { content, left, read: 0, beyond: None }
    }
}

/// The bytes that may separate the values of a row.
pub(crate) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The names and the first rows of a content that begins with `head`, as records, if the content can be CSV. A row that is cut off is
/// left out, unless it is the first.
pub(crate) fn first(head: &[u8], delimiter: u8, count: usize, is_whole: bool) -> (Vec<String>, Vec<Value>) {
    let mut rows = builder(delimiter).from_reader(head);
    let mut row = ByteRecord::new();
    if !rows.read_byte_record(&mut row).is_ok_and(|is_there| is_there) {
        return Default::default();
    }
    let headers = names(&row);
    let mut records = Vec::new();
    while records.len() < count && rows.read_byte_record(&mut row).is_ok_and(|is_there| is_there) {
        let is_cut_off = !is_whole && rows.position().byte() >= head.len() as u64;
        if !is_cut_off || records.is_empty() {
            records.extend(record(&headers, &row).ok());
        }
    }
    (headers, records)
}

fn builder(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter);
    builder
}

fn names(first: &ByteRecord) -> Vec<String> {
    let name = |field: &[u8]| {
        let field = field.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(field);
        String::from_utf8_lossy(field).into_owned()
    };
    first.iter().map(name).collect()
}

impl<'a> CsvRows<'a> {
    /// Rows longer than `max_record_bytes` are set aside.
    pub(crate) const fn new(
        file: &'a InputFile,
        mapping: Arc<Mapping>,
        from: Position,
        max_record_bytes: usize,
    ) -> Self {
        Self { file, mapping, max_record_bytes, at: from, open: None, has_ended: false }
    }

    fn open(&mut self) -> io::Result<()> {
        if self.open.is_none() {
            let limit = self.limit();
            let delimiter = self.file.reading.delimiter;
            let rows = |content| builder(delimiter).from_reader(LimitedContent::new(content, limit));
            let mut open = OpenTable { headers: Vec::new(), rows: rows(self.file.open(0)?), begun: 0 };
            let mut first = ByteRecord::new();
            open.rows.read_byte_record(&mut first)?;
            open.headers = names(&first);
            let all = open.rows.get_ref().read;
            let after = open.rows.position().byte();
            if after > all + 1 {
                return Err(io::Error::other("the row of names does not end; is a quote not closed?"));
            }
            let after = after.min(all);
            if self.at.byte > after {
                open = OpenTable { rows: rows(self.file.open(self.at.byte)?), begun: self.at.byte, ..open };
            } else {
                self.at.byte = after;
            }
            self.open = Some(open);
        }
        Ok(())
    }

    /// The most bytes that may be read for one row, since the reader reads ahead.
    const fn limit(&self) -> usize {
        2 * self.max_record_bytes + CHUNK_BYTES
    }

    /// The next row; `None` at the end.
    fn next_row(&mut self) -> io::Result<Option<CsvRow>> {
        let (limit, max) = (self.limit(), self.max_record_bytes);
        self.open()?;
        let (before, open) = (self.at.byte, self.open.as_mut().expect("just opened"));
        open.rows.get_mut().left = limit;
        let mut row = ByteRecord::new();
        if !open.rows.read_byte_record(&mut row)? {
            return Ok(None);
        }
        let rows = open.rows.get_ref();
        let all = open.begun + rows.read;
        let end = open.begun + open.rows.position().byte();
        let is_beyond = rows.beyond.is_some() && end > all + 1;
        if is_beyond && row.iter().eq([b"."]) {
            return Ok(None);
        }
        let end = end.min(all);
        let bytes = end.saturating_sub(before);
        let record = if is_beyond {
            Err(RecordError::from(format!(
                "the file is cut: its last row does not end, or a quote in it is not closed (the file ends at byte {all})"
            )))
        } else if bytes > max as u64 {
            Err(RecordError::TooLong { bytes, limit: max })
        } else {
            record(&open.headers, &row).map(|row| row.to_string())
        };
        self.at.byte = end;
        Ok(Some(match record {
            Ok(json) => CsvRow::Json(json),
            Err(error) => CsvRow::SetAside { bytes, error },
        }))
    }

    fn set_aside(&self, bytes: u64, reason: String) -> QuarantinedRecord {
        let Position { shard, line, .. } = self.at;
        QuarantinedRecord { shard, line, file: self.file.path.display().to_string(), bytes, reason }
    }
}

fn record(headers: &[String], row: &ByteRecord) -> Result<Value, RecordError> {
    if row.len() != headers.len() {
        return Err(format!("a row of {} values under {} columns", row.len(), headers.len()).into());
    }
    let mut record = Map::new();
    for (name, value) in headers.iter().zip(row) {
        // A cell without a word holds no text.
        let value = String::from_utf8_lossy(value);
        record.insert(name.clone(), if value.is_empty() { Value::Null } else { value.into() });
    }
    Ok(Value::Object(record))
}

impl Iterator for CsvRows<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let start = self.at;
        let (mut lines, mut set_aside, mut failure) = (Vec::new(), Vec::new(), None);
        while lines.len() < CHUNK_BYTES && !self.has_ended {
            match self.next_row() {
                Ok(None) => self.has_ended = true,
                Ok(Some(row)) => {
                    match row {
                        CsvRow::Json(json) => lines.extend_from_slice(json.as_bytes()),
                        CsvRow::SetAside { bytes, error } => {
                            set_aside.push(self.set_aside(bytes, error.to_string()));
                        }
                    }
                    // What is lost leaves a blank line, so that rows keep their numbers.
                    lines.push(b'\n');
                    self.at.line += 1;
                }
                Err(error) => {
                    self.has_ended = true;
                    let is_stored = |open: &OpenTable| !open.rows.get_ref().content.storage_failed();
                    if !self.open.as_ref().is_some_and(is_stored) {
                        failure =
                            Some(format!("cannot read {}: {error}", self.file.current_path().display()));
                    }
                    set_aside
                        .push(self.set_aside(0, format!("the rest of this file cannot be read: {error}")));
                }
            }
        }
        if lines.is_empty() && set_aside.is_empty() {
            return None;
        }
        let read = self.open.as_ref().map_or(0, |open| open.rows.get_ref().content.stored_bytes_read());
        Some(Chunk {
            end: self.at,
            stored_bytes_read: read,
            content_bytes: self.at.byte - start.byte,
            set_aside,
            failure,
            ..Chunk::new(
                self.file.path.display().to_string(),
                start,
                ChunkContent::Lines(lines, Arc::clone(&self.mapping)),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn read(content: &str, from: Position, max: usize) -> Vec<Chunk> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, content).unwrap();
        let file = InputFile::describe(&path).unwrap();
        assert_eq!(file.container, crate::Container::Csv);
        CsvRows::new(&file, Arc::default(), from, max).collect()
    }

    #[test]
    fn every_end_of_a_chunk_is_a_place_to_resume() {
        let mut content = "\u{feff}prompt,response\r\n".to_owned();
        for n in 0..40_000 {
            let _ = write!(content, "m{n},\"a text,\r\nof \"\"two\"\" lines: {}\"\r\n", "x".repeat(n % 70));
        }
        let chunks = read(&content, Position::default(), 1 << 20);
        assert!(chunks.len() > 3);
        assert_eq!(chunks.last().unwrap().end.line, 40_000);
        let lines = |chunks: &[Chunk]| -> Vec<(u64, Vec<u8>)> {
            chunks.iter().flat_map(|c| c.lines().map(|(n, line)| (n, line.to_vec()))).collect()
        };
        for (index, chunk) in chunks.iter().enumerate() {
            assert_eq!(lines(&read(&content, chunk.end, 1 << 20)), lines(&chunks[index + 1..]), "{index}");
        }
        let row: Value = serde_json::from_slice(&lines(&chunks)[2].1).unwrap();
        assert_eq!(row["response"], "a text,\r\nof \"two\" lines: xx");
    }

    #[test]
    fn however_the_last_line_ends_no_row_is_lost_and_none_is_made_up() {
        let row = |a: &str, b: &str| serde_json::json!({ "a": a, "b": b });
        for (content, expected) in [
            ("a,b\r\n1,2\r\n3,4\r\n", vec![row("1", "2"), row("3", "4")]),
            ("a,b\r\n1,2\r\n3,4", vec![row("1", "2"), row("3", "4")]),
            ("a,b\n1,2\n\n\n3,4\n\n\n", vec![row("1", "2"), row("3", "4")]),
            ("a,b\r\n1,2\r\n\r\n\r\n", vec![row("1", "2")]),
            ("a,b\n.,.\n", vec![row(".", ".")]),
        ] {
            assert_eq!(values(content), (expected, Vec::new()), "{content:?}");
        }
        for (content, dots) in [("a\n1\n.", 1), ("a\n.\n.\n", 2), ("a\n.\r\n\r\n.\r\n", 2), ("a\n\".\"", 1)] {
            let (rows, set_aside) = values(content);
            assert_eq!(rows.iter().filter(|row| row["a"] == ".").count(), dots, "{content:?}");
            assert!(set_aside.is_empty(), "{content:?}: {set_aside:?}");
        }
    }

    /// The rows of a content, and why there are no more.
    fn values(content: &str) -> (Vec<Value>, Vec<String>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let file = InputFile::of_json_values(file.path(), crate::Container::Csv).unwrap();
        let chunks: Vec<Chunk> = CsvRows::new(&file, Arc::default(), Position::default(), 1 << 20).collect();
        let rows = chunks.iter().flat_map(Chunk::lines).map(|(_, row)| serde_json::from_slice(row).unwrap());
        (
            rows.collect(),
            chunks
                .iter()
                .flat_map(|chunk| &chunk.set_aside)
                .map(|set_aside| set_aside.reason.clone())
                .collect(),
        )
    }

    #[test]
    fn a_quote_that_is_not_closed_does_not_swallow_the_memory() {
        let content = format!("prompt,response\na,b\nc,\"{}", "x\n".repeat(3 << 20));
        let chunks = read(&content, Position::default(), 1 << 10);
        let set_aside: Vec<_> = chunks.iter().flat_map(|chunk| &chunk.set_aside).collect();
        assert_eq!((chunks[0].lines().count(), set_aside.len(), set_aside[0].line), (1, 1, 1));
        assert!(set_aside[0].reason.contains("is a quote not closed?"), "{}", set_aside[0].reason);
    }

    #[test]
    fn a_row_that_cannot_be_used_is_set_aside_and_the_next_keeps_its_number() {
        let content = format!("prompt,response\na,{}\nb,short\nc,is,uneven\nd,short\n", "x".repeat(2_000));
        let chunks = read(&content, Position::default(), 1_000);
        let numbers: Vec<u64> = chunks[0].lines().map(|(number, _)| number).collect();
        let [long, uneven] = &*chunks[0].set_aside else { panic!("{:?}", chunks[0].set_aside) };
        assert_eq!((numbers, long.line, long.bytes, uneven.line), (vec![1, 3], 0, 2_003, 2));
        assert_eq!(uneven.reason, "a row of 3 values under 2 columns");
    }
}

//! Rows as JSON records, for shapes that are not simply a list of messages.

use std::fs::File;
use std::sync::Arc;

use parquet::file::reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;
use serde_json::Value;

use super::guard::{guarded, is_of_storage};
use crate::chunk::{Chunk, ChunkContent, Position};
use crate::container::window::CHUNK_BYTES;
use crate::input::InputFile;
use crate::quarantine::QuarantinedRecord;
use crate::record::Mapping;

/// Reads one file, chunk by chunk: a row is a line.
pub(crate) struct JsonRows<'a> {
    file: &'a InputFile,
    mapping: Arc<Mapping>,
    at: Position,
    projection: Type,
    rows: u64,
    open: Option<RowIter<'static>>,
}

impl<'a> JsonRows<'a> {
    /// Reads the columns of `projection` of a file with so many `rows`.
    pub(crate) const fn new(
        file: &'a InputFile,
        mapping: Arc<Mapping>,
        from: Position,
        projection: Type,
        rows: u64,
    ) -> Self {
        Self { file, mapping, at: from, projection, rows, open: None }
    }

    fn next_row(&mut self) -> std::io::Result<Option<String>> {
        if self.open.is_none() {
            let file = File::open(self.file.current_path())?;
            let (projection, done) = (self.projection.clone(), self.at.byte);
            self.open = Some(guarded(|| {
                let reader = SerializedFileReader::new(file)?;
                let mut rows = RowIter::from_file_into(Box::new(reader)).project(Some(projection))?;
                for _ in 0..done {
                    rows.next().transpose()?;
                }
                Ok(rows)
            })?);
        }
        let rows = self.open.as_mut().expect("just opened");
        guarded(|| Ok(rows.next().transpose()?.map(|row| row.to_json_value().to_string())))
    }
}

/// The first rows of a file as records, as far as they can be read.
pub(crate) fn first(file: File, projection: Type, count: usize) -> Vec<Value> {
    let rows = guarded(|| {
        let reader = SerializedFileReader::new(file)?;
        let rows = RowIter::from_file_into(Box::new(reader)).project(Some(projection))?;
        rows.take(count).map(|row| Ok(row?.to_json_value())).collect()
    });
    rows.unwrap_or_default()
}

impl Iterator for JsonRows<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let start = self.at;
        let (mut lines, mut set_aside, mut failure) = (Vec::new(), Vec::new(), None);
        let name = self.file.path.display().to_string();
        while lines.len() < CHUNK_BYTES && self.at.byte < self.rows {
            match self.next_row() {
                Ok(Some(row)) => {
                    lines.extend_from_slice(row.as_bytes());
                    lines.push(b'\n');
                    self.at.byte += 1;
                    self.at.line += 1;
                }
                ended => {
                    let error = ended.err().unwrap_or_else(|| std::io::ErrorKind::UnexpectedEof.into());
                    if is_of_storage(&error) {
                        failure = Some(format!("cannot read {name}: {error}"));
                    }
                    let left = self.rows - self.at.byte;
                    let reason = format!("the {left} rows from here on cannot be read: {error}");
                    let Position { shard, line, .. } = self.at;
                    set_aside.push(QuarantinedRecord { shard, line, file: name.clone(), bytes: 0, reason });
                    self.at.byte = self.rows;
                }
            }
        }
        if self.at == start {
            return None;
        }
        let read = u128::from(self.file.size) * u128::from(self.at.byte) / u128::from(self.rows.max(1));
        let content_bytes = lines.len() as u64;
        Some(Chunk {
            end: self.at,
            stored_bytes_read: read as u64,
            content_bytes,
            set_aside,
            failure,
            ..Chunk::new(name, start, ChunkContent::Lines(lines, Arc::clone(&self.mapping)))
        })
    }
}

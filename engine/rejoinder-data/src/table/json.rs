//! Rows as JSON records, for shapes that are not simply a list of messages.

use std::fs::File;

use parquet::file::reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use super::{guarded, is_of_storage};
use crate::chunk::{Chunk, Content, Position};
use crate::input::InputFile;
use crate::quarantine::Quarantined;
use crate::window::CHUNK_BYTES;

/// Reads one file, chunk by chunk: a row is a line.
pub(crate) struct JsonRows<'a> {
    file: &'a InputFile,
    at: Position,
    projection: Type,
    rows: u64,
    open: Option<RowIter<'static>>,
}

impl<'a> JsonRows<'a> {
    /// Reads the columns of `projection` of a file with so many `rows`.
    pub(crate) const fn new(file: &'a InputFile, from: Position, projection: Type, rows: u64) -> Self {
        Self { file, at: from, projection, rows, open: None }
    }

    fn next_row(&mut self) -> std::io::Result<Option<String>> {
        if self.open.is_none() {
            let file = File::open(&self.file.path)?;
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

impl Iterator for JsonRows<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let start = self.at;
        let (mut lines, mut lost, mut failure) = (Vec::new(), Vec::new(), None);
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
                    lost.push(Quarantined { shard, line, file: name.clone(), bytes: 0, reason });
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
            lost,
            failure,
            ..Chunk::new(name, start, Content::Lines(lines, self.file.format))
        })
    }
}

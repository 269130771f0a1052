//! A Parquet file that is being written.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde::Serialize;

use super::leaf::LeafColumn;
use super::shred::shred;

/// Most rows of a row group. Readers take one row group at a time, and the writer holds a row group in memory until it is full.
pub(super) const GROUP_ROWS: usize = 1 << 16;
/// Bytes of values that fill a row group of fewer rows.
const GROUP_BYTES: usize = 64 << 20;

/// A Parquet file that is being written.
pub struct ParquetRows<W: Write + Send> {
    file: SerializedFileWriter<W>,
    leaves: Vec<LeafColumn>,
    /// Rows in the leaf columns.
    rows: usize,
}

impl<W: Write + Send> ParquetRows<W> {
    /// A file of rows of `schema`, a Parquet message type, compressed with Snappy, which every reader knows.
    pub fn new(out: W, schema: &str) -> io::Result<Self> {
        let schema = parse_message_type(schema).map_err(of_parquet)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file =
            SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(of_parquet)?;
        let columns = file.schema_descr().columns();
        let leaves = columns.iter().map(LeafColumn::new).collect::<io::Result<_>>()?;
        Ok(Self { file, leaves, rows: 0 })
    }

    /// Adds a row, which serde writes as an object with the fields of the schema and no others.
    pub fn push(&mut self, row: &impl Serialize) -> io::Result<()> {
        let row = serde_json::to_value(row)?;
        shred(self.file.schema_descr().root_schema(), &row, &mut self.leaves)?;
        self.rows += 1;
        let bytes: usize = self.leaves.iter().map(LeafColumn::bytes).sum();
        if self.rows >= GROUP_ROWS || bytes >= GROUP_BYTES { self.end_group() } else { Ok(()) }
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<()> {
        self.end_group()?;
        self.file.close().map_err(of_parquet)?;
        Ok(())
    }

    fn end_group(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let mut write = || {
            let mut group = self.file.next_row_group()?;
            for leaf in &mut self.leaves {
                let column = group.next_column()?;
                let mut column =
                    column.ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
                leaf.write(column.untyped())?;
                column.close()?;
            }
            group.close().map(drop)
        };
        write().map_err(of_parquet)
    }
}

/// The cause keeps its kind, so that a full disk is told as one.
pub(super) fn of_parquet(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

//! Rows to Parquet: what serde can write becomes columns, a batch at a time.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_json::ReaderBuilder;
use arrow_json::reader::Decoder;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde::Serialize;

/// Rows that are turned into columns together; also what memory holds at most beside the open row group.
const BATCH: usize = 1024;
/// Rows of a row group. Readers take one row group at a time, and the writer holds a row group in memory until the group is full.
const ROW_GROUP: usize = 64 * BATCH;

/// A Parquet file that is being written.
pub(super) struct ParquetRows<W: Write + Send> {
    writer: ArrowWriter<W>,
    decoder: Decoder,
    waiting: usize,
}

impl<W: Write + Send> ParquetRows<W> {
    /// A file of rows of `schema`, compressed with Snappy, which every reader knows.
    pub(super) fn new(out: W, schema: Schema) -> io::Result<Self> {
        let schema = Arc::new(schema);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)).map_err(of_parquet)?;
        let decoder = decoder(&schema)?;
        Ok(Self { writer, decoder, waiting: 0 })
    }

    pub(super) fn push(&mut self, row: &impl Serialize) -> io::Result<()> {
        self.decoder.serialize(&[row]).map_err(of_arrow)?;
        self.waiting += 1;
        if self.waiting == BATCH { self.flush() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.writer.close().map_err(of_parquet)?;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(batch) = self.decoder.flush().map_err(of_arrow)? {
            self.writer.write(&batch).map_err(of_parquet)?;
        }
        self.waiting = 0;
        Ok(())
    }
}

fn decoder(schema: &SchemaRef) -> io::Result<Decoder> {
    ReaderBuilder::new(Arc::clone(schema))
        .with_batch_size(BATCH)
        .with_strict_mode(true)
        .build_decoder()
        .map_err(of_arrow)
}

fn of_arrow(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}

/// The cause keeps its kind, so that a full disk is told as one.
fn of_parquet(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

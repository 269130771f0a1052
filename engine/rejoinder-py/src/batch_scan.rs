//! `Engine.scan_batches`: a stream of batches, held one at a time.

use std::sync::{Mutex, PoisonError};

use arrow_array::RecordBatchReader;
use arrow_schema::SchemaRef;
use pyo3::prelude::*;
use rejoinder::failure::Failure;
use rejoinder_read::{Duplicates, TableReader};

use crate::engine::PyEngine;
use crate::error::{detached, exception};
use crate::held_table::{conversations, reader, unreadable};
use crate::places::PlaceColumns;
use crate::rows::schema;
use crate::table::Table;

/// The rows about a stream, batch by batch: what `Engine.scan_batches` returns. Each step gives a table, or raises what `Engine.scan`
/// raises.
#[pyclass(name = "BatchScan", module = "rejoinder", frozen)]
pub struct BatchScan {
    engine: Py<PyEngine>,
    columns: PlaceColumns,
    stream: Mutex<Stream>,
}

struct Stream {
    source: Box<dyn RecordBatchReader + Send>,
    schema: SchemaRef,
    /// How the batches are read, as the first one tells.
    reader: Option<TableReader>,
    /// Rows that were read before.
    read: u64,
}

impl BatchScan {
    pub fn new(engine: Py<PyEngine>, stream: &Bound<'_, PyAny>, columns: PlaceColumns) -> PyResult<Self> {
        if engine.get().engine.config.input.duplicates != Duplicates::Keep {
            return Err(exception(Failure::usage(
                "[input] duplicates is for a whole table: scan the table at once, or leave duplicates out before",
            )));
        }
        let source = reader(stream)?;
        let schema = source.schema();
        let stream = Mutex::new(Stream { source, schema, reader: None, read: 0 });
        Ok(Self { engine, columns, stream })
    }

    fn next(&self) -> Result<Option<Table>, Failure> {
        let engine = self.engine.get();
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(batch) = stream.source.next() else { return Ok(None) };
        let batches = [batch.map_err(|why| unreadable(&why))?];
        if stream.reader.is_none() {
            let reader = conversations(&engine.engine, &stream.schema, &batches)?;
            if reader.joins_rows() {
                return Err(Failure::usage(format!(
                    "a conversation is made of several rows here ({}), which may stand in several batches: scan the table at once",
                    reader.evidence.text
                )));
            }
            stream.reader = Some(reader);
        }
        let Some(reader) = &stream.reader else { return Ok(None) };
        let found = engine.scan_rows_from(reader, &batches, &self.columns, stream.read)?.rows;
        stream.read += batches[0].num_rows() as u64;
        Ok(Some(Table::of(schema(), found)))
    }
}

#[pymethods]
impl BatchScan {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Table>> {
        detached(py, || self.next())
    }
}

//! Tables on their way in.

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;
use rejoinder::failure::Failure;
use rejoinder_read::TableReader;
use rejoinder_scan::Engine;

use crate::error::{detached, exception};

/// The name of a table in messages.
const TABLE: &str = "the table";
/// What Arrow says of a column of nulls alone, as some libraries hand it over.
const NULL_COLUMN: &str = "The datatype \"Null\" doesn't expect buffer";

/// A table, held until it is done with.
pub struct HeldTable {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl HeldTable {
    /// Reads all of a table. Where the table is in memory already, nothing is copied.
    pub fn of(py: Python<'_>, table: &Bound<'_, PyAny>) -> PyResult<Self> {
        let reader = reader(table)?;
        match detached(py, || Self::read(reader)) {
            Err(error) if error.to_string().contains(NULL_COLUMN) && table.hasattr("to_arrow")? => {
                let reader = reader_of_stream(&table.call_method0("to_arrow")?)?;
                detached(py, || Self::read(reader))
            }
            read => read,
        }
    }

    fn read(reader: Box<dyn RecordBatchReader + Send>) -> Result<Self, Failure> {
        let schema = reader.schema();
        let batches = reader.collect::<Result<_, ArrowError>>().map_err(|why| unreadable(&why))?;
        Ok(Self { schema, batches })
    }

    /// A reader of the conversations in the table.
    pub fn conversations(&self, engine: &Engine) -> Result<TableReader, Failure> {
        conversations(engine, &self.schema, &self.batches)
    }
}

/// A reader of batches of a table, as a caller gives it.
pub fn reader(table: &Bound<'_, PyAny>) -> PyResult<Box<dyn RecordBatchReader + Send>> {
    reader_of_stream(table).map_err(|why| {
        let of = table.get_type().fully_qualified_name().map_or_else(|_| "an object".to_owned(), |name| name.to_string());
        exception(Failure::usage(format!(
            "{of} is no table that can be taken: {}. Tables have Arrow's interface, as those of pyarrow, polars, DuckDB and pandas have; \
             pyarrow.Table.from_pylist makes one of a list of dicts, pyarrow.RecordBatchReader.from_batches a stream of batches, and \
             collect() a frame of a lazy one",
            why.value(table.py())
        )))
    })
}

fn reader_of_stream(table: &Bound<'_, PyAny>) -> PyResult<Box<dyn RecordBatchReader + Send>> {
    table.extract::<AnyRecordBatch>()?.into_reader()
}

/// A reader of the conversations in batches with a schema; the first of them tell how they are read.
pub fn conversations(
    engine: &Engine,
    schema: &SchemaRef,
    first: &[RecordBatch],
) -> Result<TableReader, Failure> {
    let input = &engine.config.input;
    TableReader::new(TABLE, schema, first, input.asked(), input.max_record_bytes)
        .map_err(|why| Failure::invalid(format!("the table cannot be read: {why}")))
}

/// That a table cannot be read.
pub fn unreadable(why: &dyn std::fmt::Display) -> Failure {
    Failure::io("the table cannot be read", why)
}

//! `rejoinder.Table`: rows on their way to another Python library.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::{Field, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};

/// Rows in memory, for any library that takes Arrow's streams: `pyarrow.table(rows)`, `polars.DataFrame(rows)`.
///
/// Nothing is copied on the way, and the rows can be handed on as often as needed.
#[pyclass(name = "Table", module = "rejoinder", frozen)]
pub struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    /// A table of batches, all with this schema.
    pub const fn of(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }
}

#[pymethods]
impl Table {
    /// The rows as a stream of Arrow's C interface: a capsule named `arrow_array_stream`.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let batches = self.batches.clone().into_iter();
        let structs = batches.map(|batch| Ok(Arc::new(StructArray::from(batch)) as ArrayRef));
        let row = Field::new_struct("", self.schema.fields().clone(), false);
        let rows = ArrayIterator::new(structs, Arc::new(row));
        Ok(to_stream_pycapsule(py, Box::new(rows), requested_schema)?)
    }

    /// The columns and their types in Arrow's C interface: a capsule named `arrow_schema`.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, &*self.schema)?)
    }

    fn __len__(&self) -> usize {
        self.num_rows()
    }

    /// The number of rows.
    #[getter]
    fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The names of the columns, in their order.
    #[getter]
    fn column_names(&self) -> Vec<&str> {
        self.schema.fields().iter().map(|field| field.name().as_str()).collect()
    }

    fn __repr__(&self) -> String {
        let (rows, columns) = (self.num_rows(), self.schema.fields().len());
        format!("<rejoinder.Table: {rows} rows of {columns} columns; see them with pyarrow.table(rows)>")
    }
}

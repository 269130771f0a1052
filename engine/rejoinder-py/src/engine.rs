//! `rejoinder.Engine`.

use std::num::NonZeroUsize;

use std::ffi::CString;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;
use rejoinder::cli::training_request;
use rejoinder::failure::Failure;
use rejoinder_host::LoadedPlugin;
use rejoinder_judge::{AskingForm, Question};
use rejoinder_read::TableReader;
use rejoinder_run::judging::Judge;
use rejoinder_scan::config::{EffectiveConfig, UnitName};
use rejoinder_scan::{Engine, default_threads};

use crate::batch_scan::BatchScan;
use crate::config::effective;
use crate::error::{detached, exception};
use crate::export::{command_flags, training_rows, training_task};
use crate::judging::{Asking, told, transport};
use crate::places::{PlaceColumns, Places};
use crate::rows::schema;
use crate::scanning::TableScan;

/// The name of a table in messages.
const TABLE: &str = "the table";

/// Rules, plugins and score, assembled once as a config says, for tables of conversations.
#[pyclass(name = "Engine", module = "rejoinder", frozen)]
pub struct PyEngine {
    pub engine: Engine,
    /// The judge, asked about one turn at a time: how rows that wait are put into words.
    pub judge: Judge,
    threads: NonZeroUsize,
}

/// A table, held until it is done with.
pub struct HeldTable {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl HeldTable {
    /// Reads all of a table. Where the table is in memory already, nothing is copied.
    pub fn of(py: Python<'_>, table: AnyRecordBatch) -> PyResult<Self> {
        let reader = table.into_reader()?;
        detached(py, || Self::read(reader))
    }

    fn read(reader: Box<dyn RecordBatchReader + Send>) -> Result<Self, Failure> {
        let schema = reader.schema();
        let batches = reader.collect::<Result<_, ArrowError>>().map_err(|why| unreadable(&why))?;
        Ok(Self { schema, batches })
    }

    /// A reader of the conversations in the table.
    pub fn conversations(&self, engine: &Engine) -> Result<TableReader, Failure> {
        reader_of(engine, &self.schema, &self.batches)
    }
}

pub fn reader_of(engine: &Engine, schema: &SchemaRef, first: &[RecordBatch]) -> Result<TableReader, Failure> {
    let input = &engine.config.input;
    TableReader::new(TABLE, schema, first, input.asked(), input.max_record_bytes)
        .map_err(|why| Failure::invalid(format!("the table cannot be read: {why}")))
}

pub fn unreadable(why: &dyn std::fmt::Display) -> Failure {
    Failure::io("the table cannot be read", why)
}

#[pymethods]
impl PyEngine {
    #[new]
    #[pyo3(signature = (config=None, *, corpus=None, threads=None))]
    fn new(
        py: Python<'_>,
        config: Option<&Bound<'_, PyAny>>,
        corpus: Option<AnyRecordBatch>,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let effective = effective(config)?;
        let corpus = corpus.map(|table| HeldTable::of(py, table)).transpose()?;
        let threads = match threads {
            None => default_threads(),
            Some(threads) => NonZeroUsize::new(threads)
                .ok_or_else(|| exception(Failure::usage("threads is a number from 1 on")))?,
        };
        let (engine, judge) = detached(py, || build(&effective, corpus.as_ref()))?;
        Ok(Self { engine, judge, threads })
    }

    #[pyo3(signature = (table, *, shard=None, ordinal=None))]
    fn scan(
        &self,
        py: Python<'_>,
        table: AnyRecordBatch,
        shard: Option<String>,
        ordinal: Option<String>,
    ) -> PyResult<PyTable> {
        let table = HeldTable::of(py, table)?;
        let columns = PlaceColumns { shard, ordinal };
        let batches = detached(py, || {
            let reader = table.conversations(&self.engine)?;
            self.scan_rows_from(&reader, &table.batches, &columns, 0)
        })?;
        PyTable::try_new(batches, schema())
    }

    #[pyo3(signature = (stream, *, shard=None, ordinal=None))]
    fn scan_batches(
        slf: Py<Self>,
        stream: AnyRecordBatch,
        shard: Option<String>,
        ordinal: Option<String>,
    ) -> PyResult<BatchScan> {
        BatchScan::new(slf, stream, PlaceColumns { shard, ordinal })
    }

    /// From what it was told that a conversation is made of several rows of this table; `None` where each is one row.
    fn joined_rows(&self, py: Python<'_>, table: AnyRecordBatch) -> PyResult<Option<String>> {
        let table = HeldTable::of(py, table)?;
        detached(py, || {
            let reader = table.conversations(&self.engine)?;
            Ok(reader.joins_rows().then(|| reader.evidence.text.clone()))
        })
    }

    fn read(&self, py: Python<'_>, rows: AnyRecordBatch) -> PyResult<PyTable> {
        let rows = HeldTable::of(py, rows)?;
        PyTable::try_new(detached(py, || self.asking(1).read(&rows.batches))?, schema())
    }

    #[pyo3(signature = (rows, keeper, *, sharing=1))]
    fn judge<'p>(
        &self,
        py: Python<'p>,
        rows: AnyRecordBatch,
        keeper: &Bound<'_, PyAny>,
        sharing: usize,
    ) -> PyResult<(PyTable, Bound<'p, PyDict>)> {
        let rows = HeldTable::of(py, rows)?;
        let transport = transport(keeper)?;
        let (batches, report, stop) = detached(py, || self.asking(sharing).run(&rows.batches, transport))?;
        let report = told(py, &report)?;
        report.set_item("stop_code", stop.as_ref().map(|failure| failure.exit as u8))?;
        report.set_item("stop", stop.map(|failure| failure.message))?;
        Ok((PyTable::try_new(batches, schema())?, report))
    }

    #[pyo3(signature = (rows, conversations, what="kto", **flags))]
    fn export(
        &self,
        py: Python<'_>,
        rows: AnyRecordBatch,
        conversations: AnyRecordBatch,
        what: &str,
        flags: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyTable> {
        let task = training_task(what).map_err(exception)?;
        let request = training_request(task, &command_flags(flags)?).map_err(exception)?;
        let (rows, table) = (HeldTable::of(py, rows)?, HeldTable::of(py, conversations)?);
        let (batches, schema, remarks) = detached(py, || {
            let reader = table.conversations(&self.engine)?;
            training_rows(request, &rows.batches, &reader, &table.batches)
        })?;
        for remark in remarks {
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), &CString::new(remark)?, 1)?;
        }
        PyTable::try_new(batches, schema)
    }

    /// The hash of all rules in force.
    #[getter]
    fn rules_hash(&self) -> &str {
        self.engine.rules.hash()
    }

    /// The name and the identity (library, version and configuration) of each plugin.
    #[getter]
    fn plugins(&self) -> Vec<(String, String)> {
        let plugins = self.engine.registry.plugins().iter();
        plugins.map(|plugin| (plugin.name().to_owned(), plugin.identity().to_owned())).collect()
    }

    /// Whether the learned score takes part in decisions.
    #[getter]
    fn has_score(&self) -> bool {
        self.engine.cuts().is_some()
    }

    /// The body of a request about one turn, as JSON, with the words of an example: its settings are those of every such request.
    #[getter]
    fn example_request(&self) -> Option<String> {
        let example = Question::example("Thanks!");
        self.judge.form.next(&[example], &[]).map(|request| request.body.clone())
    }

    /// The config in force, as JSON.
    #[getter]
    fn config_json(&self) -> String {
        serde_json::to_string(&self.engine.config).expect("a config is plain data")
    }

    fn __repr__(&self) -> String {
        let rules = self.engine.rules.rules().len();
        let plugins: Vec<&str> = self.engine.registry.plugins().iter().map(LoadedPlugin::name).collect();
        format!("<rejoinder.Engine: {rules} rules; plugins {}>", plugins.join(", "))
    }
}

impl PyEngine {
    fn asking(&self, sharing: usize) -> Asking<'_> {
        Asking { engine: &self.engine, single: &self.judge, sharing }
    }

    /// The rows about a table, or about batches of one whose first row has the number `first`.
    pub fn scan_rows_from(
        &self,
        reader: &TableReader,
        batches: &[RecordBatch],
        columns: &PlaceColumns,
        first: u64,
    ) -> Result<Vec<RecordBatch>, Failure> {
        if reader.joins_rows() && columns.ordinal.is_some() {
            return Err(Failure::usage(format!(
                "ordinal names a row of the source, but a conversation is made of several rows here ({})",
                reader.evidence.text
            )));
        }
        let places = Places::of_columns(columns, batches, first)?;
        let (engine, form) = (&self.engine, &self.judge.form);
        TableScan { engine, form, threads: self.threads, places: &places }.run(reader, batches)
    }
}

fn build(effective: &EffectiveConfig, corpus: Option<&HeldTable>) -> Result<(Engine, Judge), Failure> {
    if effective.config.judge.unit == UnitName::Conversation {
        return Err(Failure::usage(
            "[judge] unit = \"conversation\" is for runs of the command; tables are asked about turn by turn",
        ));
    }
    let mut engine = Engine::of(effective)?;
    if let Some(table) = corpus {
        let reader = table.conversations(&engine)?;
        engine = engine.for_corpus_of(reader.chunks(table.batches.iter().cloned()))?;
    }
    let section = &engine.config.judge;
    let judge = match section.prompt {
        Some(_) => Judge::expected(section, None)?,
        None => Judge::in_form(section, None, AskingForm::Single)?,
    };
    Ok((engine, judge))
}

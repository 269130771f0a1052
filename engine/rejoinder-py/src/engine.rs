//! `rejoinder.Engine`.

use std::ffi::CString;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow_array::RecordBatch;
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rejoinder::cli::training_request;
use rejoinder::failure::Failure;
use rejoinder_host::LoadedPlugin;
use rejoinder_judge::{AskingForm, Question};
use rejoinder_read::TableReader;
use rejoinder_run::judging::Judge;
use rejoinder_scan::config::{EffectiveConfig, UnitName};
use rejoinder_scan::{Config, Engine, default_threads};

use crate::batch_scan::BatchScan;
use crate::config::effective;
use crate::error::{detached, exception};
use crate::export::{command_flags, training_rows, training_task};
use crate::held_table::HeldTable;
use crate::judging::{Asking, told, transport};
use crate::places::{PlaceColumns, Places};
use crate::rows::schema;
use crate::scanning::{ScannedRows, TableScan};
use crate::table::Table;

/// Rules, plugins and score, assembled once as a config says, for tables of conversations.
///
/// An engine never changes, and several threads may use one at the same time. Its calls let other Python threads run meanwhile.
///
/// Args:
///     config: What `rejoinder.toml` holds: a dict, the text of such a file (a str with a line break or `=`), or its path. Without
///         one, `rejoinder.toml` in the working directory is not read, and the config is the shipped one.
///     corpus: Conversations like those to be scanned, as a table. A run looks at its input and leaves the shipped cut of the score
///         out where the dialogues are of another kind; an engine does so with a corpus. Without one, the cut is in force.
///     threads: How many threads a scan takes; as many as the machine has cores, if not given.
///
/// Raises:
///     ConfigError: The config, its rules or its plugins cannot be used.
///     UsageError: The config is for whole runs only, or `threads` is 0.
///     InputError: A file that the config names cannot be read.
#[pyclass(name = "Engine", module = "rejoinder", frozen)]
pub struct PyEngine {
    pub engine: Arc<Engine>,
    /// The judge, asked about one turn at a time: how rows that wait are put into words.
    pub judge: Judge,
    threads: NonZeroUsize,
    /// The config as it was given: the engine adds to its own what it brings.
    given: Config,
}

#[pymethods]
impl PyEngine {
    #[new]
    #[pyo3(signature = (config=None, *, corpus=None, threads=None))]
    fn new(
        py: Python<'_>,
        config: Option<&Bound<'_, PyAny>>,
        corpus: Option<&Bound<'_, PyAny>>,
        threads: Option<i64>,
    ) -> PyResult<Self> {
        let effective = effective(config)?;
        let corpus = corpus.map(|table| HeldTable::of(py, table)).transpose()?;
        let threads = match threads {
            None => default_threads(),
            Some(threads) => usize::try_from(threads)
                .ok()
                .and_then(NonZeroUsize::new)
                .ok_or_else(|| exception(Failure::usage("threads is a number from 1 on")))?,
        };
        let (engine, judge) = detached(py, || build(&effective, corpus.as_ref()))?;
        Ok(Self { engine: Arc::new(engine), judge, threads, given: effective.config })
    }

    /// Decide about every later turn of the conversations in a table.
    ///
    /// The table has conversations in any of the shapes that the command reads from Parquet files: one conversation a row, one
    /// message a row, nested or as JSON texts. Texts are read where they lie, without a copy, if messages are lists of structs (or
    /// structs of lists) with a role and a text.
    ///
    /// Args:
    ///     table: Anything with `__arrow_c_stream__` or `__arrow_c_array__`: a table or a record batch reader of pyarrow, a
    ///         polars.DataFrame, a DuckDB relation, a pandas.DataFrame.
    ///     shard: The column with the number of a row's source, from 0 on (below 2^32); else 0.
    ///     ordinal: The column with the number of a row in its source, from 0 on; else the number of the row in the table.
    ///
    /// Returns:
    ///     A table with a row for every turn that was accepted or waits for a judge, in the order of the conversations, and a row for
    ///     every record that was set aside. Its columns are those of the feedback table of `rejoinder export`, and then:
    ///     `decision` (`accepted`, `waiting` or `set-aside`); for a turn that waits `prompt` (the words that a judge is to answer),
    ///     `request_key` (their hash) and `question` (what the engine needs to read the answer); `error` (why a record was set
    ///     aside); `shard` and `ordinal` (where the conversation stands).
    ///
    /// Raises:
    ///     ConfigError: The table lacks a column that its shape needs.
    ///     UsageError: There is no column `shard` or `ordinal`, or it holds no whole numbers.
    ///     InputError: The table cannot be read, or a plugin failed more often than the config allows.
    #[pyo3(signature = (table, *, shard=None, ordinal=None))]
    fn scan(
        &self,
        py: Python<'_>,
        table: &Bound<'_, PyAny>,
        shard: Option<String>,
        ordinal: Option<String>,
    ) -> PyResult<Table> {
        let table = HeldTable::of(py, table)?;
        let columns = PlaceColumns { shard, ordinal };
        let (batches, remark) = detached(py, || {
            let reader = table.conversations(&self.engine)?;
            let scanned = self.scan_rows_from(&reader, &table.batches, &columns, 0)?;
            Ok((scanned.rows, remark_on_joining(&reader, &table.batches, scanned.conversations)))
        })?;
        warn(py, remark)?;
        Ok(Table::of(schema(), batches))
    }

    /// Decide about every later turn of a stream of batches; one batch at a time is held.
    ///
    /// The rows are those of `scan` over all batches. Where one conversation may take several rows, a stream is refused: scan the
    /// whole table.
    ///
    /// Args:
    ///     stream: Anything with `__arrow_c_stream__`, such as a pyarrow.RecordBatchReader.
    ///     shard: As in `scan`.
    ///     ordinal: As in `scan`; else the number of the row in the stream.
    ///
    /// Returns:
    ///     An iterator of tables with the columns of `scan`, one for each batch.
    ///
    /// Raises:
    ///     UsageError: The config sets `[input] duplicates`, or a conversation may take several rows; the latter with the first batch.
    ///     Error: As in `scan`, with the batch that is at fault.
    #[pyo3(signature = (stream, *, shard=None, ordinal=None))]
    fn scan_batches(
        slf: Py<Self>,
        stream: &Bound<'_, PyAny>,
        shard: Option<String>,
        ordinal: Option<String>,
    ) -> PyResult<BatchScan> {
        BatchScan::new(slf, stream, PlaceColumns { shard, ordinal })
    }

    /// From what it was told that a conversation is made of several rows of this table; `None` where each is one row.
    fn joined_rows(&self, py: Python<'_>, table: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let table = HeldTable::of(py, table)?;
        detached(py, || {
            let reader = table.conversations(&self.engine)?;
            Ok(reader.joins_rows().then(|| reader.evidence.text.clone()))
        })
    }

    /// Read the answers that you have got from a model about rows that wait.
    ///
    /// Args:
    ///     rows: Rows of `scan` with two more columns: `answer`, the model's text on the row's `prompt`, or null; and, if you have them,
    ///         `logprobs`, the log-probabilities of the answer's first token: OpenAI's `logprobs` object, or an object from tokens to
    ///         log-probabilities, as a struct or as JSON.
    ///
    /// Returns:
    ///     A table with the columns of `scan` and a row for each row, in order. Rows with an answer are `accepted` (source `judge`)
    ///     or `rejected`; those whose answer says nothing of what was asked wait on, with the reason in `error`.
    ///
    /// Raises:
    ///     UsageError: There is no column `answer`.
    ///     ConfigError: Rows are not as `scan` made them, or answers or log-probabilities have another form.
    fn read(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Table> {
        let rows = HeldTable::of(py, rows)?;
        Ok(Table::of(schema(), detached(py, || self.asking(1).read(&rows.batches))?))
    }

    /// Ask the judge of the config about rows that wait, as a run does: several turns a request where the server gives letters in a
    /// row, within the budget, and each question once.
    ///
    /// Args:
    ///     rows: Rows of `scan`, those of a conversation together.
    ///     keeper: A `Keeper` that is prepared, or a function that takes bytes to one and brings back its answer, as an actor of a
    ///         cluster does. The function is called from several threads; calling it twice with the same bytes does no harm.
    ///     sharing: How many processes ask at once: the requests in flight (`max-in-flight`) are shared among them.
    ///
    /// Returns:
    ///     The table as `read` gives it, and a dict of counts: `answered`, `from_store`, `requests` and others; its `stop` says why
    ///     asking ended early, or is None. Rows without an answer then wait on, with the reason in `error`.
    ///
    /// Raises:
    ///     UsageError: The config names no judge, or the keeper has prepared another one.
    ///     InputError: The keeper cannot be reached. What was answered is kept.
    ///     KeyboardInterrupt: As soon as what is in flight is answered and kept.
    #[pyo3(signature = (rows, keeper, *, sharing=1))]
    fn judge<'p>(
        &self,
        py: Python<'p>,
        rows: &Bound<'_, PyAny>,
        keeper: &Bound<'_, PyAny>,
        sharing: usize,
    ) -> PyResult<(Table, Bound<'p, PyDict>)> {
        let rows = HeldTable::of(py, rows)?;
        let transport = transport(keeper)?;
        let (batches, report, stop) = detached(py, || self.asking(sharing).run(&rows.batches, transport))?;
        let report = told(py, &report)?;
        report.set_item("stop_code", stop.as_ref().map(|failure| failure.exit as u8))?;
        report.set_item("stop", stop.map(|failure| failure.message))?;
        Ok((Table::of(schema(), batches), report))
    }

    /// Make training rows out of accepted rows and the conversations that they are about.
    ///
    /// Args:
    ///     rows: Rows of `scan`, or any of them; those that are not accepted are passed over.
    ///     conversations: The table that was scanned.
    ///     what: `kto`, `sft` or `pairs`.
    ///     **flags: The flags of `rejoinder export`: `style="axolotl"` is `--style=axolotl`, `unbalanced=True` is `--unbalanced`,
    ///         and a list is the flag with each of its values. `rejoinder export kto --help` lists them.
    ///
    /// Returns:
    ///     A table of the rows that `rejoinder export` writes, with the same columns, in the same order. Arguments of a tool's call are
    ///     JSON texts, since a column has one type; what a message lacks is null.
    ///
    /// Raises:
    ///     UsageError: Such rows or flags do not exist, or rows are about conversations that are not in the table.
    ///     ConfigError: Rows are not as `scan` made them.
    ///
    /// Warns:
    ///     UserWarning: No row was made, with the reason.
    #[pyo3(signature = (rows, conversations, what="kto", **flags))]
    fn export(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, PyAny>,
        conversations: &Bound<'_, PyAny>,
        what: &str,
        flags: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Table> {
        let task = training_task(what).map_err(exception)?;
        let request = training_request(task, &command_flags(flags)?).map_err(exception)?;
        let (rows, table) = (HeldTable::of(py, rows)?, HeldTable::of(py, conversations)?);
        let (batches, schema, remarks) = detached(py, || {
            let reader = table.conversations(&self.engine)?;
            training_rows(request, &rows.batches, &reader, &table.batches)
        })?;
        warn(py, remarks)?;
        Ok(Table::of(schema, batches))
    }

    /// The hash of all rules in force: text of 64 hexadecimal digits.
    #[getter]
    fn rules_hash(&self) -> &str {
        self.engine.rules.hash()
    }

    /// The name and the identity (hash of library, version and configuration) of each plugin, as a list of pairs of texts.
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

    /// The config as it was given, with what the environment says over it, as JSON: an engine that is built from it decides alike.
    #[getter]
    fn given_json(&self) -> String {
        serde_json::to_string(&self.given).expect("a config is plain data")
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
    ) -> Result<ScannedRows, Failure> {
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

fn warn(py: Python<'_>, remarks: impl IntoIterator<Item = String>) -> PyResult<()> {
    remarks
        .into_iter()
        .try_for_each(|remark| PyErr::warn(py, &py.get_type::<PyUserWarning>(), &CString::new(remark)?, 1))
}

/// What is to be said where rows of several conversations may have been taken for one.
fn remark_on_joining(reader: &TableReader, batches: &[RecordBatch], conversations: u64) -> Option<String> {
    /// The number of rows that one conversation may well have.
    const FEW: usize = 4;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    (reader.lacks_ids() && conversations == 1 && rows > FEW).then(|| {
        format!(
            "all {rows} rows are taken for one conversation ({}): if they are several, name the column of their ids, \
             {{\"input\": {{\"map\": {{\"id\": …}}}}}} in the config",
            reader.evidence.text
        )
    })
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

//! The feedback table: one row a feedback, as JSON lines or as Parquet, with the same columns.
//!
//! The table begins with the columns of the paper's released data set. Every key is always written and no column changes its
//! type from row to row; so the other columns of the source, which may hold anything, are written as JSON text.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};
use rejoinder_core::{Feedback, PluginVote};
use serde::Serialize;

use super::parquet::ParquetRows;

/// A row of the exported table. The columns are a promise; [`Feedback`] says what most of them mean.
#[derive(Debug, Serialize)]
struct TableRow<'a> {
    conversation_id: &'a str,
    feedback_turn: u32,
    category: &'static str,
    label: i8,
    span: &'a str,
    span_start: u64,
    span_end: u64,
    span_start_char: u64,
    span_end_char: u64,
    span_start_utf16: u64,
    span_end_utf16: u64,
    source: &'static str,
    id: String,
    message_index: u32,
    rules: &'a [String],
    plugins: &'a [PluginVote],
    model: &'a str,
    reply_key: &'a str,
    probabilities: rejoinder_core::AnswerProbabilities,
    engine: &'a str,
    rules_hash: &'a str,
    metadata: String,
}

/// The values that all rows of a table share.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    /// The version of the engine.
    pub engine: &'a str,
    /// The hash of all rules in force.
    pub rules_hash: &'a str,
}

impl<'a> TableRow<'a> {
    fn new(feedback: &'a Feedback, provenance: Provenance<'a>) -> Self {
        Self {
            conversation_id: &feedback.conversation_id,
            feedback_turn: feedback.feedback_turn,
            category: feedback.category.code(),
            label: feedback.label,
            span: &feedback.span,
            span_start: feedback.span_start,
            span_end: feedback.span_end,
            span_start_char: feedback.span_start_char,
            span_end_char: feedback.span_end_char,
            span_start_utf16: feedback.span_start_utf16,
            span_end_utf16: feedback.span_end_utf16,
            source: feedback.source.name(),
            id: feedback.id.to_string(),
            message_index: feedback.message_index,
            rules: &feedback.rules,
            plugins: &feedback.plugins,
            model: &feedback.model,
            reply_key: &feedback.reply_key,
            probabilities: feedback.probabilities,
            engine: provenance.engine,
            rules_hash: provenance.rules_hash,
            metadata: serde_json::to_string(&feedback.metadata).expect("metadata came from JSON"),
        }
    }
}

/// The columns in Parquet.
fn schema() -> Schema {
    let of = |name: &str, kind: DataType| Field::new(name, kind, false);
    let maybe = |name: &str| Field::new(name, DataType::Float32, true);
    let list = |name: &str, element: DataType| {
        of(name, DataType::List(Arc::new(Field::new("element", element, false))))
    };
    let text = || DataType::Utf8;
    let vote = Fields::from(vec![
        of("plugin", text()),
        of("identity", text()),
        of("verdict", text()),
        of("category", text()),
        maybe("score"),
        of("reason", text()),
    ]);
    let answers = ["none", "UR1", "UR2", "UR3", "UR4", "UR5"].map(maybe);
    Schema::new(vec![
        of("conversation_id", text()),
        of("feedback_turn", DataType::Int64),
        of("category", text()),
        of("label", DataType::Int64),
        of("span", text()),
        of("span_start", DataType::Int64),
        of("span_end", DataType::Int64),
        of("span_start_char", DataType::Int64),
        of("span_end_char", DataType::Int64),
        of("span_start_utf16", DataType::Int64),
        of("span_end_utf16", DataType::Int64),
        of("source", text()),
        of("id", text()),
        of("message_index", DataType::Int64),
        list("rules", text()),
        list("plugins", DataType::Struct(vote)),
        of("model", text()),
        of("reply_key", text()),
        of("probabilities", DataType::Struct(Fields::from(answers.to_vec()))),
        of("engine", text()),
        of("rules_hash", text()),
        of("metadata", text()),
    ])
}

/// The file format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// One JSON object a line.
    JsonLines,
    /// Parquet.
    Parquet,
}

/// A table that is being written.
pub struct TableWriter<'p, W: Write + Send> {
    writer: RowWriter<W>,
    provenance: Provenance<'p>,
    rows: u64,
}

enum RowWriter<W: Write + Send> {
    JsonLines(W),
    Parquet(Box<ParquetRows<W>>),
}

impl<'p, W: Write + Send> TableWriter<'p, W> {
    /// Begins a table in `format`, which is written to `out`.
    ///
    /// # Errors
    /// If the beginning of the file cannot be written.
    pub fn new(out: W, format: TableFormat, provenance: Provenance<'p>) -> io::Result<Self> {
        let writer = match format {
            TableFormat::JsonLines => RowWriter::JsonLines(out),
            TableFormat::Parquet => RowWriter::Parquet(Box::new(ParquetRows::new(out, schema())?)),
        };
        Ok(Self { writer, provenance, rows: 0 })
    }

    /// Adds a feedback.
    ///
    /// # Errors
    /// If the row cannot be written.
    pub fn push(&mut self, feedback: &Feedback) -> io::Result<()> {
        let row = TableRow::new(feedback, self.provenance);
        self.rows += 1;
        match &mut self.writer {
            RowWriter::JsonLines(out) => {
                serde_json::to_writer(&mut *out, &row)?;
                out.write_all(b"\n")
            }
            RowWriter::Parquet(rows) => rows.push(&row),
        }
    }

    /// Ends the file. Returns the number of rows.
    ///
    /// # Errors
    /// If the end of the file cannot be written.
    pub fn finish(self) -> io::Result<u64> {
        match self.writer {
            RowWriter::JsonLines(mut out) => out.flush()?,
            RowWriter::Parquet(rows) => rows.finish()?,
        }
        Ok(self.rows)
    }
}

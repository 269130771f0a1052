//! The feedback table: one row a feedback, as JSON lines or as Parquet, with the same columns.
//!
//! The table begins with the columns of the paper's released data set. Every key is always written and no column changes its
//! type from row to row; so the other columns of the source, which may hold anything, are written as JSON text.

use std::io::{self, Write};

use rejoinder_core::{Feedback, PluginVote};
use serde::Serialize;

use super::parquet::ParquetRows;

/// A row of the exported table. The columns are a promise; [`Feedback`] says what most of them mean.
#[derive(Debug, Serialize)]
pub struct TableRow<'a> {
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
    reply_form: &'a str,
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
    /// The row of a feedback.
    pub fn new(feedback: &'a Feedback, provenance: Provenance<'a>) -> Self {
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
            reply_form: &feedback.reply_form,
            probabilities: feedback.probabilities,
            engine: provenance.engine,
            rules_hash: provenance.rules_hash,
            metadata: serde_json::to_string(&feedback.metadata).expect("metadata came from JSON"),
        }
    }
}

/// The columns in Parquet.
const SCHEMA: &str = "message feedback {
    REQUIRED BYTE_ARRAY conversation_id (STRING);
    REQUIRED INT64 feedback_turn;
    REQUIRED BYTE_ARRAY category (STRING);
    REQUIRED INT64 label;
    REQUIRED BYTE_ARRAY span (STRING);
    REQUIRED INT64 span_start;
    REQUIRED INT64 span_end;
    REQUIRED INT64 span_start_char;
    REQUIRED INT64 span_end_char;
    REQUIRED INT64 span_start_utf16;
    REQUIRED INT64 span_end_utf16;
    REQUIRED BYTE_ARRAY source (STRING);
    REQUIRED BYTE_ARRAY id (STRING);
    REQUIRED INT64 message_index;
    REQUIRED GROUP rules (LIST) {
        REPEATED GROUP list {
            REQUIRED BYTE_ARRAY element (STRING);
        }
    }
    REQUIRED GROUP plugins (LIST) {
        REPEATED GROUP list {
            REQUIRED GROUP element {
                REQUIRED BYTE_ARRAY plugin (STRING);
                REQUIRED BYTE_ARRAY identity (STRING);
                REQUIRED BYTE_ARRAY verdict (STRING);
                REQUIRED BYTE_ARRAY category (STRING);
                OPTIONAL FLOAT score;
                REQUIRED BYTE_ARRAY reason (STRING);
            }
        }
    }
    REQUIRED BYTE_ARRAY model (STRING);
    REQUIRED BYTE_ARRAY reply_key (STRING);
    REQUIRED BYTE_ARRAY reply_form (STRING);
    REQUIRED GROUP probabilities {
        OPTIONAL FLOAT none;
        OPTIONAL FLOAT UR1;
        OPTIONAL FLOAT UR2;
        OPTIONAL FLOAT UR3;
        OPTIONAL FLOAT UR4;
        OPTIONAL FLOAT UR5;
    }
    REQUIRED BYTE_ARRAY engine (STRING);
    REQUIRED BYTE_ARRAY rules_hash (STRING);
    REQUIRED BYTE_ARRAY metadata (STRING);
}";

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
            TableFormat::Parquet => RowWriter::Parquet(Box::new(ParquetRows::new(out, SCHEMA)?)),
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

#[cfg(test)]
mod tests {
    use parquet::file::reader::SerializedFileReader;
    use rejoinder_core::{AnswerProbabilities, Category, Role};
    use serde_json::Value;

    use super::*;
    use crate::export::tests::support;

    fn rows(feedback: &[Feedback], format: TableFormat) -> Vec<Value> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let provenance = Provenance { engine: "1", rules_hash: "ab" };
        let mut table = TableWriter::new(file.reopen().unwrap(), format, provenance).unwrap();
        feedback.iter().for_each(|feedback| table.push(feedback).unwrap());
        assert_eq!(table.finish().unwrap(), feedback.len() as u64);
        match format {
            TableFormat::JsonLines => {
                let text = std::fs::read_to_string(file.path()).unwrap();
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
            }
            TableFormat::Parquet => {
                let rows = SerializedFileReader::new(file.into_file()).unwrap().into_iter();
                rows.map(|row| row.unwrap().to_json_value()).collect()
            }
        }
    }

    #[test]
    fn both_formats_hold_the_same() {
        let user = |text: &str| (Role::User, text.to_owned());
        let conversation =
            support::conversation("c", &[user("Hi"), (Role::Assistant, "Ho".into()), user("No: é")]);
        let plain = support::feedback(&conversation, 2, Category::Ur2);
        let mut full = support::feedback(&conversation, 2, Category::Ur5);
        let vote = |score| PluginVote {
            plugin: "p".into(),
            identity: "i".into(),
            verdict: "accept".into(),
            category: "UR5".into(),
            score,
            reason: String::new(),
        };
        full.rules = vec!["a".into(), "b".into()];
        full.plugins = vec![vote(Some(0.5)), vote(None)];
        full.probabilities = AnswerProbabilities::new(0.25, [0.125, 0.5, 0.0, 1.0, 0.75]);
        full.metadata.insert("model".into(), "m".into());
        let feedback = [plain, full];
        assert_eq!(rows(&feedback, TableFormat::Parquet), rows(&feedback, TableFormat::JsonLines));
        assert_eq!(rows(&[], TableFormat::Parquet), Vec::<Value>::new());
    }
}

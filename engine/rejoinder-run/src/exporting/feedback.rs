//! The feedback of a run as a table.

use std::fmt;
use std::io::{self, Write};

use rejoinder_export::export::table::{Provenance, TableFormat, TableWriter};
use rejoinder_export::redaction::{RedactedRows, Redactor};

use crate::error::RunError;
use crate::folder::RunDir;
use crate::replay;

/// Why an export ended before its end.
#[derive(Debug)]
pub enum ExportError {
    /// The run could not be read.
    Read(RunError),
    /// The rows could not be written.
    Write(io::Error),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<RunError> for ExportError {
    fn from(error: RunError) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// A table of feedback that was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenTable {
    /// The number of rows.
    pub rows: u64,
    /// How many of the rows held personal data, which was taken out.
    pub redacted: RedactedRows,
}

/// Writes the feedback of a run as a table, in input order, without the personal data that the redactor, if there is one, finds.
///
/// # Errors
/// If the run cannot be read, or `out` cannot be written.
pub fn write_feedback(
    run: &RunDir,
    format: TableFormat,
    redactor: Option<&Redactor>,
    out: &mut (dyn Write + Send),
) -> Result<WrittenTable, ExportError> {
    let provenance = Provenance { engine: &run.manifest.engine, rules_hash: &run.manifest.rules_hash };
    let mut table = TableWriter::new(out, format, provenance)?;
    let mut redacted = RedactedRows::default();
    for row in replay::feedback(run)? {
        let mut row = row?;
        if let Some(redactor) = redactor {
            redacted.count(redactor.feedback(&mut row));
        }
        table.push(&row)?;
    }
    Ok(WrittenTable { rows: table.finish()?, redacted })
}

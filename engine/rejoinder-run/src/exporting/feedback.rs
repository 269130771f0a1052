//! The feedback of a run as a table.

use std::fmt;
use std::io::{self, Write};

use rejoinder_export::export::table::{Provenance, TableFormat, TableWriter};

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

/// Writes the feedback of a run as a table, in input order; returns the number of rows.
///
/// # Errors
/// If the run cannot be read, or `out` cannot be written.
pub fn write_feedback(
    run: &RunDir,
    format: TableFormat,
    out: &mut (dyn Write + Send),
) -> Result<u64, ExportError> {
    let provenance = Provenance { engine: &run.manifest.engine, rules_hash: &run.manifest.rules_hash };
    let mut table = TableWriter::new(out, format, provenance)?;
    for row in replay::feedback(run)? {
        table.push(&row?)?;
    }
    Ok(table.finish()?)
}

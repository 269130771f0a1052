//! The one record of the input that holds a turn.

use std::fmt;

use rejoinder_core::RecordId;
use rejoinder_read::{Chunk, ChunkReader, InputFile, Position, QuarantinedRecord};
use rejoinder_scan::config::InputConfig;

use super::places::KnownPlaces;
use crate::error::RunError;
use crate::folder::RunDir;

/// Why the record of a turn cannot be had.
#[derive(Debug)]
pub enum RecordFault {
    /// The file cannot be read: why.
    Unreadable(String),
    /// The record was set aside.
    SetAside(Box<QuarantinedRecord>),
    /// The input has no such record.
    Missing(RecordId),
    /// The run's ledger cannot be read.
    Run(RunError),
}

impl fmt::Display for RecordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => f.write_str(why),
            Self::SetAside(lost) => write!(f, "{}:{}: {}", lost.file, lost.line + 1, lost.reason),
            Self::Missing(id) => write!(f, "there is no record {id} in the input"),
            Self::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RecordFault {}

impl From<RunError> for RecordFault {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

/// A chunk of the one record that holds a turn of a run. Reading begins at the last place before it that the run knows.
///
/// # Errors
/// If the record cannot be read, or is not there.
pub fn record_at(run: &RunDir, id: RecordId) -> Result<Chunk, RecordFault> {
    let from = KnownPlaces::of(run, [id])?.last_before(id);
    record_from(&run.manifest.inputs, &run.manifest.config.input, from, id)
}

/// A chunk of the one record that holds a turn. Reading begins at `from`, which does not lie behind the record.
///
/// # Errors
/// If the record cannot be read, or is not there.
pub fn record_from(
    files: &[InputFile],
    input: &InputConfig,
    from: Position,
    id: RecordId,
) -> Result<Chunk, RecordFault> {
    for chunk in ChunkReader::new(files, &input.map, from, input.max_record_bytes) {
        if chunk.start.shard != id.shard || chunk.start.line > id.ordinal {
            break;
        }
        if let Some(why) = chunk.failure {
            return Err(RecordFault::Unreadable(why));
        }
        if let Some(found) = chunk.single(id.ordinal) {
            return Ok(found);
        }
        if let Some(lost) = chunk.set_aside.into_iter().find(|lost| lost.line == id.ordinal) {
            return Err(RecordFault::SetAside(Box::new(lost)));
        }
    }
    Err(RecordFault::Missing(id))
}

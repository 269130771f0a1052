//! What every join does, and which join a file needs.

use std::sync::Arc;

use super::output::JoinOutput;
use super::{calls, per_record, pieces, rows, trees};
use crate::record::Mapping;
use crate::shape::{Format, ReadMode};

/// The most text that is kept of conversations that are not yet whole, in bytes.
pub(super) const HELD_BYTES: usize = 256 << 20;

/// Makes conversations of the records of a file, one after another.
pub(crate) trait Join: Send {
    /// Whether all records must be seen before the first is taken.
    fn needs_preview(&self) -> bool {
        false
    }

    /// Whether the conversations of a record depend on that record alone.
    fn is_per_record(&self) -> bool {
        false
    }

    /// Looks at a record. All records are looked at, in order, before the first is taken.
    fn preview(&mut self, _record: &[u8]) {}

    /// Is called once all records were looked at.
    fn end_preview(&mut self) {}

    /// Takes the next record.
    fn take(&mut self, record: &[u8], out: &mut JoinOutput);

    /// Is called once all records were taken.
    fn end(&mut self, _out: &mut JoinOutput) {}
}

/// The join that a file needs; `None` where each line is a conversation of its own.
pub(crate) fn of(
    format: Format,
    mapping: &Arc<Mapping>,
    joins: bool,
    max_bytes: usize,
) -> Option<Box<dyn Join>> {
    let mapping = Arc::clone(mapping);
    Some(match &format.shape().read {
        ReadMode::Lines(_) => return None,
        ReadMode::Pieces(_) if !joins => return None,
        ReadMode::Pieces(_) => Box::new(pieces::PieceJoin::new(mapping, max_bytes)),
        ReadMode::PerRecord(read) => Box::new(per_record::PerRecord { format, read: *read, mapping }),
        ReadMode::Trees => Box::new(trees::TreeJoin::new(mapping, max_bytes)),
        ReadMode::Calls(read) => Box::new(calls::CallJoin::new(*read, mapping, joins)),
        ReadMode::Rows(read) => Box::new(rows::RowJoin::new(*read, mapping, max_bytes)),
    })
}

//! Plugins' failures as a run writes them down.

use std::sync::{Mutex, PoisonError};

use crate::scanned_batch::FaultRow;

/// Plugins' failures, also on turns of batches whose scan did not come to its end.
#[derive(Debug, Default)]
pub struct FaultLog(Mutex<Vec<FaultRow>>);

impl FaultLog {
    pub(super) fn add(&self, rows: &[FaultRow]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(rows);
    }

    /// All failures so far.
    pub fn rows(&self) -> Vec<FaultRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

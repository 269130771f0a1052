//! The operator's view into a running stage and hand on it: how far it is, and whether it should stop.
//!
//! Stages write a few numbers for each chunk or answer and never print; whoever wants to see them reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;
use crate::pipeline::stats::ScanStats;

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is done yet.
    #[default]
    Starting,
    /// Files to decisions.
    Scan(ScanProgress),
    /// Undecided turns to answers.
    Judge(JudgeProgress),
}

/// How far the scan is, over the run's whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanProgress {
    /// Bytes of the input files that are done, as stored.
    pub read: u64,
    /// All of them.
    pub total: u64,
    /// What was counted.
    pub stats: ScanStats,
}

/// How far asking the judge is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JudgeProgress {
    /// Questions that the run has.
    pub questions: u64,
    /// Questions answered by this command.
    pub answered: u64,
    /// Questions whose reply was there already.
    pub from_store: u64,
    /// Questions that the server will not answer.
    pub refused: u64,
    /// Calls spent over the run's whole life.
    pub calls: u64,
    /// How many of them may be made.
    pub budget: Option<u64>,
}

/// What the operator and a stage share; clones are the same watch.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    stage: Arc<Mutex<Stage>>,
}

impl Watch {
    /// The flag that stops the stage once it is set.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Whether the operator wants the stage to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Ends a stage that should stop.
    ///
    /// # Errors
    /// The interruption.
    pub fn check(&self) -> Result<(), Failure> {
        if self.is_stopped() { Err(Failure::interrupted()) } else { Ok(()) }
    }

    /// Shows how far the stage is.
    pub fn show(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

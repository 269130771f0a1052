//! The operator's view of a running stage, and the wish to stop: how far the stage is, and whether it should end.
//!
//! Stages write a few numbers for each chunk or answer and never print; whoever wants to see the numbers reads them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rejoinder_judge::AskProgress;
use rejoinder_ledger::{Spending, SpendingLimits};
use rejoinder_scan::StopFlag;

use crate::stats::ScanStats;

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one, and it is looked at some times a second")]
pub enum Stage {
    /// Nothing is done yet.
    #[default]
    Starting,
    /// Files to decisions.
    Scan(ScanProgress),
    /// Undecided turns to answers, after the scan.
    Judge(JudgeProgress),
}

/// How far the scan is, over the run's whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanProgress {
    /// Bytes of the input files that are done, as stored.
    pub read: u64,
    /// Bytes of all input files, as stored.
    pub total: u64,
    /// The counts so far.
    pub stats: ScanStats,
    /// How far asking the judge is, if the judge is asked at the same time.
    pub judge: Option<JudgeProgress>,
}

/// How far asking the judge is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JudgeProgress {
    /// The number of requests to make, as far as is known.
    pub requests: u64,
    /// What has been asked since this process began.
    pub progress: AskProgress,
    /// What was spent over the run's whole life.
    pub spent: Spending,
    /// What may be spent.
    pub limits: SpendingLimits,
}

/// What the operator and a run share; clones are the same watch.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Raised to end the stage.
    pub stop: StopFlag,
    seen: Arc<Mutex<WatchState>>,
}

#[derive(Debug, Default)]
struct WatchState {
    scan: Option<ScanProgress>,
    scan_has_ended: bool,
    judge: Option<JudgeProgress>,
}

impl Watch {
    /// Shows how far the scan is.
    pub fn show_scan(&self, scan: ScanProgress) {
        self.seen().scan = Some(scan);
    }

    /// The scan has ended: from now on the judge is the stage.
    pub fn scan_has_ended(&self) {
        self.seen().scan_has_ended = true;
    }

    /// Shows how far asking the judge is.
    pub fn show_judge(&self, judge: JudgeProgress) {
        self.seen().judge = Some(judge);
    }

    /// What the scan has counted, over the run's whole life; `None` if this process has not scanned.
    pub fn scanned(&self) -> Option<ScanStats> {
        self.seen().scan.map(|scan| scan.stats)
    }

    /// The stage, and how far the stage is.
    pub fn stage(&self) -> Stage {
        let seen = self.seen();
        match (seen.scan, seen.judge) {
            (None, None) => Stage::Starting,
            (Some(scan), judge) if judge.is_none() || !seen.scan_has_ended => {
                Stage::Scan(ScanProgress { judge, ..scan })
            }
            (_, judge) => Stage::Judge(judge.unwrap_or_default()),
        }
    }

    fn seen(&self) -> MutexGuard<'_, WatchState> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

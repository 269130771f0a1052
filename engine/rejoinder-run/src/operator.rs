//! Who runs a long job: how many threads the job may take, whether the job should end, and who hears of it meanwhile.

use std::num::NonZeroUsize;

use rejoinder_judge::AskReport;

use crate::folder::RunDir;
use crate::judging::Judge;
use crate::plan::Requests;
use crate::recall::{AuditReport, RecallForecast};
use crate::watch::Watch;

/// Who runs a long job.
#[derive(Clone, Copy)]
pub struct Operator<'a> {
    /// How many threads scan.
    pub threads: NonZeroUsize,
    /// Shows how far the job is, and says whether the job should end.
    pub watch: &'a Watch,
    /// Hears of what happens.
    pub listener: &'a dyn Fn(Event<'_>),
}

/// What happens while a run scans, asks and learns.
#[derive(Clone, Copy)]
pub enum Event<'a> {
    /// Work begins whose progress the watch shows.
    WorkBegins,
    /// The work has ended.
    WorkEnds,
    /// The judge's key and all chats go over the network unencrypted.
    KeyInTheClear,
    /// The judge was asked.
    Asked {
        /// The run whose turns were asked about.
        run: &'a RunDir,
        /// The judge that was asked.
        judge: &'a Judge,
        /// What came of asking.
        asked: &'a AskReport,
    },
    /// The forms of asking are about to be compared.
    ComparisonBegins {
        /// The turns of the sample.
        turns: u64,
        /// What asking takes that has no stored reply.
        taken: Requests,
        /// The number of stored replies that are used.
        stored: u64,
        /// The number of requests that the budget still holds; `None` without a limit.
        left: Option<u64>,
    },
    /// A recall is to be kept: this is what it will take, before the judge is asked about anything.
    CostForecast {
        /// The turns that will be asked about.
        forecast: &'a RecallForecast,
        /// How many turns share a request.
        turns_per_request: u64,
    },
    /// The score has learned.
    Learned {
        /// The number of answers that the score has learned from.
        answers: u64,
        /// The number of turns still to be asked about, as far as the score knows.
        needed: u64,
        /// The number of turns that were not asked about.
        left: u64,
    },
    /// A cut is in force that keeps the recall.
    CutFound {
        /// Sampled turns that hold what is wanted.
        positives: u64,
        /// Sampled turns.
        sampled: u64,
        /// From which score on the judge is asked; `None` where no cut keeps the recall.
        from: Option<f64>,
        /// Turns to be asked about.
        asked: u64,
        /// Turns that the cut is for.
        turns: u64,
        /// Whether the cut is for the turns that no round has asked about, instead of all turns.
        is_for_the_rest: bool,
    },
    /// The run has audited itself.
    Certified(&'a AuditReport),
}

impl Operator<'_> {
    pub(crate) fn tell(&self, event: Event<'_>) {
        (self.listener)(event);
    }

    /// Does work whose progress the watch shows.
    pub(crate) fn work<T>(&self, work: impl FnOnce() -> T) -> T {
        self.tell(Event::WorkBegins);
        let done = work();
        self.tell(Event::WorkEnds);
        done
    }
}

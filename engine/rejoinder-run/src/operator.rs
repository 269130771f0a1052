//! Who runs something long: how many threads it may take, whether it should end, and what is worth telling meanwhile.

use std::num::NonZeroUsize;

use rejoinder_judge::AskReport;

use crate::folder::RunDir;
use crate::judging::Judge;
use crate::recall::AuditReport;
use crate::watch::Watch;

/// Who runs something long.
#[derive(Clone, Copy)]
pub struct Operator<'a> {
    /// How many threads scan.
    pub threads: NonZeroUsize,
    /// How far it is, and whether it should end.
    pub watch: &'a Watch,
    /// Hears what happens.
    pub listener: &'a dyn Fn(Event<'_>),
}

/// What happens while a run scans, asks and learns.
#[derive(Clone, Copy)]
pub enum Event<'a> {
    /// Work begins whose progress the watch shows.
    WorkBegins,
    /// That work has ended.
    WorkEnds,
    /// The judge's key and all chats go over the network unencrypted.
    KeyInTheClear,
    /// The judge was asked.
    Asked {
        /// Of the run.
        run: &'a RunDir,
        /// Who was asked.
        judge: &'a Judge,
        /// What came of it.
        asked: &'a AskReport,
    },
    /// The score has learned.
    Learned {
        /// From so many answers.
        answers: u64,
        /// So many turns are still to be asked about, as far as the score knows.
        needed: u64,
        /// So many turns have not been asked about.
        left: u64,
    },
    /// A cut is in force that keeps the recall.
    CutFound {
        /// Sampled turns that hold what is wanted.
        positives: u64,
        /// Sampled turns.
        sampled: u64,
        /// From which score on is asked; `None` where no cut keeps the recall.
        from: Option<f64>,
        /// Turns to be asked about.
        asked: u64,
        /// Turns that the cut is for.
        turns: u64,
        /// Whether these are the turns that no round has asked about, instead of all.
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

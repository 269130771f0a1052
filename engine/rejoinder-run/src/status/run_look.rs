//! What can be told of a run from outside, beside whoever works on it.

use std::path::Path;

use rejoinder_ledger::SpendingTotal;
use serde::Serialize;

use super::file::{EndReason, RunStatus, now};
use crate::error::RunError;
use crate::folder::{LockHolder, Presence, RunDir, holder_of};
use crate::scan;
use crate::stats::{JudgeStats, ScanStats};

/// A process that has said nothing for longer than this many seconds may be gone.
const SILENCE: u64 = 60;

/// A run as it is now.
pub struct RunLook {
    /// The run, opened to look at it.
    pub run: RunDir,
    /// What the process says that works on the run, or did last; `None` where no process has said anything.
    pub status: Option<RunStatus>,
    /// Who holds the run's lock, as the lock's file says.
    pub holder: Option<LockHolder>,
    /// How the run is.
    pub state: RunState,
    /// What the ledger knows.
    pub facts: RunFacts,
}

/// How a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A process works on the run.
    Running,
    /// A process was at work, and has said nothing for more than a minute.
    Silent,
    /// The process that worked on the run is gone, and has not said how it ended.
    Killed,
    /// Nobody works on the run, and its scan has not come to its end.
    Stopped,
    /// Nobody works on the run, and turns wait for the judge.
    Waiting,
    /// Nobody works on the run, and nothing waits.
    Finished,
}

/// What the ledger of a run knows: as far as parts are committed and replies were collected.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunFacts {
    /// Whether the scan has come to its end.
    pub is_scanned: bool,
    /// The numbers of the scan.
    pub scan: ScanStats,
    /// What the judge's replies made of the undecided turns.
    pub judge: JudgeStats,
    /// What was spent.
    pub spent: SpendingTotal,
    /// Whether the run has a certificate.
    pub is_certified: bool,
}

/// What can be done next with a run on which nobody works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// The scan, or the samples of a kept recall, go on.
    Resume,
    /// The judge can be asked about what waits.
    Judge(JudgeNeed),
    /// Nothing waits: the feedback can be exported.
    Export,
}

/// What is needed so that the judge can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgeNeed {
    /// Nothing.
    Nothing,
    /// More calls than the budget holds.
    Calls,
    /// Another config: one that names a judge, or holds a larger budget.
    Config,
}

impl RunLook {
    /// Looks at a run.
    ///
    /// # Errors
    /// If there is none, it was written by an engine with another layout, or its ledger cannot be read.
    pub fn at(path: &Path) -> Result<Self, RunError> {
        let run = RunDir::open_to_look(path)?;
        // In this order: what a process has said before its end is not taken for the words of a process that is gone.
        let holder = holder_of(path);
        let status = RunStatus::read(path);
        let facts = RunFacts::of(&run)?;
        let state = state(status.as_ref(), holder.as_ref(), &facts);
        Ok(Self { run, status, holder, state, facts })
    }

    /// The seconds since the process last said something.
    pub fn seconds_since_word(&self) -> Option<u64> {
        self.status.as_ref().map(|status| now().saturating_sub(status.written))
    }

    /// What can be done next; `None` while a process is at work.
    pub fn next(&self) -> Option<NextStep> {
        if matches!(self.state, RunState::Running | RunState::Silent) {
            return None;
        }
        let ended = self.status.as_ref().and_then(|status| status.ended.as_ref());
        let is_budget_spent = ended.is_some_and(|ended| ended.reason == EndReason::BudgetSpent);
        self.step(is_budget_spent)
    }

    /// What can be done next once nobody is at work; `None` for a sample that was gathered over a data set.
    pub fn step(&self, is_budget_spent: bool) -> Option<NextStep> {
        let manifest = &self.run.manifest;
        let audits_itself = manifest.config.cascade.recall.is_some() && !self.facts.is_certified;
        match () {
            () if manifest.gathered.is_some() => None,
            () if !self.facts.is_scanned || audits_itself => Some(NextStep::Resume),
            () if self.facts.waiting() == 0 => Some(NextStep::Export),
            () if manifest.config.judge.base_url.is_none() => Some(NextStep::Judge(JudgeNeed::Config)),
            () if !is_budget_spent => Some(NextStep::Judge(JudgeNeed::Nothing)),
            () if manifest
                .config
                .budget
                .calls
                .is_some_and(|calls| calls <= self.facts.spent.amount.calls) =>
            {
                Some(NextStep::Judge(JudgeNeed::Calls))
            }
            () => Some(NextStep::Judge(JudgeNeed::Config)),
        }
    }
}

impl RunFacts {
    fn of(run: &RunDir) -> Result<Self, RunError> {
        Ok(Self {
            is_scanned: scan::is_complete(run)? || run.manifest.gathered.is_some(),
            scan: run.scan_stats()?,
            judge: run.judge_stats()?,
            // A ledger of an early engine has no such table.
            spent: run.ledger.spent().unwrap_or_default(),
            is_certified: run.certificate().is_ok_and(|certificate| certificate.is_some()),
        })
    }

    /// Turns that wait for the judge.
    pub const fn waiting(&self) -> u64 {
        self.scan.undecided.saturating_sub(self.judge.judged)
    }

    /// Turns that were found to be feedback.
    pub fn feedback(&self) -> u64 {
        self.scan.accepted.total() + self.judge.feedback.total()
    }
}

fn state(status: Option<&RunStatus>, holder: Option<&LockHolder>, facts: &RunFacts) -> RunState {
    let at_rest = match () {
        () if !facts.is_scanned => RunState::Stopped,
        () if facts.waiting() > 0 => RunState::Waiting,
        () => RunState::Finished,
    };
    match status.filter(|status| status.ended.is_none()) {
        Some(status) => of_words(status),
        // A verb that tells no status may hold the lock; a holder that was killed has left its name.
        None => match holder.map(|holder| Presence::of(holder.process, &holder.machine)) {
            Some(Presence::There) => RunState::Running,
            Some(Presence::Gone | Presence::Unknown) | None => at_rest,
        },
    }
}

/// How a run is on which a process was at work when it said its last words.
fn of_words(status: &RunStatus) -> RunState {
    let is_silent = now().saturating_sub(status.written) > SILENCE;
    match Presence::of(status.process, &status.machine) {
        Presence::Gone => RunState::Killed,
        _ if is_silent => RunState::Silent,
        Presence::There | Presence::Unknown => RunState::Running,
    }
}

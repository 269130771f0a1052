//! What can be told of a run from outside, beside whoever works on it.

use std::path::Path;

use rejoinder_ledger::SpendingTotal;
use serde::Serialize;

use super::crash::PluginCrash;
use super::file::{EndReason, RunStatus, now};
use crate::error::RunError;
use crate::folder::{LockHolder, Presence, RunDir, holder_at_work};
use crate::scan;
use crate::stats::{JudgeStats, ScanStats};

/// A process that has said nothing for longer than this many seconds may be gone.
const SILENCE: u64 = 60;

/// A run as it is now.
pub struct RunLook {
    /// The run, opened to look at it.
    pub run: RunDir,
    /// What the process says that works on the run, or did last; `None` where that process has said nothing.
    pub status: Option<RunStatus>,
    /// The process that works on the run, as the lock's file says; `None` where that process is not there.
    pub holder: Option<LockHolder>,
    /// How the run is.
    pub state: RunState,
    /// How a plugin has ended the process that worked on the run last.
    pub crash: Option<PluginCrash>,
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
    /// The same, with plugins in processes of their own: one has ended the process of the run.
    ResumeApart,
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
        let holder = holder_at_work(path);
        let status = RunStatus::read(path).filter(|status| !is_outdated(status, holder.as_ref()));
        let facts = RunFacts::of(&run)?;
        let state = state(status.as_ref(), holder.is_some(), &facts);
        let crash = PluginCrash::read(path).filter(|_| holder.is_none());
        Ok(Self { run, status, holder, state, crash, facts })
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
            () if !self.facts.is_scanned || audits_itself => {
                Some(match self.crash.is_some() || self.hung() {
                    true => NextStep::ResumeApart,
                    false => NextStep::Resume,
                })
            }
            () if self.facts.waiting() == 0 => Some(NextStep::Export),
            () => Some(NextStep::Judge(self.judge_need(is_budget_spent))),
        }
    }

    /// Whether the process was killed while a plugin kept it busy from inside.
    fn hung(&self) -> bool {
        let busy = self.status.as_ref().map_or(&[][..], |status| &status.figures.busy_plugins);
        self.state == RunState::Killed && busy.iter().any(|plugin| !plugin.isolated)
    }

    fn judge_need(&self, is_budget_spent: bool) -> JudgeNeed {
        let config = &self.run.manifest.config;
        let has_calls = config.budget.calls.is_none_or(|calls| self.facts.spent.amount.calls < calls);
        match (config.judge.base_url.is_some(), is_budget_spent, has_calls) {
            (true, false, _) => JudgeNeed::Nothing,
            (true, true, false) => JudgeNeed::Calls,
            _ => JudgeNeed::Config,
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

/// Whether another process than the one that has said this works on the run now.
fn is_outdated(status: &RunStatus, holder: Option<&LockHolder>) -> bool {
    holder.is_some_and(|holder| status.ended.is_some() || holder.process != status.process)
}

fn state(status: Option<&RunStatus>, is_held: bool, facts: &RunFacts) -> RunState {
    match status.filter(|status| status.ended.is_none()) {
        Some(status) => of_words(status),
        None if is_held => RunState::Running,
        None if !facts.is_scanned => RunState::Stopped,
        None if facts.waiting() > 0 => RunState::Waiting,
        None => RunState::Finished,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::EndOfWork;

    fn said(process: u32, age: u64, ended: bool) -> RunStatus {
        let end = EndOfWork { exit_code: 0, reason: EndReason::Done, next: None };
        let words = RunStatus::of_this_process("run");
        let written = words.written - age;
        RunStatus { process, written, ended: ended.then_some(end), ..words }
    }

    #[test]
    fn the_last_word_and_the_process_tell_how_a_run_is() {
        let (here, gone) = (std::process::id(), u32::MAX);
        let scanned = RunFacts { is_scanned: true, ..RunFacts::default() };
        let told = |words: RunStatus| state(Some(&words), false, &scanned);
        assert_eq!(told(said(here, 1, false)), RunState::Running);
        assert_eq!(told(said(here, 90, false)), RunState::Silent);
        assert_eq!(told(said(gone, 1, false)), RunState::Killed);
        assert_eq!(told(said(gone, 1, true)), RunState::Finished);
        assert_eq!(state(None, false, &RunFacts::default()), RunState::Stopped);
        assert_eq!(state(None, true, &scanned), RunState::Running);
    }

    #[test]
    fn a_process_that_has_taken_over_puts_the_words_of_another_out_of_date() {
        let status = said(u32::MAX, 1, false);
        let holder = |process| LockHolder { process, machine: status.machine.clone(), since: 1 };
        assert!(!is_outdated(&status, None));
        assert!(!is_outdated(&status, Some(&holder(u32::MAX))));
        assert!(is_outdated(&status, Some(&holder(std::process::id()))));
    }
}

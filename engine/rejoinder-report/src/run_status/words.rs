//! The state of a run in words, and the command that goes on.

use rejoinder_run::status::{EndReason, JudgeHealth, JudgeNeed, NextStep, RunState};

/// The state of a run in a word.
pub const fn state(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Silent => "silent",
        RunState::Killed => "killed",
        RunState::Stopped => "stopped",
        RunState::Waiting => "waiting",
        RunState::Finished => "finished",
    }
}

/// The command that takes a step with the run in a folder.
pub fn command(step: NextStep, folder: &str) -> String {
    match step {
        NextStep::Resume => format!("rejoinder resume {folder}"),
        NextStep::ResumeApart => format!("rejoinder resume {folder} --isolate"),
        NextStep::Judge(JudgeNeed::Nothing) => format!("rejoinder judge {folder}"),
        NextStep::Judge(JudgeNeed::Calls) => format!("rejoinder judge {folder} --calls N"),
        NextStep::Judge(JudgeNeed::Config) => format!("rejoinder judge {folder} --config FILE"),
        NextStep::Export => format!("rejoinder export kto {folder}"),
    }
}

/// Why the work on a run ended.
pub(super) const fn end(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Done => "done",
        EndReason::BudgetSpent => "the budget is spent",
        EndReason::JudgeUnavailable => "the judge cannot be used",
        EndReason::Interrupted => "interrupted",
        EndReason::Refused => "config, rules or inputs cannot be used",
        EndReason::Failed => "reading, writing or a plugin failed",
    }
}

/// How the judge is.
pub(super) const fn health(health: JudgeHealth) -> &'static str {
    match health {
        JudgeHealth::NotAsked => "not asked yet",
        JudgeHealth::Answering => "answering",
        JudgeHealth::Slow => "slow",
        JudgeHealth::Failing => "failing",
    }
}

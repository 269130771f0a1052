//! A verb at work on a run: meanwhile the run's folder says how far the work is, and in the end how it ended.

use std::path::Path;

use rejoinder_host::CrashNote;
use rejoinder_report::run_status;
use rejoinder_report::shell::word;
use rejoinder_run::status::{CRASH_FILE, EndOfWork, EndReason, NextStep, RunLook, StatusWriter};
use rejoinder_run::watch::Watch;

use crate::failure::{Exit, Failure};

/// Does a verb's work on a run, whose lock must be held, and returns what came of it. For whoever looks from outside, the run's folder
/// says how far the work is, as the watch shows it, and how it ended.
pub(super) fn at_work<T>(
    run: &Path,
    verb: &str,
    watch: &Watch,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let _crash =
        CrashNote::in_file(&run.join(CRASH_FILE), &run_status::command(NextStep::ResumeApart, &word(run)));
    let writer = StatusWriter::begin(run, verb, watch);
    let ended = work();
    let exit = match &ended {
        Err(failure) if !failure.closed_pipe => failure.exit,
        _ => Exit::Ok,
    };
    let reason = reason(exit);
    let next = RunLook::at(run).ok().and_then(|look| look.step(reason == EndReason::BudgetSpent));
    let next = next.map(|step| run_status::command(step, &word(run)));
    writer.end(EndOfWork { exit_code: exit as u8, reason, next });
    ended
}

fn reason(exit: Exit) -> EndReason {
    match exit {
        Exit::Ok | Exit::CheckFailed | Exit::BadInput | Exit::Nothing => EndReason::Done,
        Exit::Budget => EndReason::BudgetSpent,
        Exit::Unavailable => EndReason::JudgeUnavailable,
        Exit::Interrupted => EndReason::Interrupted,
        Exit::Usage | Exit::Invalid => EndReason::Refused,
        Exit::Bug | Exit::Io => EndReason::Failed,
    }
}

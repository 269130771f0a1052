//! How a shard of a job begins, or goes on.

use super::error::ShardError;
use super::job::Job;
use super::number::ShardNumber;
use super::survey::belongs;
use crate::error::RunError;
use crate::folder::{FolderError, Manifest, RunDir};
use crate::judging::settings;
use crate::scan;

/// How far a shard is before it is worked on.
pub enum ShardStart {
    /// There is something to scan or to ask.
    Open(RunDir),
    /// The range is scanned, and no turn waits that could be asked about.
    Done(RunDir),
}

/// Begins a shard of a job, or opens one that was begun. `offline` says that the judge is left for later.
///
/// # Errors
/// If another process works on the shard, its folder holds something else, or cannot be read or written.
pub fn begin(job: &Job, shard: ShardNumber, offline: bool) -> Result<ShardStart, RunError> {
    let path = job.shard_folder(shard);
    let run = match RunDir::is_run(&path) {
        true => RunDir::open_to_change(&path)?,
        false => match RunDir::create(&path) {
            Ok(new) => {
                let part = job.part_of(shard);
                let manifest = Manifest { id: Manifest::new_id(), shard: Some(part), ..job.manifest.clone() };
                return RunDir::begin(new, manifest).map(ShardStart::Open);
            }
            // Another process has begun in between, and has ended.
            Err(RunError::Folder(FolderError::HoldsRun(_))) => RunDir::open_to_change(&path)?,
            Err(error) => return Err(error),
        },
    };
    if !belongs(&run, job, shard) {
        return Err(ShardError::Foreign(path).into());
    }
    let is_done = scan::is_complete(&run)? && (offline || !has_to_ask(&run)?);
    Ok(if is_done { ShardStart::Done(run) } else { ShardStart::Open(run) })
}

/// Whether a turn waits that the run's judge could be asked about.
fn has_to_ask(run: &RunDir) -> Result<bool, RunError> {
    let manifest = &run.manifest;
    let has_judge = settings::client_without_key(&manifest.config.judge)?.is_some();
    let waiting = run.scan_stats()?.undecided - run.judge_stats()?.judged;
    Ok(has_judge && !manifest.score.is_without_judge() && waiting > 0)
}

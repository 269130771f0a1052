//! The shards of a job to the one run that a process would have made of the whole input.

use std::fs;
use std::path::Path;

use rejoinder_judge::ServerTime;
use rejoinder_scan::{FaultLog, StopFlag};

use super::error::ShardError;
use super::job::{Job, SHARDS};
use super::number::ShardNumber;
use super::survey::{self, Surveyed};
use super::{findings, seam};
use crate::error::RunError;
use crate::faults;
use crate::folder::{Lock, Manifest, NewRunDir, RunDir};
use crate::judging::{self, GROUPS, server_time};
use crate::part_writer::PartWriter;
use crate::scan;
use crate::stats::ExtraRequests;
use crate::tallies::Divisions;

/// The run that the shards of a job were merged into.
pub struct MergedJob {
    /// The run.
    pub run: RunDir,
    /// Whether the job was merged before.
    pub was_merged: bool,
}

/// Merges the shards of the job in a folder, which becomes that of the run; then the folders of the shards are removed, unless
/// `keep_shards` says otherwise. A merge that is stopped or killed leaves the shards as they were, and the next one begins anew.
///
/// # Errors
/// If a shard is missing, not done, at work, or was made of something else (all are named); if reading or writing fails, or `stop` is
/// raised.
pub fn merge(folder: &Path, keep_shards: bool, stop: &StopFlag) -> Result<MergedJob, RunError> {
    let job = Job::open(folder)?;
    let (run, locks, was_merged) = match NewRunDir::of_job(folder)? {
        None => (RunDir::open_to_change(folder)?, Vec::new(), true),
        Some(new) => {
            job.check_engine()?;
            let not_ready = |problems| {
                let (folder, shards) = (folder.to_owned(), job.shards);
                ShardError::NotReady { folder, shards, problems }
            };
            let Surveyed { manifests, locks } = survey::survey(&job).map_err(not_ready)?;
            let manifest = manifest(&job, &manifests);
            (RunDir::begin_with(new, manifest, |run| fill(run, &job, stop))?, locks, false)
        }
    };
    if !keep_shards {
        // From here on nobody begins to work on a shard: the job is merged.
        drop(locks);
        remove_shards(&job)?;
    }
    Ok(MergedJob { run, was_merged })
}

/// What the merged run is made of.
fn manifest(job: &Job, shards: &[Manifest]) -> Manifest {
    let mut manifest = job.manifest.clone();
    if let Some(shard) = shards.first() {
        let budget = std::mem::take(&mut manifest.config.budget);
        manifest.config.clone_from(&shard.config);
        manifest.config.budget = budget;
    }
    manifest.judge = survey::asked(shards.iter()).and_then(|shard| shard.judge.clone());
    manifest
}

/// Puts into the run what its shards hold.
fn fill(run: &RunDir, job: &Job, stop: &StopFlag) -> Result<(), RunError> {
    take_accounts(run, job)?;
    take_parts(run, job, stop)?;
    faults::gather(run, &FaultLog::default())?;
    scan::note_complete(run)?;
    judging::judge_of(run)?.map_or(Ok(()), |judge| judging::collect(run, &judge))
}

/// The shards, on which nobody works: their locks are held.
fn shards(job: &Job) -> impl Iterator<Item = Result<RunDir, RunError>> {
    ShardNumber::all(job.shards).map(|shard| RunDir::open(&job.shard_folder(shard)))
}

/// Takes what was spent, how turns were grouped, and what the judge has said.
fn take_accounts(run: &RunDir, job: &Job) -> Result<(), RunError> {
    let (mut extra, mut time) = (ExtraRequests::default(), ServerTime::default());
    for shard in shards(job) {
        let shard = shard?;
        run.ledger.absorb(&shard.ledger, GROUPS)?;
        let own = shard.own_replies();
        if run.has_own_replies() && own.is_file() {
            run.replies()?.take_over(&own)?;
        }
        extra += shard.asked_requests()?;
        time += shard.server_time()?;
        let letters = shard.letters()?;
        if letters.turns > 0 {
            run.keep_letters(&letters)?;
        }
    }
    run.set_asked_requests(extra)?;
    run.set_server_time(time)?;
    match judging::judge_of(run)? {
        Some(judge) if run.has_own_replies() => {
            Ok(server_time::replace(&run.replies()?, &judge.client, time)?)
        }
        _ => Ok(()),
    }
}

/// Sends the chunks of all shards through the writer that a scan uses.
fn take_parts(run: &RunDir, job: &Job, stop: &StopFlag) -> Result<(), RunError> {
    let divisions = Divisions::new(&run.manifest.config.report, &run.manifest.inputs);
    let mut writer = PartWriter::new(run, &divisions, &|_| {})?;
    for shard in shards(job) {
        let shard = shard?;
        for (part, _) in shard.ends_of_parts()? {
            stop.check()?;
            seam::chunks(&shard, part)?.into_iter().try_for_each(|chunk| writer.add(chunk))?;
        }
    }
    writer.end()
}

/// Removes the folders of the shards, and nothing else that somebody has put beside them.
pub(crate) fn remove_shards(job: &Job) -> Result<(), RunError> {
    for shard in ShardNumber::all(job.shards) {
        let folder = job.shard_folder(shard);
        if folder.is_dir() {
            let _lock = Lock::take(&folder)?;
            fs::remove_dir_all(&folder)
                .map_err(|e| RunError::io(format!("cannot remove {}", folder.display()), &e))?;
        }
    }
    // A folder that is not empty holds something of somebody's own, and stays.
    let _ = fs::remove_dir(job.folder.join(SHARDS));
    let _ = fs::remove_file(job.folder.join(findings::FILE));
    Ok(())
}

//! Whether the shards of a job can be merged.

use super::error::ShardProblem;
use super::job::Job;
use super::number::ShardNumber;
use crate::error::RunError;
use crate::folder::{FolderError, Lock, Manifest, RunDir};
use crate::scan;

/// The shards of a job, where each of them can be merged.
pub(super) struct Surveyed {
    /// What the shards are made of, in order.
    pub(super) manifests: Vec<Manifest>,
    /// The locks of the shards: nobody works on a shard as long as these are held.
    pub(super) locks: Vec<Lock>,
}

/// Looks at the shards of a job, and takes their locks; or says what is wrong with some of them.
pub(super) fn survey(job: &Job) -> Result<Surveyed, Vec<(ShardNumber, ShardProblem)>> {
    let (mut manifests, mut locks, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for shard in ShardNumber::all(job.shards) {
        match look(job, shard) {
            Ok((manifest, lock)) => {
                manifests.push((shard, manifest));
                locks.push(lock);
            }
            Err(problem) => problems.push((shard, problem)),
        }
    }
    let others = Expected::of(job, &manifests);
    for (shard, manifest) in &manifests {
        let changes = others.changes(manifest);
        if !changes.is_empty() {
            problems.push((*shard, ShardProblem::Different(changes)));
        }
    }
    problems.sort_by_key(|(shard, _)| shard.number());
    match problems.is_empty() {
        true => {
            let manifests = manifests.into_iter().map(|(_, manifest)| manifest).collect();
            Ok(Surveyed { manifests, locks })
        }
        false => Err(problems),
    }
}

/// Whether a run is this shard of a job.
pub(super) fn belongs(run: &RunDir, job: &Job, shard: ShardNumber) -> bool {
    run.manifest.shard.as_ref() == Some(&job.part_of(shard))
}

/// What a shard is made of, and its lock, if its scan has come to its end and nobody works on it.
fn look(job: &Job, shard: ShardNumber) -> Result<(Manifest, Lock), ShardProblem> {
    let unreadable = |error: RunError| match error {
        RunError::Folder(FolderError::Held { holder, .. }) => ShardProblem::AtWork(holder),
        other => ShardProblem::Unreadable(other.to_string()),
    };
    let folder = job.shard_folder(shard);
    if !RunDir::is_run(&folder) {
        return Err(ShardProblem::Missing);
    }
    let lock = Lock::take(&folder).map_err(unreadable)?;
    let run = RunDir::open(&folder).map_err(unreadable)?;
    match scan::is_complete(&run).map_err(unreadable)? {
        _ if !belongs(&run, job, shard) => Err(ShardProblem::Foreign),
        false => Err(ShardProblem::Unfinished),
        true => Ok((run.manifest, lock)),
    }
}

/// What all shards have to be made of.
struct Expected<'m> {
    job: &'m Job,
    /// A shard whose config counts: that of the job, unless all shards go by another.
    config: &'m Manifest,
    /// The first shard that has asked a judge.
    asked: Option<&'m Manifest>,
}

impl<'m> Expected<'m> {
    fn of(job: &'m Job, shards: &'m [(ShardNumber, Manifest)]) -> Self {
        let first = shards.first().map_or(&job.manifest, |(_, manifest)| manifest);
        let are_alike = shards.iter().all(|(_, manifest)| changed_config(first, manifest).is_empty());
        let config = if are_alike { first } else { &job.manifest };
        Self { job, config, asked: asked(shards.iter().map(|(_, manifest)| manifest)) }
    }

    fn changes(&self, shard: &Manifest) -> Vec<String> {
        let mut changes = self.job.manifest.changes(shard);
        changes.extend(changed_config(self.config, shard));
        if let Some(asked) = self.asked
            && shard.judge.is_some()
            && shard.judge != asked.judge
        {
            changes.push("what was found out about the judge".to_owned());
        }
        changes
    }
}

/// The first of some shards that has asked a judge.
pub(super) fn asked<'m>(mut shards: impl Iterator<Item = &'m Manifest>) -> Option<&'m Manifest> {
    shards.find(|manifest| manifest.judge.is_some())
}

/// What differs in the config of a shard, in words. The budget may: it is nothing that results depend on.
fn changed_config(then: &Manifest, now: &Manifest) -> Vec<String> {
    let mut config = now.config.clone();
    config.budget.clone_from(&then.config.budget);
    then.config.differences(&config)
}

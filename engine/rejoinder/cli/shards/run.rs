//! `rejoinder run --shard K/N`: one of several processes that run one input together.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rejoinder_read::Duplicates;
use rejoinder_run::folder::LockHolder;
use rejoinder_run::judging::settings;
use rejoinder_run::shards::{self, Job, JobPlan, ShardNumber, ShardStart};
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, scan, stages};
use rejoinder_scan::config::EffectiveConfig;
use rejoinder_scan::{Config, Engine};

use crate::cli::terminal::remark;
use crate::cli::work::at_work;
use crate::cli::{asking, files, signals};
use crate::failure::{Exit, Failure};

/// What a shard is to do.
pub(in crate::cli) struct ShardRun<'a> {
    pub(in crate::cli) shard: ShardNumber,
    pub(in crate::cli) effective: &'a EffectiveConfig,
    pub(in crate::cli) inputs: &'a [String],
    pub(in crate::cli) out: Option<&'a Path>,
    pub(in crate::cli) offline: bool,
    pub(in crate::cli) threads: NonZeroUsize,
}

/// What is to be told of a run at its end: why asking ended before its end, and whether nothing is to be told beside what was told,
/// since the shard was done before, or its range is empty.
pub(in crate::cli) struct ShardEnd {
    pub(in crate::cli) stopped: Option<Failure>,
    pub(in crate::cli) is_told: bool,
}

/// Begins a shard or goes on with it, and lets `finish` tell of the run that it is, or of the merged run where the job was merged before.
///
/// # Errors
/// If the job was begun with something else, another process works on the shard, the scan fails, or `finish` does.
pub(in crate::cli) fn main(
    args: &ShardRun<'_>,
    finish: impl FnOnce(&RunDir, ShardEnd) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let before = ShardEnd { stopped: None, is_told: true };
    let ShardRun { shard, effective, inputs, offline, threads, .. } = *args;
    let out = args.out.ok_or_else(|| {
        Failure::usage("--shard takes --out DIR: the folder in which all shards of the job meet")
    })?;
    check(&effective.config, inputs, out)?;
    let job = job(args, out)?;
    if job.is_merged() {
        let folder = out.display();
        remark(&format!("{folder} is merged already; read it: rejoinder show {folder} --accepted"));
        return finish(&RunDir::open(out)?, before);
    }
    let mut run = match shards::begin(&job, shard, offline)? {
        ShardStart::Open(run) => run,
        ShardStart::Done(run) => {
            remark(&format!("shard {shard} is done already: {}", run.path.display()));
            return finish(&run, before);
        }
    };
    let is_empty = run.manifest.shard.as_ref().is_some_and(shards::RunShard::is_empty);
    if is_empty {
        remark(&format!(
            "shard {shard} has nothing to read: the input can be cut into fewer ranges than there are shards"
        ));
    }
    let watch = Watch::default();
    let engine = if scan::is_complete(&run)? { None } else { Some(run.engine()?) };
    signals::stop_on_interrupt(&watch.stop)?;
    at_work(&run.path.clone(), "run", &watch, || {
        let ended = asking::with_operator(&watch, threads, |operator| match engine {
            Some(engine) => stages::scan_and_ask(&mut run, engine, operator, offline || is_empty),
            None => stages::ask(&mut run, operator),
        });
        let stopped = asking::outcome(&run, ended)?;
        finish(&run, ShardEnd { stopped, is_told: is_empty })
    })
}

/// The job that the shard is of, which the first process makes.
fn job(args: &ShardRun<'_>, out: &Path) -> Result<Job, Failure> {
    let engine = Engine::of(args.effective).map_err(|error| match Job::open(out) {
        Ok(job) => job.manifest.naming_the_library(out, error),
        Err(_) => error,
    })?;
    // What is wrong with the judge is told before there is a folder.
    settings::client(&engine.config.judge)?;
    let files: Vec<PathBuf> = files(args.inputs)?;
    let plan = JobPlan { engine, files: &files, shards: args.shard.of() };
    let waits = |holder: Option<LockHolder>| {
        let who = holder.map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
        remark(&format!("waiting for {who}: it looks where the input can be cut"));
    };
    Ok(Job::open_or_make(out, plan, &waits)?)
}

/// Refuses what takes the whole input at once.
fn check(config: &Config, inputs: &[String], out: &Path) -> Result<(), Failure> {
    let out = out.display();
    if inputs.iter().any(|input| input == "-") {
        return Err(Failure::usage("standard input (-) cannot be cut into shards: name files"));
    }
    if config.cascade.recall.is_some() {
        return Err(Failure::usage(format!(
            "a recall is kept over the whole input, and no shard knows the whole. Run the shards without --recall (or `recall` under \
             [cascade]), merge them, and certify what they found: rejoinder audit {out}. Or run without --shard"
        )));
    }
    if config.input.duplicates != Duplicates::Keep {
        return Err(Failure::usage(
            "--duplicates (or `duplicates` under [input]) leaves out what stands before in the whole input, and no shard knows the \
             whole. Say --duplicates keep, or run without --shard",
        ));
    }
    Ok(())
}

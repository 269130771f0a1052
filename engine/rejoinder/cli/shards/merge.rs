//! `rejoinder merge`: the shards of a job become one run.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use rejoinder_run::shards::{self, MergedJob};
use rejoinder_run::{FolderError, RunError};
use rejoinder_scan::{StopFlag, default_threads};

use crate::cli::args::OUTPUT;
use crate::cli::run::{RunEnd, finish};
use crate::cli::signals;
use crate::cli::terminal::remark;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// The job's folder: what --out of its shards names
    #[arg(value_name = "JOB")]
    job: PathBuf,
    /// Keep the folders of the shards
    ///
    /// Parts, replies and what was spent are in the job's folder then; a kept shard is only read from then on.
    #[arg(long, help_heading = OUTPUT)]
    keep_shards: bool,
    /// Print one JSON object instead of the summary
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    /// Write report.html into the run's folder at the end
    #[arg(long, help_heading = OUTPUT)]
    report: bool,
    /// End with exit code 3 if a guard of the rules is broken
    ///
    /// The run is finished and kept all the same. Without the flag, a broken guard is a warning.
    #[arg(long, help_heading = OUTPUT)]
    strict_guards: bool,
}

pub(in crate::cli) fn main(args: &MergeArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let stop = StopFlag::default();
    signals::stop_on_interrupt(&stop)?;
    let merged = shards::merge(&args.job, args.keep_shards, &stop);
    let MergedJob { run, was_merged } = merged.map_err(|error| failed(error, args))?;
    if was_merged {
        remark(&format!("{} was merged before", args.job.display()));
    }
    let report = args.report.then(default_threads);
    let (json, strict_guards) = (args.json, args.strict_guards);
    finish(&run, RunEnd { stopped: None, begun, json, strict: false, strict_guards, report })
}

/// A failure, with how to go on.
fn failed(error: RunError, args: &MergeArgs) -> Failure {
    let job = args.job.display();
    match error {
        RunError::Folder(error @ FolderError::Held { .. }) => {
            let message =
                format!("{error}\nwait until it has ended, or stop it; then go on: rejoinder merge {job}");
            Failure::new(Exit::Io, message)
        }
        error => {
            let mut failure = Failure::from(error);
            if matches!(failure.exit, Exit::Io | Exit::Interrupted) {
                failure.message +=
                    &format!("\nthe shards are as they were; go on with: rejoinder merge {job}");
            }
            failure
        }
    }
}

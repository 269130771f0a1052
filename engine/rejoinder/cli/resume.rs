//! `rejoinder resume`: goes on with a run that was killed, ran out of budget or lost its judge.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::Threads;
use super::run::{finish, resumable};
use crate::failure::{Exit, Failure};
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::scan;

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Greatest number of HTTP calls to the judge over the run's whole life
    #[arg(long, value_name = "N")]
    calls: Option<u64>,
    #[command(flatten)]
    threads: Threads,
    /// End with exit code 6 if there were bad records
    #[arg(long)]
    strict: bool,
    /// Print one JSON object instead of the summary
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &ResumeArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut run = RunDir::open(&args.run)?;
    if !scan::is_complete(&run)? {
        let engine = run.engine()?;
        scan::run(&run, &engine, args.threads.get()).map_err(|f| resumable(f, &run))?;
    }
    if let Some(calls) = args.calls {
        let mut budget = run.manifest.config.budget.clone();
        budget.calls = Some(calls);
        run.set_budget(budget)?;
    }
    finish(&run, begun, args.json, args.strict)
}

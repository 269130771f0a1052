//! `rejoinder judge`: asks about what waits, perhaps days after the scan and with another config.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::run::finish;
use super::signals;
use crate::config::Effective;
use crate::failure::{Exit, Failure};
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::scan;
use crate::pipeline::watch::Watch;

#[derive(Debug, Args)]
pub(super) struct JudgeArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Config file whose [judge] and [budget] take the place of the run's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Greatest number of HTTP calls to the judge over the run's whole life
    #[arg(long, value_name = "N")]
    calls: Option<u64>,
    /// Print one JSON object instead of the summary
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &JudgeArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut run = RunDir::open(&args.run)?;
    if !scan::is_complete(&run)? {
        return Err(Failure::usage(format!(
            "the scan of {0} was interrupted; finish it first: rejoinder resume {0}",
            args.run.display()
        )));
    }
    let mut config = match &args.config {
        Some(path) => Effective::load(Some(path))?.config,
        None => Effective::over(run.manifest.config.clone())?.config,
    };
    if let Some(calls) = args.calls {
        config.budget.calls = Some(calls);
    }
    if config.judge.base_url.is_none() {
        return Err(Failure::usage(
            "no judge is configured: give --config FILE with [judge] base-url = \"http://…/v1\" and model = \"…\"",
        ));
    }
    config.judge.client()?;
    run.set_judge(&config)?;
    let watch = Watch::default();
    signals::stop_on_interrupt(&watch)?;
    finish(&run, &watch, begun, args.json, false)
}

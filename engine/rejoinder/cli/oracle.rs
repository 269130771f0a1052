//! Whose answers about drawn turns count as the truth: the judge's, or labels. `audit` and `calibrate` ask alike.

use std::path::PathBuf;

use clap::Args;
use rejoinder_core::Purpose;
use rejoinder_run::RunDir;
use rejoinder_run::recall::{JUDGE, JudgeOracle, LabelFileOracle, LabelOracle, Oracle, OracleError};
use rejoinder_run::watch::Watch;

use super::label_args::side_car;
use super::{Threads, asking, signals};
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct OracleArgs {
    /// Config file whose [judge] and [budget] take the place of the run's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Greatest number of HTTP requests to the judge over the run's whole life
    #[arg(long, value_name = "N")]
    calls: Option<u64>,
    /// Ask nobody: take the records' own `labels` for the truth; turns that they do not list are no feedback
    #[arg(long)]
    labels: bool,
    /// The same, with labels that stand in a file beside the corpus, as import-labels writes them
    #[arg(long, value_name = "FILE", conflicts_with = "labels")]
    label_file: Option<PathBuf>,
    /// What the feedback is for: all, sft, kto, or categories such as UR2,UR5 [default: as the run's config says]
    #[arg(long = "for", value_name = "PURPOSE")]
    purpose: Option<Purpose>,
}

impl OracleArgs {
    /// What the feedback is for.
    pub(super) fn purpose(&self, run: &RunDir) -> Purpose {
        self.purpose.unwrap_or(run.manifest.config.purpose)
    }
}

/// Lets `work` ask the oracle that was chosen, the judge at the run's expense; `verb` goes on after a stop. Returns what `work`
/// did, and who the oracle is.
///
/// # Errors
/// If there is nobody to ask, asking ended before its end, or `work` fails.
pub(super) fn with_oracle<T>(
    args: &OracleArgs,
    run: &mut RunDir,
    threads: Threads,
    verb: &str,
    work: impl FnOnce(&mut dyn Oracle) -> Result<T, OracleError>,
) -> Result<(T, String), Failure> {
    let (done, oracle) = if let Some(file) = &args.label_file {
        let labels = side_car(file)?;
        (work(&mut LabelFileOracle(&labels)), "the labels of a file".to_owned())
    } else if args.labels {
        (work(&mut LabelOracle), "the records' own labels".to_owned())
    } else {
        let config = asking::config_for(run, args.config.as_deref(), args.calls)?;
        if config.judge.base_url.is_none() {
            return Err(Failure::usage(
                "no judge is configured: give --config FILE with [judge] base-url and model, or --labels where the records \
                 have them",
            ));
        }
        run.set_judge(&config)?;
        let watch = Watch::default();
        signals::stop_on_interrupt(&watch.stop)?;
        let done =
            asking::with_operator(&watch, threads.get(), |operator| work(&mut JudgeOracle { run, operator }));
        (done, format!("{JUDGE} {}", config.judge.model))
    };
    match done {
        Ok(done) => Ok((done, oracle)),
        Err(OracleError::Failed(error)) => Err(error.into()),
        Err(OracleError::Stopped(stop)) => Err(asking::failure_of(stop, run, verb)),
    }
}

//! Whose answers about drawn turns count as the truth: the judge's, or labels. `audit` and `calibrate` ask alike.

use std::path::PathBuf;

use clap::Args;
use rejoinder_core::Purpose;
use rejoinder_export::labels::label_file::LabelFile;
use rejoinder_run::gathering::GatheringGoal;
use rejoinder_run::recall::{JUDGE, JudgeOracle, LabelFileOracle, LabelOracle, Oracle, OracleError};
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::Config;

use super::args::{LABELS, RECALL};
use super::label_args::side_car;
use super::run_config::RunJudgeArgs;
use super::work::at_work;
use super::{Threads, asking, signals};
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct OracleArgs {
    #[command(flatten)]
    judge: RunJudgeArgs,
    /// Ask nobody: take the records' own `labels` for the truth
    ///
    /// Turns that the labels do not list are no feedback.
    #[arg(long, help_heading = LABELS)]
    labels: bool,
    /// The same, with labels in a file beside the corpus
    ///
    /// As review and import-labels write them.
    #[arg(long, value_name = "FILE", conflicts_with = "labels", help_heading = LABELS)]
    label_file: Option<PathBuf>,
    /// What the feedback is for [default: the run's purpose]
    ///
    /// all, sft, kto, or categories such as UR2,UR5.
    #[arg(long = "for", value_name = "PURPOSE", help_heading = RECALL)]
    purpose: Option<Purpose>,
}

/// Who is asked.
pub(super) enum OracleChoice {
    LabelFile(LabelFile),
    Labels,
    Judge(Box<Config>),
}

impl OracleArgs {
    /// Who is asked about a run.
    ///
    /// # Errors
    /// If there is nobody to ask, or a file or a variable says something that cannot be.
    pub(super) fn choice(&self, run: &RunDir) -> Result<OracleChoice, Failure> {
        if let Some(file) = &self.label_file {
            return Ok(OracleChoice::LabelFile(side_car(file)?));
        }
        if self.labels {
            return Ok(OracleChoice::Labels);
        }
        let config = self.judge.config_for(run)?;
        if config.judge.base_url.is_none() {
            return Err(Failure::usage(
                "no judge is configured: give --config FILE with [judge] base-url and model, or --labels where the records \
                 have them",
            ));
        }
        Ok(OracleChoice::Judge(Box::new(config)))
    }

    /// What the feedback is for.
    pub(super) fn purpose(&self, run: &RunDir) -> Purpose {
        self.purpose.unwrap_or(run.manifest.config.purpose)
    }
}

/// Lets `work` ask the oracle that was chosen, the judge at the run's expense; `verb` goes on after a stop. Returns what `work`
/// did, and who the oracle is.
///
/// # Errors
/// If asking ended before its end, or `work` fails.
pub(super) fn with_oracle<T>(
    choice: OracleChoice,
    run: &mut RunDir,
    threads: Threads,
    verb: &str,
    work: impl FnOnce(&mut dyn Oracle) -> Result<T, OracleError>,
) -> Result<(T, String), Failure> {
    match choice {
        OracleChoice::LabelFile(labels) => {
            let done = work(&mut LabelFileOracle(&labels)).map_err(|error| failure(error, run, verb))?;
            Ok((done, "the labels of a file".to_owned()))
        }
        OracleChoice::Labels => {
            let done = work(&mut LabelOracle).map_err(|error| failure(error, run, verb))?;
            Ok((done, "the records' own labels".to_owned()))
        }
        OracleChoice::Judge(config) => {
            run.set_judge(&config)?;
            let watch = Watch::default();
            signals::stop_on_interrupt(&watch.stop)?;
            let done = at_work(&run.path.clone(), verb, &watch, || {
                let done = asking::with_operator(&watch, threads.get(), |operator| {
                    work(&mut JudgeOracle { run: &mut *run, operator })
                });
                done.map_err(|error| failure(error, run, verb))
            })?;
            Ok((done, format!("{JUDGE} {}", config.judge.model)))
        }
    }
}

/// Why the oracle has not answered, in words for the operator; `verb` goes on after a stop.
fn failure(error: OracleError, run: &RunDir, verb: &str) -> Failure {
    let error = match error {
        OracleError::Stopped(stop) => return asking::failure_of(stop, run, verb),
        OracleError::Failed(error) => error,
    };
    match (&error, &run.manifest.gathered) {
        (RunError::LabelsMissing { .. }, Some(from)) => {
            let place = match from.terms.goal {
                GatheringGoal::Audit(_) => "audit.json",
                GatheringGoal::Calibration(_) => "the second line of calibration.sample",
            };
            Failure::usage(format!(
                "{error}. Turns that were chosen otherwise cannot stand for them. {place} in {} lists all of them; label the others, too, \
                 or leave --label-file away, and the judge is asked",
                run.path.display()
            ))
        }
        _ => error.into(),
    }
}

//! `rejoinder judge compare`: what cheaper forms of asking are worth on the user's own judge.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use rejoinder_run::judging::comparison::{self, ComparisonRequest, ComparisonVerdict, FormVariant};
use rejoinder_run::recall::OracleError;
use rejoinder_run::watch::Watch;

use crate::cli::args::{DRAW, JUDGE, LABELS, OUTPUT};
use crate::cli::label_args::side_car;
use crate::cli::run_config::RunJudgeArgs;
use crate::cli::work::at_work;
use crate::cli::{InputRoot, Threads, asking, find_input, print, print_json, signals};
use crate::failure::{Exit, Failure};
use rejoinder_report::judge_comparison::ComparisonReport;

#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    #[command(flatten)]
    judge: RunJudgeArgs,
    /// Forms beside the reference, with commas [default: all]
    ///
    /// `again` asks the reference a second time, about a quarter of the turns. With the config's window: single, grouped-4, grouped-8,
    /// grouped-16, json-4, and with the letters in reverse single-reversed, grouped-4-reversed. With other windows: single-3x400,
    /// single-short, grouped-4-long.
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = JUDGE, hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(FormVariant::names()))]
    forms: Vec<String>,
    /// Greatest loss of agreement that a cheaper form may have
    #[arg(long, value_name = "SHARE", default_value_t = 0.03, help_heading = JUDGE)]
    max_loss: f64,
    /// Most turns to ask about, those of whole conversations
    #[arg(long, value_name = "N", default_value = "200", help_heading = DRAW)]
    turns: NonZeroUsize,
    /// What the draw depends on
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = DRAW)]
    seed: u64,
    /// Compare with labels in a file, not with the records' own
    ///
    /// As review and import-labels write them. The records' own `labels` are used wherever they have them.
    #[arg(long, value_name = "FILE", help_heading = LABELS)]
    label_file: Option<PathBuf>,
    /// Print one JSON object instead of the tables
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &CompareArgs) -> Result<Exit, Failure> {
    if !(0.0..=1.0).contains(&args.max_loss) {
        return Err(Failure::usage(format!("--max-loss {} is no share from 0 to 1", args.max_loss)));
    }
    let labels = args.label_file.as_deref().map(side_car).transpose()?;
    let mut run = find_input(&args.input, asking::scanned_run(&args.run)?.whole()?)?;
    let config = args.judge.config_for(&run)?;
    if config.judge.base_url.is_none() {
        return Err(Failure::usage(
            "no judge is configured: give --config FILE with [judge] base-url = \"http://…/v1\" and model = \"…\"",
        ));
    }
    run.set_judge(&config)?;
    let wanted = ComparisonRequest {
        turns: args.turns.get(),
        seed: args.seed,
        max_loss: args.max_loss,
        forms: &args.forms,
        labels: labels.as_ref(),
    };
    let watch = Watch::default();
    signals::stop_on_interrupt(&watch.stop)?;
    let stopped = |stop| {
        let next = "what was answered is kept: the same command goes on, with a larger --calls N or [budget] where the budget is spent";
        asking::stopped(stop, &config.judge, next)
    };
    let (compared, stop) = at_work(&run.path, "judge compare", &watch, || {
        let compared = asking::with_operator(&watch, args.threads.get(), |operator| {
            comparison::compare(&run, &operator, &wanted)
        });
        compared.map_err(|error| match error {
            OracleError::Stopped(stop) => stopped(stop),
            OracleError::Failed(error) => error.into(),
        })
    })?;
    if compared.turns == 0 {
        let message = "nothing is compared: no turn of this run waits for the judge or was judged";
        return Err(Failure::new(Exit::CheckFailed, message));
    }
    let verdict = compared.verdict;
    let report = ComparisonReport::of(compared);
    match args.json {
        true => print_json(&report)?,
        false => print(&report.text())?,
    }
    match (stop, verdict) {
        (Some(stop), _) => Err(stopped(stop)),
        (None, ComparisonVerdict::CheaperForm | ComparisonVerdict::ReferenceOnly) => Ok(Exit::Ok),
        (None, _) => Err(Failure::new(Exit::CheckFailed, report.why_nothing())),
    }
}

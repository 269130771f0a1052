//! `rejoinder calibrate`: the scores between which the judge must be asked, by a sample of a run's corpus.

use std::path::PathBuf;

use clap::Args;
use rejoinder_core::Purpose;
use rejoinder_ledger::part;
use rejoinder_run::RunDir;
use rejoinder_run::gathering::{GatheringGoal, SampledVerb};
use rejoinder_run::recall::{CALIBRATION_TURNS, RecallTarget, RunCorpus};
use rejoinder_run::recall::{calibrate_accepting, calibration_seed, search};
use rejoinder_scan::StopFlag;
use serde::Serialize;

use super::args::{OUTPUT, RECALL};
use super::oracle::{OracleArgs, OracleChoice, with_oracle};
use super::terminal::remark;
use super::{InputRoot, Threads, find_input, print, print_json};
use crate::failure::{Exit, Failure};
use rejoinder_report::accepting::AcceptingReport;
use rejoinder_report::calibration::CalibrationReport;
use rejoinder_report::numbers::{counted, thousands};

#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {
    /// The folder of a run over the corpus
    ///
    /// Such as one with --offline: the run's rules, plugins and judge are used, and its ledger pays. Or a folder that was gathered over a
    /// data set.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    #[command(flatten)]
    oracle: OracleArgs,
    /// Share of the wanted feedback that must be found
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, help_heading = RECALL)]
    recall: f64,
    /// How surely
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, help_heading = RECALL)]
    confidence: f64,
    /// Turns to draw [default: 400, or as many as were gathered]
    #[arg(long, value_name = "N", help_heading = RECALL)]
    sample: Option<usize>,
    /// Find from which scores on nobody need be asked at all
    ///
    /// Of the run's corpus, by labels or by the judge: the piece of config has `without-judge = true`, and a cut for each category.
    #[arg(long, conflicts_with_all = ["recall", "confidence"], help_heading = RECALL)]
    without_judge: bool,
    /// Share of what the score accepts that must be right
    #[arg(long, value_name = "SHARE", default_value_t = 0.85, requires = "without_judge", help_heading = RECALL)]
    precision: f64,
    /// What the draw depends on [default: drawn, and kept]
    ///
    /// A seed is kept for the same question.
    #[arg(long, value_name = "N", help_heading = RECALL)]
    seed: Option<u64>,
    /// Print one JSON object instead of the text
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &CalibrateArgs) -> Result<Exit, Failure> {
    let mut run = find_input(&args.input, RunDir::open_sampled(&args.run, SampledVerb::Calibrate)?)?;
    let choice = args.oracle.choice(&run)?;
    let purpose = args.oracle.purpose(&run);
    let target = RecallTarget { purpose, recall: args.recall, confidence: args.confidence };
    run.unchanged_input()?;
    let corpus = RunCorpus::of(&run, target, args.threads.get(), StopFlag::default())?;
    target.check()?;
    let gathered = run.manifest.gathered.as_ref().map(|from| from.terms.goal);
    let sample = args.sample.unwrap_or(match gathered {
        Some(GatheringGoal::Calibration(draw)) => draw.sample,
        _ => CALIBRATION_TURNS,
    });
    let forecast = corpus.forecast()?;
    remark(&format!(
        "asking about a sample of {} first. By the score's own word {} of {} are then to be asked about in a run, beside those of an \
         audit; the paper's method takes {}",
        counted((sample as u64).min(forecast.turns), "turn"),
        thousands(forecast.without_promise),
        counted(forecast.turns, "later turn"),
        counted(forecast.conversations, "request")
    ));
    // Rules and score are fixed by now; only then the seed is drawn.
    let seed = calibration_seed(&run, &corpus.engine, &target, sample, args.seed)?;
    if args.without_judge {
        return without_judge(args, run, choice, purpose, &corpus, (sample, seed));
    }
    let (calibration, oracle) = with_oracle(choice, &mut run, args.threads, "calibrate", |oracle| {
        search::calibrate(&corpus, oracle, &target, sample, seed)
    })?;
    let report = CalibrationReport::new(oracle, &target, seed, &calibration);
    end(&run, &report.toml(), args.json, &report, &report.text())
}

/// Finds the scores from which on turns are accepted without a judge.
fn without_judge(
    args: &CalibrateArgs,
    mut run: RunDir,
    choice: OracleChoice,
    purpose: Purpose,
    corpus: &RunCorpus,
    (sample, seed): (usize, u64),
) -> Result<Exit, Failure> {
    let precision = args.precision;
    if !(precision > 0.0 && precision < 1.0) {
        return Err(Failure::usage("--precision is a share between 0 and 1"));
    }
    let (calibration, oracle) = with_oracle(choice, &mut run, args.threads, "calibrate", |oracle| {
        calibrate_accepting(corpus, oracle, purpose, precision, sample, seed)
    })?;
    let report = AcceptingReport::new(oracle, purpose, precision, seed, &calibration);
    end(&run, &report.toml(), args.json, &report, &report.text())
}

/// Keeps the piece of a config, and prints the report.
fn end(run: &RunDir, toml: &str, json: bool, report: &impl Serialize, text: &str) -> Result<Exit, Failure> {
    let file = run.path.join("cascade.toml");
    part::write(&file, toml.as_bytes())?;
    if json {
        print_json(report)?;
    } else {
        print(text)?;
    }
    remark(&format!("the cuts for a config are in {}", file.display()));
    Ok(Exit::Ok)
}

//! `rejoinder calibrate`: the scores between which the judge must be asked, by a sample of a run's corpus.

use std::path::PathBuf;

use clap::Args;
use rejoinder_ledger::part;
use rejoinder_run::RunDir;
use rejoinder_run::recall::{RecallTarget, RunCorpus, search};
use rejoinder_scan::StopFlag;

use super::args::{OUTPUT, RECALL};
use super::oracle::{OracleArgs, with_oracle};
use super::terminal::remark;
use super::{InputRoot, Threads, find_input, print, print_json};
use crate::failure::{Exit, Failure};
use crate::report::calibration::CalibrationReport;
use crate::report::numbers::{counted, thousands};

#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {
    /// The folder of a run over the corpus
    ///
    /// Such as one with --offline: the run's rules, plugins and judge are used, and its ledger pays.
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
    /// Turns to draw
    #[arg(long, value_name = "N", default_value_t = 400, help_heading = RECALL)]
    sample: usize,
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
    let mut run = find_input(&args.input, RunDir::open_to_change(&args.run)?)?;
    let choice = args.oracle.choice(&run)?;
    let purpose = args.oracle.purpose(&run);
    let target = RecallTarget { purpose, recall: args.recall, confidence: args.confidence };
    run.unchanged_input()?;
    let corpus = RunCorpus::of(&run, target, args.threads.get(), StopFlag::default())?;
    target.check()?;
    let forecast = corpus.forecast()?;
    remark(&format!(
        "asking about a sample of {} first. By the score's own word {} of {} are then to be asked about in a run, beside those of an \
         audit; the paper's method takes {}",
        counted((args.sample as u64).min(forecast.turns), "turn"),
        thousands(forecast.without_promise),
        counted(forecast.turns, "later turn"),
        counted(forecast.conversations, "request")
    ));
    // Rules and score are fixed by now; only then the seed is drawn.
    let seed = search::calibration_seed(&run, &corpus.engine, &target, args.sample, args.seed)?;
    let (calibration, oracle) = with_oracle(choice, &mut run, args.threads, "calibrate", |oracle| {
        search::calibrate(&corpus, oracle, &target, args.sample, seed)
    })?;
    let report = CalibrationReport::new(oracle, &target, seed, &calibration);
    let file = run.path.join("cascade.toml");
    part::write(&file, report.toml().as_bytes())?;
    if args.json {
        print_json(&report)?;
    } else {
        print(&report.text())?;
    }
    remark(&format!("the cuts for a config are in {}", file.display()));
    Ok(Exit::Ok)
}

//! `rejoinder calibrate`: the scores between which the judge must be asked, by a sample of a run's corpus.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;
use rejoinder_host::LoadedPlugin;
use rejoinder_ledger::part;

use super::oracle::OracleArgs;
use super::terminal::remark;
use super::{InputRoot, Threads, print, print_json};
use crate::failure::{Exit, Failure};
use crate::pipeline::calibration::{Among, Corpus};
use crate::pipeline::cuts::{self, Wanted};
use crate::pipeline::draw;
use crate::pipeline::engine::Engine;
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::watch::Watch;
use crate::report::calibration::CalibrationReport;

#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {
    /// The folder of a run over the corpus, such as one with --offline: its rules, plugins and judge are used, and its ledger pays
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    #[command(flatten)]
    oracle: OracleArgs,
    /// Share of the wanted feedback that must be found
    #[arg(long, value_name = "SHARE", default_value_t = 0.9)]
    recall: f64,
    /// How surely
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    confidence: f64,
    /// Turns to draw
    #[arg(long, value_name = "N", default_value_t = 400)]
    sample: usize,
    /// What the draw depends on [default: drawn at random, and kept for the same question]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object instead of the text
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &CalibrateArgs) -> Result<Exit, Failure> {
    let mut run = args.input.find(RunDir::open_to_change(&args.run)?)?;
    let purpose = args.oracle.purpose(&run);
    let wanted = Wanted { purpose, recall: args.recall, confidence: args.confidence };
    let mut config = run.config();
    config.score_all_turns(purpose);
    run.unchanged_input()?;
    let engine = Engine::build(config)?;
    // Rules and score are fixed by now; only then the seed is drawn.
    let seed = seed(args, &run, &engine, &wanted)?;
    let (taught, nothing) = (engine.taught()?, HashSet::new());
    let corpus = Corpus {
        engine: &engine,
        files: &run.manifest.inputs,
        threads: args.threads.get(),
        wanted: &wanted,
        taught: &taught,
        watch: &Watch::default(),
    };
    let scored = corpus.score(Among { asked: &nothing, from: None }, args.sample, seed)?;
    scored.check()?;
    let answers = args.oracle.ask(&mut run, &scored.drawn(), "calibrate")?;
    let judged = scored.judged(&answers.labels, purpose);
    let found = cuts::find(&wanted, &judged, &scored.open)?;
    let unreadable = answers.unreadable();
    let report = CalibrationReport::new(answers.oracle, &wanted, seed, &scored, &found, unreadable);
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

/// The seed given, or that of the same question before (looking at another draw until one pleases would void the promise), or a
/// new one.
fn seed(args: &CalibrateArgs, run: &RunDir, engine: &Engine, wanted: &Wanted) -> Result<u64, Failure> {
    let plugins: Vec<&str> = engine.registry.plugins().iter().map(LoadedPlugin::identity).collect();
    let name = format!(
        "calibration {} {} {} {} {} {}",
        wanted.purpose,
        wanted.recall,
        wanted.confidence,
        args.sample,
        engine.rules.hash(),
        plugins.join(" ")
    );
    let known = run.ledger.get(&name)?.and_then(|seed| seed.parse::<u64>().ok());
    match (known, args.seed) {
        (Some(known), Some(seed)) if known != seed => Err(Failure::usage(format!(
            "this was calibrated with seed {known} before; to draw again until a cut pleases would void it. Leave --seed away"
        ))),
        (Some(known), _) => Ok(known),
        (None, seed) => {
            let seed = seed.unwrap_or_else(draw::seed);
            run.ledger.put(&name, &seed.to_string())?;
            Ok(seed)
        }
    }
}

//! `rejoinder train`: a score learned from labels, or from what the judge said in runs.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rejoinder_ledger::part;
use rejoinder_run::RunDir;
use rejoinder_run::labels::LabelReader;
use rejoinder_run::training::{TrainedModel, Training, TrainingError, TrainingLabels, TrainingSource};
use rejoinder_scan::Engine;
use rejoinder_scan::config::{CascadeSection, InputConfig};
use rejoinder_score::Model;
use serde_json::json;

use super::args::OUTPUT;
use super::label_args::{LabelArgs, label_reader, remark_unlabelled};
use super::settings::{ConfigFileArgs, ReadingArgs, effective_config};
use super::terminal::remark;
use super::{InputRoot, described, find_input, print, print_json};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::{counted, thousands};

/// Heading of the flags that say how is learned.
const TRAINING: &str = "Training";

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    /// Labelled chat logs, or run folders, whose judged turns count
    #[arg(required = true, value_name = "LABELS|RUN")]
    inputs: Vec<String>,
    #[command(flatten)]
    input: InputRoot,
    /// The model file to write
    #[arg(long, short, value_name = "FILE", help_heading = OUTPUT)]
    out: PathBuf,
    /// Print one JSON object instead of the table
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    /// Model to go on from: a file, or `shipped`
    ///
    /// Without it the score begins anew. A few hundred labels move a model a little.
    #[arg(long, value_name = "MODEL", conflicts_with = "unlabelled", help_heading = TRAINING)]
    base: Option<PathBuf>,
    /// Conversations without labels; may be repeated
    ///
    /// The model learns from them what words go together.
    #[arg(long, value_name = "INPUT", help_heading = TRAINING)]
    unlabelled: Vec<String>,
    /// Leave out what rules find
    ///
    /// Shows what the score is worth where rules miss.
    #[arg(long, help_heading = TRAINING)]
    blind: bool,
    /// Column that tells kinds of dialogue apart, such as source
    ///
    /// A corpus is unlike what the model was measured on if it is unlike each kind and each mixture of them [default: each input is
    /// a kind].
    #[arg(long, value_name = "COLUMN", help_heading = TRAINING)]
    kinds: Option<String>,
    /// The number that all draws depend on
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = TRAINING)]
    seed: u64,
    #[command(flatten)]
    labelled: LabelArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
}

/// The conversations that an input of the command line names.
fn source(input: &str, root: &InputRoot, config: &InputConfig) -> Result<TrainingSource, Failure> {
    let path = Path::new(input);
    if RunDir::is_run(path) {
        let run = find_input(root, RunDir::open(path)?.whole()?)?;
        return Ok(TrainingSource::of_run(input.to_owned(), &run)?);
    }
    let files = described(&[input.to_owned()], config)?;
    Ok(TrainingSource { name: input.to_owned(), files, labels: TrainingLabels::Read })
}

/// Which part of a source is learned from, in words.
fn part_of(source: &TrainingSource, reader: &LabelReader) -> String {
    match &source.labels {
        TrainingLabels::Read => reader.part(),
        TrainingLabels::Judge(answers) => {
            format!("{} by their judge's answers", counted(answers.len() as u64, "turn"))
        }
        TrainingLabels::None => "unlabelled".to_owned(),
    }
}

pub(super) fn main(args: &TrainArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut effective = effective_config(&args.config, &[&args.reading])?;
    // The score knows what rules found, not what plugins said: one of them is the score. The cuts are measured beside both.
    effective.config.cascade = CascadeSection::without_score();
    let engine = Engine::of(&effective)?.asking_about_all();
    let config = &engine.config.input;
    let named = args.inputs.iter().map(|input| source(input, &args.input, config));
    let mut sources = named.collect::<Result<Vec<_>, _>>()?;
    for input in &args.unlabelled {
        let files = described(std::slice::from_ref(input), config)?;
        sources.push(TrainingSource { name: input.clone(), files, labels: TrainingLabels::None });
    }
    let base = args.base.as_deref().map(base).transpose()?;
    let reader = label_reader(&args.labelled, true)?;
    let training = Training {
        engine: &engine,
        sources: &sources,
        reader: &reader,
        base: base.as_ref(),
        is_blind: args.blind,
        kinds: args.kinds.as_deref(),
        seed: args.seed,
    };
    let trained = training.train(|source| part_of(source, &reader)).map_err(|error| match error {
        TrainingError::Run(error) => error.into(),
        TrainingError::Train(why) => Failure::usage(why.to_string()),
    })?;
    let TrainedModel { model, report, turns, labelled, known, unlabelled } = trained;
    remark_unlabelled(&unlabelled);
    if known > 0 {
        remark(&format!(
            "the base was trained on {} of these conversations: the figures flatter",
            thousands(known)
        ));
    }
    let bytes = model.to_bytes();
    part::write(&args.out, &bytes)?;
    let seconds = begun.elapsed().as_secs_f64();
    if args.json {
        print_json(&json!({
            "out": args.out, "bytes": bytes.len(), "turns": turns, "labelled_turns": labelled,
            "seconds": seconds, "provenance": model.provenance(), "quality": report.quality,
        }))?;
    } else {
        print(&format!("On conversations held out ({} parts):\n{report}", report.quality.folds))?;
        remark(&format!(
            "{}, {} of them labelled, learned in {seconds:.1} s; {} bytes in {}",
            counted(turns as u64, "turn"),
            thousands(labelled as u64),
            thousands(bytes.len() as u64),
            args.out.display()
        ));
    }
    Ok(Exit::Ok)
}

/// The model to go on from.
fn base(name: &Path) -> Result<Model, Failure> {
    let shown = name.display();
    if name == Path::new("shipped") {
        return Model::from_bytes(rejoinder_plugin_scorer::DEFAULT_MODEL)
            .map_err(|why| Failure::usage(format!("the shipped model: {why}")));
    }
    let bytes =
        std::fs::read(name).map_err(|e| Failure::usage(format!("cannot read the model `{shown}`: {e}")))?;
    Model::from_bytes(&bytes).map_err(|why| Failure::usage(format!("`{shown}`: {why}")))
}

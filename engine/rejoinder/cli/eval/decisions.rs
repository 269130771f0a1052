//! Decisions beside labels, with misses and false alarms as files to read.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_core::Category;
use rejoinder_ledger::part;
use rejoinder_run::labels::Unlabelled;
use rejoinder_run::reading_sample::TurnView;
use rejoinder_run::{RunDir, TurnOutcome, judging};
use rejoinder_scan::config::EffectiveConfig;
use rejoinder_scan::{Engine, Scan};

use super::cascade;
use crate::cli::args::{LABELS, OUTPUT};
use crate::cli::label_args::{LabelArgs, label_reader, nothing_labelled, remark_unlabelled};
use crate::cli::settings::{
    ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, ScoreArgs, effective_config,
};
use crate::cli::terminal::remark;
use crate::cli::{InputRoot, Threads, described, find_input, print, print_json};
use crate::failure::{Exit, Failure};
use rejoinder_report::by_rule::RuleCounts;
use rejoinder_report::dialogue::{DialogueLook, render};
use rejoinder_report::evaluation::{Evaluation, LabelledOutcome};

#[derive(Debug, Args)]
pub(in crate::cli) struct EvalArgs {
    /// Labelled chat logs, or one run's folder
    ///
    /// Of chat logs (files, folders, globs) no judge is asked; of a run what its judge said counts.
    #[arg(required = true, value_name = "INPUT|RUN")]
    pub(super) inputs: Vec<String>,
    #[command(flatten)]
    input: InputRoot,
    /// Read the labels in each record's `labels` column
    #[arg(long, required_unless_present = "label_file", help_heading = LABELS)]
    labels: bool,
    #[command(flatten)]
    pub(super) labelled: LabelArgs,
    /// Add a row for each rule: hits, effect, precision
    #[arg(long, help_heading = OUTPUT)]
    by_rule: bool,
    /// Folder for misses.txt and false-alarms.txt
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    /// Print one JSON object instead of the table
    #[arg(long, help_heading = OUTPUT)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) cascade: cascade::CascadeArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    score: ScoreArgs,
    #[command(flatten)]
    pub(super) threads: Threads,
}

impl EvalArgs {
    /// The config in force where no run is compared.
    pub(super) fn effective_config(&self) -> Result<EffectiveConfig, Failure> {
        let flags: [&dyn ConfigFlags; 3] = [&self.reading, &self.plugins, &self.score];
        effective_config(&self.config, &flags)
    }
}

/// What a chunk adds.
struct ChunkComparison {
    turns: Vec<LabelledOutcome>,
    conversations: u64,
    by_rule: RuleCounts,
    misses: String,
    false_alarms: String,
    unlabelled: Unlabelled,
}

impl ChunkComparison {
    fn new(engine: &Engine) -> Self {
        Self {
            turns: Vec::new(),
            conversations: 0,
            by_rule: RuleCounts::new(engine),
            misses: String::new(),
            false_alarms: String::new(),
            unlabelled: Unlabelled::default(),
        }
    }
}

pub(in crate::cli) fn main(args: &EvalArgs) -> Result<Exit, Failure> {
    if args.cascade.cascade {
        return cascade::main(args);
    }
    let run_path = args.inputs.first().map(Path::new).filter(|p| args.inputs.len() == 1 && RunDir::is_run(p));
    let (engine, files, judged, asked_before) = match run_path {
        Some(path) => {
            let run = find_input(&args.input, RunDir::open(path)?.whole()?)?;
            let judged = judging::judged(&run)?;
            (run.engine()?, run.manifest.inputs.clone(), judged, run.asked()?)
        }
        None => {
            let engine = Engine::of(&args.effective_config()?)?;
            let files = described(&args.inputs, &engine.config.input)?;
            (engine.for_corpus(&files)?, files, Default::default(), Default::default())
        }
    };
    let reader = label_reader(&args.labelled, true)?;
    let mut all = ChunkComparison::new(&engine);
    let scan = Scan { asked_before: Some(&asked_before), ..Scan::of(&engine, &files, args.threads.get()) };
    scan.run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let mut compared = ChunkComparison::new(worker.engine);
            let missing = &mut compared.unlabelled;
            for (conversation, labels) in reader.all(&scanned, &chunk.file, missing) {
                compared.conversations += 1;
                for turn in scanned.turns(conversation) {
                    let label = labels.of(turn.message_index);
                    if !label.is_known() {
                        continue;
                    }
                    let id = conversation.id(turn);
                    let outcome =
                        TurnOutcome::new(turn.decision(), judged.get(&id).copied().unwrap_or_default());
                    let found = outcome.category();
                    if args.by_rule {
                        compared.by_rule.turn(worker.engine, &scanned, conversation, turn, label);
                    }
                    let label = label.category();
                    if args.out.is_some() && found != label {
                        let view = TurnView {
                            engine: worker.engine,
                            scanned: &scanned,
                            conversation,
                            turn,
                            outcome,
                            span: None,
                        };
                        let text = render(view, DialogueLook::default());
                        let name = |c: Option<Category>| c.map_or("none", Category::code);
                        let pages =
                            if label.is_some() { &mut compared.misses } else { &mut compared.false_alarms };
                        let _ = writeln!(pages, "label {} · found {}\n{text}", name(label), name(found));
                    }
                    let (is_candidate, drawn) = (turn.is_candidate, labels.drawn(turn.message_index));
                    compared.turns.push(LabelledOutcome { id, label, outcome, is_candidate, drawn });
                }
            }
            Ok::<_, Failure>(compared)
        },
        |compared| {
            all.turns.extend(compared.turns);
            all.conversations += compared.conversations;
            all.by_rule.add(&compared.by_rule);
            all.misses += &compared.misses;
            all.false_alarms += &compared.false_alarms;
            all.unlabelled.extend(compared.unlabelled);
            Ok(())
        },
    )?;
    remark_unlabelled(&all.unlabelled);
    if all.turns.is_empty() {
        return Err(nothing_labelled(&reader.source));
    }
    let rules = args.by_rule.then(|| all.by_rule.rows(&engine));
    let evaluation = Evaluation { rules, ..Evaluation::of(&all.turns, all.conversations) };
    if args.json {
        print_json(&evaluation)?;
    } else {
        print(&evaluation.text(&args.inputs.join(", ")))?;
    }
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)
            .map_err(|e| Failure::io(format!("cannot make {}", folder.display()), &e))?;
        for (name, pages) in [("misses.txt", &all.misses), ("false-alarms.txt", &all.false_alarms)] {
            part::write(&folder.join(name), pages.as_bytes())?;
        }
        remark(&format!("misses.txt and false-alarms.txt are in {}", folder.display()));
    }
    Ok(Exit::Ok)
}

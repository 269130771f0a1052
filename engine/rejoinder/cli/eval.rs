//! `rejoinder eval`: decisions beside labels, with misses and false alarms as files to read.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rejoinder_core::Category;
use rejoinder_data::{InputFile, Position, Record, input, labels, part};

use super::run::Settings;
use super::{Threads, print, print_json, remark};
use crate::failure::{Exit, Failure};
use crate::pipeline::engine::Engine;
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::{flow, judging};
use crate::report::dialogue::{Outcome, render};
use crate::report::evaluation::{Evaluation, Judged};

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    /// Files, folders, globs (then no judge is asked), or one run folder (then what its judge said counts)
    #[arg(required = true, value_name = "INPUT|RUN")]
    inputs: Vec<String>,
    /// Read the labels in each record's `labels` column
    #[arg(long, required = true)]
    labels: bool,
    /// What later turns without a label are
    #[arg(long, value_enum, default_value_t = Unlisted::None)]
    unlisted: Unlisted,
    /// Only records whose column KEY is VALUE, such as split=dev
    #[arg(long = "where", value_name = "KEY=VALUE")]
    filter: Option<String>,
    /// Folder for misses.txt and false-alarms.txt
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,
}

/// What later turns without a label are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unlisted {
    /// No feedback: the labellers read every turn
    None,
    /// Not judged: they count for nothing
    Ignore,
}

/// What a chunk adds.
#[derive(Default)]
struct Compared {
    turns: Vec<Judged>,
    conversations: u64,
    misses: String,
    false_alarms: String,
    unlabelled: Vec<String>,
}

pub(super) fn main(args: &EvalArgs) -> Result<Exit, Failure> {
    let filter = match &args.filter {
        Some(filter) => Some(filter.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--where {filter}: expected KEY=VALUE, such as split=dev"))
        })?),
        None => None,
    };
    let run_path = args.inputs.first().map(Path::new).filter(|p| args.inputs.len() == 1 && RunDir::is_run(p));
    let (engine, files, judged) = match run_path {
        Some(path) => {
            let run = RunDir::open(path)?;
            let judged = judging::judged(&run)?;
            (run.engine()?, run.manifest.inputs, judged)
        }
        None => {
            let engine = Engine::build(args.settings.config()?)?;
            let files = input::find(&args.inputs)?;
            let described = files.iter().map(|f| InputFile::describe(f)).collect::<Result<Vec<_>, _>>()?;
            (engine, described, std::collections::HashMap::new())
        }
    };
    let mut all = Compared::default();
    flow::run(
        &engine,
        &files,
        Position::default(),
        args.threads.get(),
        |worker, chunk| {
            let scanned = worker.process(chunk)?;
            let mut compared = Compared::default();
            for conversation in &scanned.conversations {
                if filter.is_some_and(|f| !holds(&conversation.record, f)) {
                    continue;
                }
                let listed = match labels::read(&conversation.record) {
                    Ok(listed) => listed,
                    Err(why) => {
                        let place = format!("{}:{}: {why}", chunk.file, conversation.ordinal + 1);
                        compared.unlabelled.push(place);
                        continue;
                    }
                };
                compared.conversations += 1;
                for turn in scanned.turns(conversation) {
                    let label = match listed.iter().find(|l| l.turn == turn.message_index) {
                        Some(label) => label.category,
                        None if args.unlisted == Unlisted::Ignore => continue,
                        None => None,
                    };
                    let id = conversation.id(turn);
                    let outcome = Outcome::new(turn.decision, judged.get(&id));
                    let found = outcome.category();
                    if args.out.is_some() && found != label {
                        let text = render(worker.engine, &scanned, conversation, turn, outcome);
                        let name = |c: Option<Category>| c.map_or("none", Category::code);
                        let pages =
                            if label.is_some() { &mut compared.misses } else { &mut compared.false_alarms };
                        let _ = writeln!(pages, "label {} · found {}\n{text}", name(label), name(found));
                    }
                    compared.turns.push(Judged { id, label, outcome, is_candidate: turn.is_candidate });
                }
            }
            Ok(compared)
        },
        |compared| {
            all.turns.extend(compared.turns);
            all.conversations += compared.conversations;
            all.misses += &compared.misses;
            all.false_alarms += &compared.false_alarms;
            all.unlabelled.extend(compared.unlabelled);
            Ok(())
        },
    )?;
    if let Some(first) = all.unlabelled.first() {
        remark(&format!(
            "{} records were left out for want of labels; the first: {first}",
            all.unlabelled.len()
        ));
    }
    if all.turns.is_empty() {
        return Err(Failure::usage("no labelled turn was found in the input"));
    }
    let evaluation = Evaluation::of(&all.turns, all.conversations);
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

/// Whether the record's column has the value, compared as text.
fn holds(record: &Record<'_>, (key, value): (&str, &str)) -> bool {
    record.column(key).is_some_and(|raw| {
        let raw = raw.get();
        raw == value || serde_json::from_str::<String>(raw).is_ok_and(|text| text == value)
    })
}

//! `rejoinder export review`: tasks for people.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rejoinder_core::random::Random;
use rejoinder_core::{ContentHash, Conversation, RecordId, printable};
use rejoinder_export::export::review::ReviewTool;
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_run::RunDir;
use rejoinder_run::replay;
use serde_json::Value;

use super::{OverwriteArgs, check_overwriting, is_stdout, write};
use crate::cli::audit::{self, DrawSize};
use crate::cli::terminal::remark;
use crate::cli::{InputRoot, Threads, asking, find_input, print};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    /// Program that people review with
    #[arg(long = "for", value_enum)]
    reviewer: ReviewerName,
    /// File to write, - for standard output [default: review.json in the run's folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwriting: OverwriteArgs,
    /// So many tasks, drawn by the seed [default: all]
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// The turns that the run's audit draws, without what the run made of them; labelled, they go to `audit --label-file`
    #[arg(long, conflicts_with = "sample")]
    audit: bool,
    #[command(flatten)]
    size: DrawSize,
    /// What a draw depends on [default: of a sample 0; of an audit drawn at random, and kept]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReviewerName {
    /// Argilla 2: one record for each feedback
    Argilla,
    /// Label Studio: one task for each dialogue
    LabelStudio,
}

impl ReviewerName {
    /// What `import-labels --from` calls it.
    const fn origin(self) -> &'static str {
        match self {
            Self::Argilla => "argilla",
            Self::LabelStudio => "label-studio",
        }
    }
}

pub(super) fn main(args: &ReviewArgs) -> Result<Exit, Failure> {
    args.out.iter().try_for_each(|path| check_overwriting(&args.overwriting, path))?;
    let run = if args.audit { asking::scanned_run(&args.run)? } else { RunDir::open(&args.run)? };
    let run = find_input(&args.input, run)?;
    let reviewer = match args.reviewer {
        ReviewerName::Argilla => ReviewTool::Argilla,
        ReviewerName::LabelStudio => ReviewTool::LabelStudio,
    };
    let tasks = if args.audit { selection(args, reviewer, &run)? } else { found(args, reviewer, &run)? };
    let path = args.out.clone().unwrap_or_else(|| run.path.join("review.json"));
    write(&path, |out| Ok(serde_json::to_writer_pretty(out, &tasks)?))?;
    remark(&format!("{} tasks", tasks.len()));
    if !is_stdout(&path) {
        remark(&format!("wrote {}", path.display()));
        print(&reviewer.setup(&path))?;
    }
    if args.audit {
        remark(&format!(
            "when all are labelled: rejoinder import-labels EXPORTED --from {} --out labels.jsonl, and rejoinder audit {} \
             --label-file labels.jsonl",
            args.reviewer.origin(),
            run.path.display()
        ));
    }
    Ok(Exit::Ok)
}

/// Tasks about what the run found.
fn found(args: &ReviewArgs, reviewer: ReviewTool, run: &RunDir) -> Result<Vec<Value>, Failure> {
    let (mut tasks, mut known) = (Vec::new(), Known::default());
    replay::conversations_with_feedback(run, |record, feedback| {
        known.add(&record.conversation)?;
        tasks.extend(reviewer.tasks(&record.conversation, &record.tools, feedback));
        Ok::<_, Failure>(())
    })?;
    if let Some(sample) = args.sample {
        Random::with_seed(args.seed.unwrap_or(0)).shuffle(&mut tasks);
        tasks.truncate(sample);
    }
    Ok(tasks)
}

/// Tasks about the turns that the run's audit draws, in an order that says nothing of them.
fn selection(args: &ReviewArgs, reviewer: ReviewTool, run: &RunDir) -> Result<Vec<Value>, Failure> {
    let sample = audit::sample(run, args.size, args.seed, args.threads)?;
    let turns = sample.turns.iter().filter_map(|drawn| drawn.turn.row.turns.first()).map(Ok);
    let (mut tasks, mut known) = (Vec::new(), Known::default());
    replay::conversations_with(
        run,
        turns,
        |turn| (turn.id, &turn.conversation_id),
        |record, turns| {
            known.add(&record.conversation)?;
            let ids: Vec<RecordId> = turns.iter().map(|turn| turn.id).collect();
            tasks.extend(reviewer.blind_tasks(
                &record.conversation,
                &record.tools,
                &ids,
                TurnSelection::Audit,
            ));
            Ok::<_, Failure>(())
        },
    )?;
    Ok(tasks)
}

/// The conversations of the tasks so far, by id: labels come back by it.
#[derive(Default)]
struct Known(HashMap<String, u64>);

impl Known {
    /// Notes a conversation.
    ///
    /// # Errors
    /// If another one has its id.
    fn add(&mut self, conversation: &Conversation<'_>) -> Result<(), Failure> {
        let content = ContentHash::of(conversation).short();
        match self.0.insert(conversation.id.to_string(), content) {
            Some(other) if other != content => Err(Failure::usage(format!(
                "two different conversations have the id `{}`, and labels come back by the id: they would be taken for those of both. Name a \
                 key that tells them apart (--map id=KEY) in a new run",
                printable(&conversation.id)
            ))),
            _ => Ok(()),
        }
    }
}

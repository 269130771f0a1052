//! `rejoinder export review`: tasks for people.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rejoinder_export::export::review::ReviewTool;
use rejoinder_run::RunDir;
use rejoinder_run::exporting::ReviewTasks;
use rejoinder_run::recall::audit::AuditSample;

use super::redaction::{self, RedactionArgs};
use super::{OverwriteArgs, check_overwriting, is_stdout, write};
use crate::cli::args::{DRAW, OUTPUT};
use crate::cli::audit::{DrawSizeArgs, draw_request};
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
    #[arg(long = "for", value_enum, help_heading = OUTPUT)]
    reviewer: ReviewerName,
    /// File to write [default: review.json in the run's folder]
    ///
    /// - is standard output.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwriting: OverwriteArgs,
    /// So many tasks, drawn by the seed [default: all]
    #[arg(long, value_name = "N", help_heading = DRAW)]
    sample: Option<usize>,
    /// The turns that the run's audit draws
    ///
    /// Without what the run made of them. Labelled, they go to `rejoinder audit --label-file`.
    #[arg(long, conflicts_with = "sample", help_heading = DRAW)]
    audit: bool,
    #[command(flatten)]
    size: DrawSizeArgs,
    /// What a draw depends on [default: 0; of an audit drawn]
    ///
    /// The seed of an audit is kept.
    #[arg(long, value_name = "N", help_heading = DRAW)]
    seed: Option<u64>,
    #[command(flatten)]
    redaction: RedactionArgs,
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
    /// The name of the program in `import-labels --from`.
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
    let run = find_input(&args.input, run.whole()?)?;
    let reviewer = match args.reviewer {
        ReviewerName::Argilla => ReviewTool::Argilla,
        ReviewerName::LabelStudio => ReviewTool::LabelStudio,
    };
    let redactor = args.redaction.redactor();
    let review = if args.audit {
        let request = draw_request(args.size, args.seed);
        let sample = AuditSample::of_or_drawn(&run, args.threads.get(), request)?;
        ReviewTasks::of_audit(&run, reviewer, redactor.as_ref(), &sample)?
    } else {
        let draw = args.sample.map(|sample| (sample, args.seed.unwrap_or(0)));
        ReviewTasks::of_feedback(&run, reviewer, redactor.as_ref(), draw)?
    };
    let path = args.out.clone().unwrap_or_else(|| run.path.join("review.json"));
    write(&path, |out| Ok(serde_json::to_writer_pretty(out, &review.tasks)?))?;
    remark(&format!("{} tasks", review.tasks.len()));
    redactor.iter().for_each(|redactor| redaction::tell(redactor, review.redacted, "conversation"));
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

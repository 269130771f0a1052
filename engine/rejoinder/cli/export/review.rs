//! `rejoinder export review`: tasks for people.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rejoinder_data::export::review::Reviewer;

use super::{Overwriting, is_stdout, write};
use crate::cli::terminal::remark;
use crate::cli::{InputRoot, print};
use crate::failure::{Exit, Failure};
use crate::pipeline::replay;
use crate::pipeline::run_dir::RunDir;

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
    overwriting: Overwriting,
    /// So many tasks, drawn by the seed [default: all]
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Another seed draws other tasks
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReviewerName {
    /// Argilla 2: one record for each feedback
    Argilla,
    /// Label Studio: one task for each dialogue
    LabelStudio,
}

pub(super) fn main(args: &ReviewArgs) -> Result<Exit, Failure> {
    args.out.iter().try_for_each(|path| args.overwriting.check(path))?;
    let run = args.input.find(RunDir::open(&args.run)?)?;
    let reviewer = match args.reviewer {
        ReviewerName::Argilla => Reviewer::Argilla,
        ReviewerName::LabelStudio => Reviewer::LabelStudio,
    };
    let mut tasks = Vec::new();
    replay::conversations_with_feedback(&run, |record, feedback| {
        tasks.extend(reviewer.tasks(&record.conversation, &record.tools, feedback));
        Ok(())
    })?;
    if let Some(sample) = args.sample {
        fastrand::Rng::with_seed(args.seed).shuffle(&mut tasks);
        tasks.truncate(sample);
    }
    let path = args.out.clone().unwrap_or_else(|| run.path.join("review.json"));
    write(&path, |out| Ok(serde_json::to_writer_pretty(out, &tasks)?))?;
    remark(&format!("{} tasks", tasks.len()));
    if !is_stdout(&path) {
        remark(&format!("wrote {}", path.display()));
        print(&reviewer.setup(&path))?;
    }
    Ok(Exit::Ok)
}

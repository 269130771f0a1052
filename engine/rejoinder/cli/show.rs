//! `rejoinder show`: turns of a run to read with one's own eyes, drawn evenly from all that fit.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use rejoinder_core::Category;
use rejoinder_run::reading_sample::{ReadingDraw, ReadingSample, reading_sample};
use rejoinder_run::{RunDir, TurnOutcome};

use super::{InputRoot, Threads, find_input, print};
use crate::failure::{Exit, Failure};
use crate::report::dialogue::render;

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    /// Turns that rules and plugins accepted
    #[arg(long)]
    accepted: bool,
    /// Turns that rules and plugins rejected, or never marked
    #[arg(long)]
    rejected: bool,
    /// Turns that wait for the judge
    #[arg(long)]
    undecided: bool,
    /// Turns that the judge settled
    #[arg(long)]
    judged: bool,
    /// Only feedback of this category (UR1 … UR5)
    #[arg(long, value_name = "CATEGORY")]
    category: Option<Category>,
    /// How many, drawn at random
    #[arg(long, value_name = "N", default_value = "20")]
    sample: NonZeroUsize,
    /// Another seed draws other turns
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &ShowArgs) -> Result<Exit, Failure> {
    let run = find_input(&args.input, RunDir::open(&args.run)?)?;
    let draw = ReadingDraw { most: args.sample.get(), seed: args.seed, threads: args.threads.get() };
    let ReadingSample { turns, fitting } =
        reading_sample(&run, draw, |outcome| is_wanted(args, outcome), render)?;
    for text in &turns {
        print(&format!("{text}\n"))?;
    }
    print(&format!("{} of {fitting} turns\n", turns.len()))?;
    Ok(Exit::Ok)
}

/// Whether the flags want turns with an outcome.
fn is_wanted(args: &ShowArgs, outcome: TurnOutcome) -> bool {
    let all = !(args.accepted || args.rejected || args.undecided || args.judged);
    let kind = match outcome {
        TurnOutcome::Accepted(_) => args.accepted,
        TurnOutcome::Rejected => args.rejected,
        TurnOutcome::Undecided => args.undecided,
        TurnOutcome::Judged(_) => args.judged,
    };
    (all || kind) && args.category.is_none_or(|category| outcome.category() == Some(category))
}

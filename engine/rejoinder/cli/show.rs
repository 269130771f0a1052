//! `rejoinder show`: turns of a run to read with one's own eyes, drawn evenly from all that fit.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use rejoinder_core::random::splitmix::{GAMMA, mix};
use rejoinder_core::{Category, RecordId};
use rejoinder_run::RunDir;
use rejoinder_run::judging;
use rejoinder_scan::Scan;

use super::{InputRoot, Threads, find_input, print};
use crate::failure::{Exit, Failure};
use crate::report::dialogue::{Outcome, render};

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

impl ShowArgs {
    fn wants(&self, outcome: Outcome) -> bool {
        let all = !(self.accepted || self.rejected || self.undecided || self.judged);
        let kind = match outcome {
            Outcome::Accepted(_) => self.accepted,
            Outcome::Rejected => self.rejected,
            Outcome::Undecided => self.undecided,
            Outcome::Judged(_) => self.judged,
        };
        (all || kind) && self.category.is_none_or(|c| outcome.category() == Some(c))
    }
}

pub(super) fn main(args: &ShowArgs) -> Result<Exit, Failure> {
    let run = find_input(&args.input, RunDir::open(&args.run)?)?;
    let engine = run.engine()?;
    let judged = judging::judged(&run)?;
    // The turns with the smallest draws are an even sample, whatever the order they come in.
    let mut drawn: Vec<(u64, RecordId, String)> = Vec::new();
    let mut fitting = 0_u64;
    let asked_before = run.asked()?;
    let scan = Scan {
        asked_before: Some(&asked_before),
        ..Scan::of(&engine, &run.manifest.inputs, args.threads.get())
    };
    scan.run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let mut fit: Vec<(u64, RecordId, String)> = Vec::new();
            let mut count = 0;
            for conversation in &scanned.conversations {
                for turn in scanned.turns(conversation) {
                    let id = conversation.id(turn);
                    let outcome = Outcome::new(turn.decision(), judged.get(&id));
                    if args.wants(outcome) {
                        count += 1;
                        fit.push((draw(args.seed, id), id, String::new()));
                    }
                }
            }
            keep_smallest(&mut fit, args.sample.get());
            for conversation in &scanned.conversations {
                for turn in scanned.turns(conversation) {
                    let id = conversation.id(turn);
                    if let Some(entry) = fit.iter_mut().find(|(_, i, _)| *i == id) {
                        let outcome = Outcome::new(turn.decision(), judged.get(&id));
                        entry.2 = render(worker.engine, &scanned, conversation, turn, outcome);
                    }
                }
            }
            Ok::<_, Failure>((count, fit))
        },
        |(count, fit)| {
            fitting += count;
            drawn.extend(fit);
            keep_smallest(&mut drawn, args.sample.get());
            Ok(())
        },
    )?;
    drawn.sort_by_key(|&(_, id, _)| id);
    for (_, _, text) in &drawn {
        print(&format!("{text}\n"))?;
    }
    print(&format!("{} of {fitting} turns\n", drawn.len()))?;
    Ok(Exit::Ok)
}

fn keep_smallest(drawn: &mut Vec<(u64, RecordId, String)>, count: usize) {
    drawn.sort_by_key(|&(draw, id, _)| (draw, id));
    drawn.truncate(count);
}

/// A number that looks random and depends on seed and id alone.
fn draw(seed: u64, id: RecordId) -> u64 {
    let fields = [seed, u64::from(id.shard), id.ordinal, u64::from(id.message_index)];
    fields.into_iter().fold(GAMMA, |z, field| mix(z.wrapping_add(GAMMA) ^ field))
}

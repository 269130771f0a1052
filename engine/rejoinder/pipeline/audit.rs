//! The audit of a finished run: a uniform sample of the turns that the judge was not asked about is drawn, kept, asked about,
//! and counted into a certificate. It looks at what came out, not at how, so it notices whatever went wrong before.

use std::num::NonZeroUsize;

use rejoinder_cascade::Decision;
use rejoinder_cascade::audit::certify;
use rejoinder_cascade::certificate::Certificate;
use rejoinder_cascade::tally::{Audited, Tally};
use rejoinder_core::{Category, Purpose};
use rejoinder_ledger::part;
use rejoinder_read::Position;
use serde::{Deserialize, Serialize};

use crate::failure::{Exit, Failure};
use crate::pipeline::draw::{DrawnTurn, Lowest, hash};
use crate::pipeline::engine::Engine;
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::worker::ScannedTurn;
use crate::pipeline::{flow, judging};

/// How many turns are drawn, and by which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// Of the rejected turns.
    pub rejected: usize,
    /// Of the accepted turns.
    pub accepted: usize,
    /// The turns drawn are those with the lowest hashes under it.
    pub seed: u64,
}

impl Draw {
    /// As many of each as a certificate of a few per cent takes.
    pub const fn new(seed: u64) -> Self {
        Self { rejected: 300, accepted: 100, seed }
    }

    /// As much as a run that audits itself spends on it, by the number of its later turns.
    pub fn fitting(turns: u64, seed: u64) -> Self {
        Self { rejected: (turns / 20).clamp(100, 600) as usize, accepted: 60, seed }
    }
}

/// A turn that was drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// The turn.
    pub turn: DrawnTurn,
    /// What it was accepted as; `None` if it was rejected.
    pub accepted: Option<Category>,
}

/// A draw and what came of it, as it lies in the run's folder: the answers must not decide what is drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// How it was drawn.
    pub draw: Draw,
    /// The turns, in input order.
    pub turns: Vec<Drawn>,
}

const FILE: &str = "audit.json";

impl Sample {
    /// The sample of an earlier audit of the run, if there was one.
    ///
    /// # Errors
    /// If its file cannot be read.
    pub fn of(run: &RunDir) -> Result<Option<Self>, Failure> {
        let file = run.path.join(FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Failure::io(format!("cannot read {}", file.display()), &e)),
        };
        let sample = serde_json::from_str(&text);
        sample.map(Some).map_err(|e| Failure::new(Exit::Io, format!("{}: {e}", file.display())))
    }

    /// The turns as an oracle is asked about them.
    pub fn drawn(&self) -> Vec<&DrawnTurn> {
        self.turns.iter().map(|drawn| &drawn.turn).collect()
    }

    /// Draws from a finished run, uniformly and without replacement, and keeps the draw.
    ///
    /// # Errors
    /// If input, rules or plugins are not what they were, or the run's folder cannot be written.
    pub fn draw(run: &RunDir, threads: NonZeroUsize, draw: Draw) -> Result<Self, Failure> {
        let engine = run.engine()?;
        let stats = run.scan_stats()?;
        let parts = [(draw.rejected, stats.passed_over()), (draw.accepted, stats.accepted.total())];
        let mut lowest = parts.map(|(most, of)| Lowest::new(most, of));
        let mut turns = drawn(run, &engine, threads, draw.seed, &mut lowest)?;
        if lowest.iter().any(Lowest::is_short) {
            lowest = parts.map(|(most, _)| Lowest::new(most, 0));
            turns = drawn(run, &engine, threads, draw.seed, &mut lowest)?;
        }
        let sample = Self { draw, turns };
        let json = serde_json::to_vec(&sample).expect("a sample is plain data");
        part::write(&run.path.join(FILE), &json)?;
        Ok(sample)
    }

    /// Counts the run and its sample into a certificate; `answers` are those to the sample's turns, in their order, `None`
    /// where one says nothing.
    ///
    /// # Errors
    /// If the run cannot be read, or the confidence is none.
    pub fn certify(
        &self,
        run: &RunDir,
        purpose: Purpose,
        confidence: f64,
        answers: &[Option<Option<Category>>],
    ) -> Result<Certificate, Failure> {
        let stats = run.scan_stats()?;
        let judged = judging::judged(run)?;
        let categories: Vec<Category> = purpose.categories().collect();
        let mut tally = Tally::new(&categories);
        judged.values().for_each(|found| tally.judged(*found));
        (judged.len() as u64..stats.undecided).for_each(|_| tally.undecided(Audited::NotDrawn));
        let mut accepted = Category::ALL.map(|category| stats.accepted.get(category));
        let mut rejected = stats.passed_over();
        for (turn, answer) in self.turns.iter().zip(answers) {
            let audited = match answer {
                None => Audited::Unreadable,
                Some(None) => Audited::Nothing,
                Some(Some(category)) => Audited::Feedback(*category),
            };
            match turn.accepted {
                Some(category) => {
                    accepted[category.index()] -= 1;
                    tally.accepted(category, audited);
                }
                None => {
                    rejected -= 1;
                    tally.rejected(audited);
                }
            }
        }
        for category in Category::ALL {
            (0..accepted[category.index()]).for_each(|_| tally.accepted(category, Audited::NotDrawn));
        }
        (0..rejected).for_each(|_| tally.rejected(Audited::NotDrawn));
        Ok(certify(&tally.claims(), 1.0 - confidence, false)?)
    }
}

/// Scans the run's input once more and keeps the lowest of the rejected and of the accepted turns, in input order.
fn drawn(
    run: &RunDir,
    engine: &Engine,
    threads: NonZeroUsize,
    seed: u64,
    lowest: &mut [Lowest<Drawn>; 2],
) -> Result<Vec<Drawn>, Failure> {
    let bounds = [lowest[0].bound(), lowest[1].bound()];
    flow::run(
        engine,
        &run.manifest.inputs,
        Position::default(),
        threads,
        |worker, chunk| {
            let scanned = worker.process(chunk)?;
            let mut kept: [Vec<(u64, Drawn)>; 2] = Default::default();
            for conversation in &scanned.conversations {
                for turn in scanned.turns(conversation) {
                    let Some(kind) = kind(turn) else { continue };
                    let hash = hash(seed, conversation.id(turn));
                    if !bounds[kind].admits(hash) {
                        continue;
                    }
                    let accepted = match turn.decision {
                        Decision::Accepted(category) => Some(category),
                        _ => None,
                    };
                    let turn = DrawnTurn::of(worker.engine, &scanned, conversation, turn);
                    kept[kind].push((hash, Drawn { turn, accepted }));
                }
            }
            Ok(kept)
        },
        |kept| {
            lowest.iter_mut().zip(kept).for_each(|(lowest, kept)| lowest.add(kept));
            Ok(())
        },
    )?;
    let mut turns: Vec<Drawn> = lowest.iter().flat_map(|lowest| lowest.found().cloned()).collect();
    turns.sort_by_key(|drawn| drawn.turn.row.question.id);
    Ok(turns)
}

/// Which of the lowest a turn belongs to.
fn kind(turn: &ScannedTurn) -> Option<usize> {
    match turn.decision {
        Decision::Rejected => Some(0),
        Decision::Accepted(_) => Some(1),
        Decision::Undecided => None,
    }
}

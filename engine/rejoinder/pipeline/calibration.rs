//! Calibration: a uniform sample of a corpus's later turns, and the scores of all of them, from which the cuts follow.

use std::num::NonZeroUsize;

use rejoinder_cascade::Decision;
use rejoinder_core::{Category, Purpose};
use rejoinder_data::{InputFile, Position};

use crate::failure::Failure;
use crate::pipeline::cuts::{Judged, Wanted, is_open};
use crate::pipeline::draw::{DrawnTurn, Lowest, hash};
use crate::pipeline::engine::Engine;
use crate::pipeline::flow;

/// A turn of the sample.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The turn.
    pub turn: DrawnTurn,
    /// How it stands before he answers.
    before: Judged,
}

impl Drawn {
    /// The turn with the judge's answer; one that says nothing (`None`) may be a positive that the score puts last.
    fn judged(&self, answer: Option<Option<Category>>, purpose: Purpose) -> Judged {
        match answer {
            Some(label) => Judged { label, ..self.before },
            None => {
                let label = purpose.categories().next();
                Judged { label, standing: f64::NEG_INFINITY, ..self.before }
            }
        }
    }
}

/// A corpus as a calibration sees it.
#[derive(Clone, Debug, Default)]
pub struct Scored {
    /// The sample, in input order.
    pub sample: Vec<Drawn>,
    /// Later turns.
    pub turns: u64,
    /// Those that rules and votes leave open: their scores.
    pub open: Vec<f64>,
    /// Sampled turns of conversations that the score was trained on: where there are any, no cut found promises anything.
    pub trained_on: u64,
    /// Those about which rules and votes contradict each other: always asked.
    pub contradictory: u64,
}

/// Scores all later turns of a corpus and draws `most` of them by `seed`.
///
/// # Errors
/// If reading fails, or no plugin gives a turn's probabilities.
pub fn score(
    engine: &Engine,
    files: &[InputFile],
    threads: NonZeroUsize,
    wanted: &Wanted,
    most: usize,
    seed: u64,
) -> Result<Scored, Failure> {
    let taught = engine.taught()?;
    let mut scored = Scored::default();
    let mut lowest = Lowest::new(most, 0);
    let bound = lowest.bound();
    flow::run(
        engine,
        files,
        Position::default(),
        threads,
        |worker, chunk| {
            let scanned = worker.process(chunk)?;
            let mut found = Found::default();
            for conversation in &scanned.conversations {
                for turn in scanned.turns(conversation) {
                    let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
                    let (score, likeliest) = worker.engine.score(votes).ok_or_else(no_score)?;
                    let ground = worker.engine.settle(hits, votes, None);
                    let standing = wanted.standing(ground, score);
                    let before = Judged { standing, is_open: is_open(ground), likeliest, label: None };
                    found.turns += 1;
                    match ground.decision() {
                        _ if before.is_open => found.open.push(standing),
                        Decision::Undecided => found.contradictory += 1,
                        _ => {}
                    }
                    let hash = hash(seed, conversation.id(turn));
                    if bound.admits(hash) {
                        let is_known = taught.holds(&conversation.record.conversation);
                        let turn = DrawnTurn::of(worker.engine, &scanned, conversation, turn);
                        found.drawn.push((hash, (Drawn { turn, before }, is_known)));
                    }
                }
            }
            Ok(found)
        },
        |found| {
            scored.turns += found.turns;
            scored.contradictory += found.contradictory;
            scored.open.extend(found.open);
            lowest.add(found.drawn);
            Ok(())
        },
    )?;
    scored.trained_on = lowest.found().filter(|(_, is_known)| *is_known).count() as u64;
    scored.sample = lowest.found().map(|(drawn, _)| drawn.clone()).collect();
    scored.sample.sort_by_key(|drawn| drawn.turn.row.question.id);
    Ok(scored)
}

/// What a chunk adds.
#[derive(Default)]
struct Found {
    turns: u64,
    open: Vec<f64>,
    contradictory: u64,
    drawn: Vec<(u64, (Drawn, bool))>,
}

impl Scored {
    /// The sample as an oracle is asked about it.
    pub fn drawn(&self) -> Vec<&DrawnTurn> {
        self.sample.iter().map(|drawn| &drawn.turn).collect()
    }

    /// How many turns would be asked about with these cuts; without one from below, every turn.
    pub fn asked(&self, reject_below: Option<f64>, accept_at: Option<f64>) -> u64 {
        let Some(below) = reject_below else { return self.turns };
        let is_asked = |score: &&f64| **score >= below && accept_at.is_none_or(|at| **score < at);
        self.open.iter().filter(is_asked).count() as u64 + self.contradictory
    }

    /// The sample with the judge's answers, in their order.
    pub fn judged(&self, answers: &[Option<Option<Category>>], purpose: Purpose) -> Vec<Judged> {
        self.sample.iter().zip(answers).map(|(drawn, answer)| drawn.judged(*answer, purpose)).collect()
    }

    /// Refuses a sample that the score has seen.
    ///
    /// # Errors
    /// If it has.
    pub fn check(&self) -> Result<(), Failure> {
        match self.trained_on {
            0 => Ok(()),
            known => Err(Failure::invalid(format!(
                "{known} of the {} sampled turns are of conversations that the score was trained on: no cut found by them holds \
                 for others. Use another model ([[plugin]] name = \"scorer\", config = {{ model = … }}), or another corpus",
                self.sample.len()
            ))),
        }
    }
}

/// That there is no score to calibrate.
pub fn no_score() -> Failure {
    Failure::invalid("no plugin gave probabilities; name one that does, such as [[plugin]] name = \"scorer\"")
}

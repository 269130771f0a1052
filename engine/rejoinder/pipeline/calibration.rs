//! Calibration: a uniform sample of a corpus's later turns, and the scores of all of them, from which the cuts follow.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use rejoinder_cascade::Decision;
use rejoinder_core::{Category, Purpose, RecordId};
use rejoinder_read::{InputFile, Position};
use rejoinder_score::{Example, Scratch};

use crate::failure::Failure;
use crate::pipeline::cuts::{Judged, Wanted, is_open};
use crate::pipeline::draw::{DrawnTurn, Lowest, hash};
use crate::pipeline::engine::{Engine, Taught};
use crate::pipeline::flow;
use crate::pipeline::spread::Spreads;
use crate::pipeline::watch::Watch;

/// A turn of the sample.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The turn.
    pub turn: DrawnTurn,
    /// How it stands before it answers.
    before: Judged,
    /// What a score can learn from it, where it is one of this engine's.
    pub example: Option<Example>,
}

/// Of which turns a corpus is taken to consist, and from which of them is drawn.
#[derive(Clone, Copy)]
pub struct Among<'a> {
    /// Turns that do not count any more.
    pub asked: &'a HashSet<RecordId>,
    /// With a score, only open turns from it on are drawn.
    pub from: Option<f64>,
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
    /// What the score says of all open turns, those that do not count any more among them.
    pub spreads: Spreads,
}

/// A corpus, and who looks at it.
#[derive(Clone, Copy)]
pub struct Corpus<'a> {
    /// Gives each turn its score.
    pub engine: &'a Engine,
    /// The input.
    pub files: &'a [InputFile],
    /// How many threads work.
    pub threads: NonZeroUsize,
    /// What it is scored for.
    pub wanted: &'a Wanted,
    /// The model that the score is, or goes on from.
    pub taught: &'a Taught,
    /// Who may say stop.
    pub watch: &'a Watch,
}

impl Corpus<'_> {
    /// Scores all later turns that count and draws `most` of them by `seed`.
    ///
    /// # Errors
    /// If reading fails, no plugin gives a turn's probabilities, or the watch says stop.
    pub fn score(&self, among: Among<'_>, most: usize, seed: u64) -> Result<Scored, Failure> {
        let Self { engine, files, threads, wanted, taught, watch } = *self;
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
                let mut scratch = Scratch::default();
                for conversation in &scanned.conversations {
                    scratch.begin();
                    for turn in scanned.turns(conversation) {
                        let id = conversation.id(turn);
                        let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
                        let (score, likeliest) = worker.engine.score(votes).ok_or_else(no_score)?;
                        let ground = worker.engine.settle(hits, votes, None);
                        if let Some(probabilities) = Engine::probabilities(votes).filter(|_| is_open(ground))
                        {
                            found.spreads.count(probabilities);
                        }
                        if among.asked.contains(&id) {
                            continue;
                        }
                        let standing = wanted.standing(ground, score);
                        let before = Judged { standing, is_open: is_open(ground), likeliest, label: None };
                        found.turns += 1;
                        match ground.decision() {
                            _ if before.is_open => found.open.push(standing),
                            Decision::Undecided => found.contradictory += 1,
                            _ => {}
                        }
                        let hash = hash(seed, id);
                        let is_eligible = among.from.is_none_or(|from| before.is_open && standing >= from);
                        if most > 0 && is_eligible && bound.admits(hash) {
                            let is_known = taught.holds(&conversation.record.conversation);
                            let example =
                                taught.example(worker.engine, &mut scratch, &scanned, conversation, turn);
                            let turn = DrawnTurn::of(worker.engine, &scanned, conversation, turn);
                            found.drawn.push((hash, (Drawn { turn, before, example }, is_known)));
                        }
                    }
                }
                Ok(found)
            },
            |found| {
                watch.check()?;
                scored.turns += found.turns;
                scored.contradictory += found.contradictory;
                scored.open.extend(found.open);
                scored.spreads += &found.spreads;
                lowest.add(found.drawn);
                Ok(())
            },
        )?;
        scored.trained_on = lowest.found().filter(|(_, is_known)| *is_known).count() as u64;
        scored.sample = lowest.found().map(|(drawn, _)| drawn.clone()).collect();
        scored.sample.sort_by_key(|drawn| drawn.turn.row.question.id);
        Ok(scored)
    }
}

/// What a chunk adds.
#[derive(Default)]
struct Found {
    turns: u64,
    open: Vec<f64>,
    contradictory: u64,
    spreads: Spreads,
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

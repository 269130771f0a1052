//! A corpus whose later turns a score ranks: a uniform sample of them, and the scores of all, from which cuts follow.

use std::collections::HashSet;

use rejoinder_cascade::{Decision, DecisionReason};
use rejoinder_core::{Answer, Category, Purpose, RecordId};
use rejoinder_score::{Example, Model};

use super::draw::DrawnTurn;
use super::spread::Spreads;
use super::target::{JudgedTurn, is_open};
use crate::error::RunError;

/// A corpus whose later turns a score ranks.
pub trait Corpus {
    /// Scores all later turns of `scope` and draws `most` of them, those with the lowest hashes under `seed`.
    ///
    /// # Errors
    /// If the corpus cannot be read, or no score is there.
    fn sample(&self, scope: Scope<'_>, most: usize, seed: u64) -> Result<ScoredSample, RunError>;

    /// The model that the score began as; none where the score cannot learn.
    fn base_model(&self) -> Option<&Model>;

    /// Hash of the rules in force.
    fn rules_hash(&self) -> &str;

    /// Puts a model that has learned in the score's place.
    ///
    /// # Errors
    /// If the model cannot be kept.
    fn adopt(&mut self, model: &Model) -> Result<(), RunError>;
}

/// Which turns a corpus is taken to consist of, and which of these are drawn from.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Turns that do not count any more.
    pub asked: &'a HashSet<RecordId>,
    /// With a score, only open turns from it on are drawn.
    pub from: Option<f64>,
}

/// A turn of a sample.
#[derive(Clone, Debug)]
pub struct SampledTurn {
    /// The turn.
    pub turn: DrawnTurn,
    /// How it stands, before anybody has answered.
    pub before: JudgedTurn,
    /// What a score can learn from it, where the score can learn.
    pub example: Option<Example>,
}

impl SampledTurn {
    /// The turn with the oracle's answer. One of which nothing is known may be a positive that the score puts last.
    fn judged(&self, answer: Answer, purpose: Purpose) -> JudgedTurn {
        match answer {
            Answer::Feedback(_) | Answer::NoFeedback => {
                JudgedTurn { label: answer.category(), ..self.before }
            }
            Answer::Unknown => {
                let label = purpose.categories().next();
                JudgedTurn { label, standing: f64::NEG_INFINITY, ..self.before }
            }
        }
    }
}

/// A sample, and what the score says of all turns that it was drawn from.
#[derive(Clone, Debug, Default)]
pub struct ScoredSample {
    /// The sample, in input order.
    pub turns: Vec<SampledTurn>,
    /// Number of later turns that count.
    pub population: u64,
    /// Those that rules and votes leave open: their scores.
    pub open: Vec<f64>,
    /// Sampled turns of conversations that the score was trained on: where there are any, no cut found promises anything.
    pub trained_on: u64,
    /// Number of turns about which rules and votes contradict each other: always asked.
    pub contradictory: u64,
    /// What the score says of all open turns, those that do not count any more among them.
    pub spreads: Spreads,
}

impl ScoredSample {
    /// Counts a turn: why it is decided as it is, before any cut, and where it stands.
    pub(super) fn count(&mut self, ground: DecisionReason, standing: f64) {
        self.population += 1;
        match ground.decision() {
            _ if is_open(ground) => self.open.push(standing),
            Decision::Undecided => self.contradictory += 1,
            _ => {}
        }
    }

    /// Adds the counts of turns that come after.
    pub(super) fn add_counts(&mut self, other: Self) {
        self.population += other.population;
        self.contradictory += other.contradictory;
        self.open.extend(other.open);
        self.spreads += &other.spreads;
    }

    /// The sample as an oracle is asked about it.
    pub fn drawn(&self) -> Vec<&DrawnTurn> {
        self.turns.iter().map(|sampled| &sampled.turn).collect()
    }

    /// How many turns would be asked about with these cuts; without one from below, every turn.
    pub fn asked(&self, reject_below: Option<f64>, accept_at: Option<f64>) -> u64 {
        let Some(below) = reject_below else { return self.population };
        let is_asked = |score: &&f64| **score >= below && accept_at.is_none_or(|at| **score < at);
        self.open.iter().filter(is_asked).count() as u64 + self.contradictory
    }

    /// The sample with an oracle's answers, in their order.
    pub fn judged(&self, answers: &[Answer], purpose: Purpose) -> Vec<JudgedTurn> {
        self.turns.iter().zip(answers).map(|(sampled, answer)| sampled.judged(*answer, purpose)).collect()
    }

    /// Refuses a sample that the score has seen.
    ///
    /// # Errors
    /// If it has.
    pub fn check(&self) -> Result<(), RunError> {
        match self.trained_on {
            0 => Ok(()),
            known => Err(RunError::SampleTrainedOn(known, self.turns.len())),
        }
    }
}

/// A turn as a score finds it.
pub(super) fn before(ground: DecisionReason, standing: f64, likeliest: Category) -> JudgedTurn {
    JudgedTurn { standing, is_open: is_open(ground), likeliest, label: None }
}

//! A corpus whose later turns a score ranks: a uniform sample of them, and the scores of all, from which cuts follow.

use std::collections::HashSet;

use rejoinder_cascade::{Decision, DecisionReason};
use rejoinder_core::{Answer, Category, Purpose, RecordId};
use rejoinder_score::{Example, Model};

use super::draw::DrawnTurn;
use super::histogram::PurposeHistograms;
use super::target::{JudgedTurn, is_open};
use crate::error::RunError;

/// A corpus whose later turns a score ranks.
pub trait Corpus {
    /// Scores all later turns of `scope`, and draws the `most` turns with the lowest hashes under `seed`.
    ///
    /// # Errors
    /// If the corpus cannot be read, or there is no score.
    fn sample(&self, scope: SampleScope<'_>, most: usize, seed: u64) -> Result<ScoredSample, RunError>;

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

/// Which turns of a corpus count, and from which turns a sample is drawn.
#[derive(Clone, Copy)]
pub struct SampleScope<'a> {
    /// Turns that do not count any more: an oracle was asked about these.
    pub asked: &'a HashSet<RecordId>,
    /// The turns that are drawn from.
    pub among: DrawScope,
}

/// The turns that a sample is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DrawScope {
    /// All turns.
    All,
    /// Turns that rules and votes leave open, with this score or a higher one.
    OpenFrom(f64),
    /// The turns that are asked about with this cut: open ones from it on, and turns about which rules and votes contradict
    /// each other.
    AskedFrom(f64),
    /// The turns that are rejected with this cut: open ones below it, and turns that rules and votes reject.
    RejectedBelow(f64),
    /// Turns that rules and votes accept, as whatever category.
    Accepted,
}

impl DrawScope {
    /// Whether a turn belongs to the turns that are drawn from, by its decision before any cut and by its standing.
    pub(super) fn holds(self, ground: DecisionReason, standing: f64) -> bool {
        let decision = ground.decision();
        match self {
            Self::All => true,
            Self::OpenFrom(from) => is_open(ground) && standing >= from,
            Self::AskedFrom(from) if is_open(ground) => standing >= from,
            Self::AskedFrom(_) => decision == Decision::Undecided,
            Self::RejectedBelow(below) if is_open(ground) => standing < below,
            Self::RejectedBelow(_) => decision == Decision::Rejected,
            Self::Accepted => !is_open(ground) && matches!(decision, Decision::Accepted(_)),
        }
    }
}

/// A turn of a sample.
#[derive(Clone, Debug)]
pub struct SampledTurn {
    /// The turn.
    pub turn: DrawnTurn,
    /// What rules and votes alone make of the turn.
    pub ground: DecisionReason,
    /// How the turn stands before anybody has answered.
    pub before: JudgedTurn,
    /// What a score can learn from the turn, where the score can learn.
    pub example: Option<Example>,
}

impl SampledTurn {
    /// The turn with the oracle's answer. A turn without an answer may be a positive that the score puts last.
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

/// A sample, and what the score says of all turns that the sample was drawn from.
#[derive(Clone, Debug, Default)]
pub struct ScoredSample {
    /// The sample, in input order.
    pub turns: Vec<SampledTurn>,
    /// The number of conversations with later turns, also with turns that do not count any more.
    pub conversations: u64,
    /// The number of later turns that count.
    pub population: u64,
    /// The scores of the turns that rules and votes leave open.
    pub open: Vec<f64>,
    /// Sampled turns of conversations that the score was trained on: with such turns no cut promises anything.
    pub trained_on: u64,
    /// The number of turns about which rules and votes contradict each other: these are always asked about.
    pub contradictory: u64,
    /// The numbers of turns that rules and votes accept, by category in the order of [`Category::ALL`].
    pub accepted: [u64; 5],
    /// The probabilities of all open turns, also of turns that do not count any more.
    pub histograms: PurposeHistograms,
}

impl ScoredSample {
    /// Counts a turn by the reason of its decision before any cut, and by its standing.
    pub(super) fn count(&mut self, ground: DecisionReason, standing: f64) {
        self.population += 1;
        match ground.decision() {
            _ if is_open(ground) => self.open.push(standing),
            Decision::Undecided => self.contradictory += 1,
            Decision::Accepted(category) => self.accepted[category.index()] += 1,
            Decision::Rejected => {}
        }
    }

    /// Adds the counts of turns that come after.
    pub(crate) fn add_counts(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.population += other.population;
        self.contradictory += other.contradictory;
        self.accepted.iter_mut().zip(other.accepted).for_each(|(all, more)| *all += more);
        self.open.extend(other.open);
        self.histograms += &other.histograms;
    }

    /// Puts the drawn turns in, each with whether the score was trained on the conversation of the turn.
    pub(crate) fn put_drawn<'t>(&mut self, drawn: impl Iterator<Item = &'t (SampledTurn, bool)>) {
        (self.turns, self.trained_on) = (Vec::new(), 0);
        for (sampled, is_known) in drawn {
            self.turns.push(sampled.clone());
            self.trained_on += u64::from(*is_known);
        }
        self.turns.sort_by_key(|sampled| sampled.turn.row.question.id);
    }

    /// The sample as an oracle is asked about it.
    pub fn drawn(&self) -> Vec<&DrawnTurn> {
        self.turns.iter().map(|sampled| &sampled.turn).collect()
    }

    /// How many turns would be asked about with these cuts; without a lower cut, every turn.
    pub fn asked(&self, reject_below: Option<f64>, accept_at: Option<f64>) -> u64 {
        let Some(below) = reject_below else { return self.population };
        let is_asked = |score: &&f64| **score >= below && accept_at.is_none_or(|at| **score < at);
        self.open.iter().filter(is_asked).count() as u64 + self.contradictory
    }

    /// The sample with an oracle's answers, which stand in the order of the sample.
    pub fn judged(&self, answers: &[Answer], purpose: Purpose) -> Vec<JudgedTurn> {
        self.turns.iter().zip(answers).map(|(sampled, answer)| sampled.judged(*answer, purpose)).collect()
    }

    /// Refuses a sample with turns that the score was trained on.
    ///
    /// # Errors
    /// If there is such a turn.
    pub fn check(&self) -> Result<(), RunError> {
        match self.trained_on {
            0 => Ok(()),
            known => Err(RunError::SampleTrainedOn(known, self.turns.len())),
        }
    }
}

/// How a turn stands by a score, without a label.
pub(crate) fn before(ground: DecisionReason, standing: f64, likeliest: Category) -> JudgedTurn {
    let likeliest = if let Decision::Accepted(category) = ground.decision() { category } else { likeliest };
    JudgedTurn { standing, is_open: is_open(ground), likeliest, label: None }
}

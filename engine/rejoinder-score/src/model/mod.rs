//! The trained model: from features to calibrated probabilities.
//!
//! Log-odds of eight questions ([`crate::heads`]) come from two parts, each a forest of measured features and a linear model
//! of n-grams: one sees all but the rules' hits and the plugins' votes, one sees these, too. Two, because
//! rules are mostly tuned on the very turns that models are trained on and look better there than they are: half of
//! the weight stays with what does not know them. A line for each question makes log-odds into probabilities.

mod bytes;
mod file;
pub(crate) mod forest;
pub(crate) mod linear;
mod provenance;

pub use file::FileError;
pub use provenance::{HeadQuality, Origin, Provenance, Quality};

use std::collections::BTreeMap;

use forest::Forest;
use linear::Linear;
use rejoinder_core::Purpose;

use crate::features::{Buckets, Idf};
use crate::heads::{ANY, FIRST_CATEGORY, HEADS, PerHead, head};
use crate::profile::{Profile, Reference};

/// Weight of a part's n-grams beside its forest.
pub(crate) const LINEAR_SHARE: f32 = 0.6;

/// A trained model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(crate) idf: Idf,
    pub(crate) parts: Parts,
    /// By head: slope and intercept of the calibrated log-odds.
    pub(crate) calibration: [(f32, f32); HEADS],
    /// Sorted hashes of the conversations that it was trained on.
    pub(crate) trained_on: Vec<u64>,
    pub(crate) provenance: Provenance,
    pub(crate) quality: Quality,
    pub(crate) measured_on: Reference,
}

/// What gives log-odds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts {
    /// Does not see evidence.
    pub(crate) blind: Part,
    /// Sees all.
    pub(crate) informed: Part,
}

/// Trees and n-grams.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) forest: Forest,
    pub(crate) linear: Linear,
}

impl Part {
    pub(crate) fn eval(&self, dense: &[f32], buckets: &[u32]) -> PerHead {
        let (forest, linear) = (self.forest.eval(dense), self.linear.eval(buckets));
        std::array::from_fn(|k| forest[k] + LINEAR_SHARE * linear[k])
    }
}

impl Parts {
    pub(crate) fn eval(&self, dense: &[f32], buckets: Buckets<'_>) -> PerHead {
        let blind = self.blind.eval(dense, buckets.of_text());
        let informed = self.informed.eval(dense, buckets.all);
        std::array::from_fn(|k| (blind[k] + informed[k]) / 2.0)
    }
}

impl Model {
    /// Where it comes from.
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// How good it was on turns of conversations that it had not seen.
    pub const fn quality(&self) -> &Quality {
        &self.quality
    }

    /// Adds kinds of dialogue that it was measured on.
    pub fn add_measured(&mut self, kinds: BTreeMap<String, Profile>) {
        for (name, profile) in kinds {
            *self.measured_on.kinds.entry(name).or_default() += profile;
        }
    }

    /// How rare words are in what it was trained on.
    pub const fn idf(&self) -> &Idf {
        &self.idf
    }

    /// Whether labels of the conversation with this [`crate::conversation_hash`] went into it.
    pub fn was_trained_on(&self, conversation: u64) -> bool {
        self.trained_on.binary_search(&conversation).is_ok()
    }

    pub(crate) fn score(&self, dense: &[f32], buckets: Buckets<'_>) -> Score {
        Score::new(&self.parts.eval(dense, buckets), &self.calibration)
    }
}

/// What the model thinks of a turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    heads: PerHead,
}

impl Score {
    pub(crate) fn new(logits: &PerHead, calibration: &[(f32, f32); HEADS]) -> Self {
        Self { heads: std::array::from_fn(|k| sigmoid(calibration[k].0 * logits[k] + calibration[k].1)) }
    }

    pub(crate) const fn heads(&self) -> PerHead {
        self.heads
    }

    /// P(feedback).
    pub const fn feedback(&self) -> f32 {
        self.heads[ANY]
    }

    /// Probabilities of none, UR1, …, UR5; they sum to 1.
    pub fn probabilities(&self) -> [f32; 6] {
        let categories = &self.heads[FIRST_CATEGORY..FIRST_CATEGORY + 5];
        let sum = categories.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        let any = self.heads[ANY];
        let mut all = [1.0 - any; 6];
        for (probability, category) in all[1..].iter_mut().zip(categories) {
            *probability = any * (category / sum);
        }
        all
    }

    /// Probability of feedback that a purpose wants. Common purposes are asked of the model as such, since that ranks
    /// turns better than sums of categories do; others are sums.
    pub fn of(&self, purpose: Purpose) -> f32 {
        match head(purpose) {
            Some(head) => self.heads[head],
            None => purpose.probability(&self.probabilities()),
        }
    }
}

fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

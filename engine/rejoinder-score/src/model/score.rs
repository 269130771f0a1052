//! What a model says of one turn.

use rejoinder_core::Purpose;

use crate::heads::{ANY, FIRST_CATEGORY, HEADS, PerHead, head};

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

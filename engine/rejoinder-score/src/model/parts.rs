//! What gives log-odds: trees and n-grams, twice.

use super::forest::Forest;
use super::linear::Linear;
use crate::features::Buckets;
use crate::heads::PerHead;

/// Weight of a part's n-grams beside its forest.
pub(crate) const LINEAR_SHARE: f32 = 0.6;

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

//! Rejecting safely: from which score on must be asked, so that the recall wanted is kept with the confidence wanted.
//!
//! # What is promised
//!
//! A corpus holds K positives (units that the judge would call positive) with scores s₁ ≤ … ≤ s_K. A uniform sample without
//! replacement is judged; n of the positives are in it, with scores p₁ ≤ … ≤ p_n. Let
//!
//! k = max { j ≤ n(1−R) : P(Bin(n, 1−R) ≤ j−1) ≤ δ }
//!
//! and escalate every unit with score ≥ p_k (every unit, if there is no such j). Then with probability ≥ 1−δ over the draw
//! of the sample, at least R·K of the K positives have a score ≥ p_k.
//!
//! # Proof
//!
//! Condition on n. Given n, the sampled positives are a uniform subset of n out of the K: all samples are equally likely, and
//! those with the same n hold each n-subset equally often. With k = 0 all is escalated and nothing is missed. Otherwise let
//! D = ⌊(1−R)K⌋ + 1, the smallest number of misses that breaks the promise. The promise is broken exactly when at least D
//! positives have scores below p_k, that is when s_D < p_k, that is when fewer than k sampled positives have scores ≤ s_D.
//! Among them are all sampled ones of the D lowest (of units with equal scores, any order will do), H in number, so then
//! H ≤ k−1. H is hypergeometric: n drawn from K, D of them marked. As D/K > 1−R:
//!
//! P(H ≤ k−1) ≤ P(Bin(n, D/K) ≤ k−1) ≤ P(Bin(n, 1−R) ≤ k−1) ≤ δ.
//!
//! The first step: a hypergeometric variable is a sum of independent indicators (Vatutin and Mikhailov 1982), and for such a
//! sum with mean nπ the tail P(≤ c) is at most the binomial one for c ≤ nπ − 1 (Hoeffding 1956, theorem 4); here c = k−1 and
//! k ≤ n(1−R) < nD/K. The second: a binomial variable grows with its probability. The third is how k was chosen. This holds
//! for each n, so it holds without the condition. ∎
//!
//! # What follows from it
//!
//! * *Ties* are included: every unit as high as p_k is escalated, and the proof never breaks a tie in its favour.
//! * *The sample's size may depend on n*, as drawing on until there are enough positives does: the order of the draw says
//!   nothing about which positives come. It must not depend on their scores or on the k-th of them.
//! * *The score must be fixed before the sample is drawn*, and not be fitted to it; after rounds of training see
//!   [`crate::refits`].
//! * *Explicit rejects* are part of the corpus: their score is −∞. When p_k is −∞, no cut keeps the promise unless they are
//!   asked about too ([`Cut::Everything`]). Units accepted locally have the score +∞ (that they are right is for
//!   [`crate::accept`] and the audit).
//! * *The cut may spend the whole δ* if it is all that is made of the sample: nothing is accepted by its score. Where the
//!   same sample also says from which score on units are accepted unasked, each of the two gets δ/2; [`crate::accept`] has
//!   the proof.
//! * The sampled positives below p_k are found as well when their answers are kept. The promise does not count on them.

use crate::binomial;
use crate::error::{CascadeError, check_delta, check_part, check_scores, check_target};

/// Which units to ask about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// Every unit, also those that a rule rejected.
    Everything,
    /// Every unit with this score or a higher one.
    From(f64),
    /// No unit: what was found already is enough.
    Nothing,
}

impl Cut {
    /// Whether a unit with this score is to be asked about.
    pub fn escalates(self, score: f64) -> bool {
        match self {
            Self::Everything => true,
            Self::From(cut) => score >= cut,
            Self::Nothing => false,
        }
    }

    /// The cut at the `rank`-th smallest of `scores`; rank 0, or a score of −∞, spares nothing.
    pub(crate) fn at_rank(scores: &[f64], rank: u64) -> Self {
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        match rank.checked_sub(1).map(|i| sorted[i as usize]) {
            None | Some(f64::NEG_INFINITY) => Self::Everything,
            Some(score) => Self::From(score),
        }
    }
}

/// A cut and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Which units to ask about.
    pub cut: Cut,
    /// n, positives in the sample.
    pub positives: u64,
    /// k, the cut's rank among the sampled positives, from below; 0 when there are too few of them ([`positives_needed`] says
    /// how many are enough).
    pub rank: u64,
}

/// The cut that keeps recall ≥ `recall` with confidence 1 − `delta`; see the module for statement and proof.
///
/// `scores` are those of the positives in a uniform sample; their order does not matter.
///
/// # Errors
/// A score that is not a number; a recall outside (0, 1]; a delta outside (0, 1).
pub fn cut(scores: &[f64], recall: f64, delta: f64) -> Result<Threshold, CascadeError> {
    check_scores(scores.iter().copied())?;
    let positives = scores.len() as u64;
    let rank = rank(positives, recall, delta)?;
    Ok(Threshold { cut: Cut::at_rank(scores, rank), positives, rank })
}

/// k = max { j ≤ n(1−R) : P(Bin(n, 1−R) ≤ j−1) ≤ δ } for n sampled positives; 0 when there is no such j.
///
/// ```
/// use rejoinder_cascade::threshold::rank;
/// assert_eq!([58, 59, 345].map(|n| rank(n, 0.95, 0.05).unwrap()), [0, 1, 11]);
/// ```
///
/// # Errors
/// A recall outside (0, 1]; a delta outside (0, 1).
pub fn rank(positives: u64, recall: f64, delta: f64) -> Result<u64, CascadeError> {
    check_target("recall", recall)?;
    check_delta(delta)?;
    let miss = 1.0 - recall;
    let most = (positives as f64 * miss).floor() as u64;
    Ok(last(most, |k| binomial::at_most(k - 1, positives, miss) <= delta))
}

/// The last of 1 … `most` that `holds`, which holds up to some number and not beyond; 0 when it holds for none.
pub(crate) fn last(most: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if holds(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// The least number of sampled positives with which anything may be rejected: the smallest n with Rⁿ ≤ δ (and, for the
/// proof, n(1−R) ≥ 1). `None` when no number is enough, which is so for recall 1.
///
/// # Errors
/// A recall outside (0, 1]; a delta outside (0, 1).
pub fn positives_needed(recall: f64, delta: f64) -> Result<Option<u64>, CascadeError> {
    if rank(0, recall, delta)? > 0 || recall >= 1.0 {
        return Ok(None);
    }
    // Both conditions in closed form, then by the very test that decides, as the logarithms round.
    let start = (delta.ln() / recall.ln()).max(1.0 / (1.0 - recall)).floor() as u64;
    for n in start.saturating_sub(1).max(1).. {
        if rank(n, recall, delta)? > 0 {
            return Ok(Some(n));
        }
    }
    Ok(None)
}

/// How many labels hold at least `needed` positives with probability `chance`, if positives are as frequent as in the sample
/// so far (`positives` among `labelled`): the smallest n with P(Bin(n, positives/labelled) ≥ needed) ≥ chance. An estimate
/// for planning, no bound. `None` when the sample holds no positive to judge by.
///
/// # Errors
/// More positives than labels; a chance outside (0, 1).
pub fn labels_needed(
    needed: u64,
    positives: u64,
    labelled: u64,
    chance: f64,
) -> Result<Option<u64>, CascadeError> {
    check_part("positives", positives, labelled)?;
    if !(chance > 0.0 && chance < 1.0) {
        return Err(CascadeError::Share { name: "chance", value: chance });
    }
    if positives == 0 {
        return Ok(None);
    }
    let rate = positives as f64 / labelled as f64;
    let enough = |n: u64| binomial::at_least(needed, n, rate) >= chance;
    let mut high = needed.max(1);
    while !enough(high) {
        high *= 2;
    }
    Ok(Some(last(high, |n| !enough(n - 1)).max(needed)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_figures_of_the_design_come_out() {
        assert_eq!(positives_needed(0.95, 0.05), Ok(Some(59)));
        assert_eq!(positives_needed(0.9, 0.05), Ok(Some(29)));
        assert_eq!(positives_needed(1.0, 0.05), Ok(None));
        assert_eq!(rank(0, 0.95, 0.05), Ok(0));
        // A third of the sample is positive: about 3 · 59 labels, and some more to be fairly sure.
        let labels = labels_needed(59, 50, 150, 0.9).unwrap().unwrap();
        assert!((178..215).contains(&labels), "{labels}");
        assert_eq!(labels_needed(59, 0, 150, 0.9), Ok(None));
        assert_eq!(labels_needed(59, 4, 4, 0.9), Ok(Some(59)));
    }

    #[test]
    fn what_is_no_number_or_no_share_is_refused() {
        assert_eq!(cut(&[0.5, f64::NAN], 0.9, 0.05), Err(CascadeError::NotANumber { at: 1 }));
        assert_eq!(cut(&[], 0.0, 0.05), Err(CascadeError::Share { name: "recall", value: 0.0 }));
        assert!(cut(&[], f64::NAN, 0.05).is_err() && cut(&[], 0.9, 1.0).is_err());
        assert!(labels_needed(5, 3, 2, 0.9).is_err());
    }

    #[test]
    fn too_few_positives_and_hidden_ones_spare_nothing() {
        assert_eq!(cut(&[0.9; 58], 0.95, 0.05).unwrap().cut, Cut::Everything);
        assert_eq!(cut(&[0.9; 59], 0.95, 0.05).unwrap().cut, Cut::From(0.9));
        let mut scores = [0.9; 59];
        scores[30] = f64::NEG_INFINITY;
        assert_eq!(cut(&scores, 0.95, 0.05).unwrap().cut, Cut::Everything);
        assert!(Cut::From(0.9).escalates(0.9) && !Cut::From(0.9).escalates(0.89));
    }

    proptest! {
        #[test]
        fn rank_is_the_greatest_that_keeps_the_level(n in 1_u64..2_000, recall in 0.3_f64..0.999, delta in 0.001_f64..0.3) {
            let by_definition = (1..=(n as f64 * (1.0 - recall)) as u64)
                .take_while(|&j| binomial::at_most(j - 1, n, 1.0 - recall) <= delta)
                .last()
                .unwrap_or(0);
            prop_assert_eq!(rank(n, recall, delta), Ok(by_definition));
        }

        #[test]
        fn needed_positives_are_the_fewest(recall in 0.3_f64..0.999, delta in 0.001_f64..0.6) {
            let needed = positives_needed(recall, delta).unwrap().unwrap();
            prop_assert!(rank(needed, recall, delta).unwrap() >= 1);
            prop_assert!((1..needed).all(|n| rank(n, recall, delta) == Ok(0)));
        }
    }
}

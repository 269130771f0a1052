//! The recall promise after rounds of training: the last cut, for the units that were not asked yet.
//!
//! The loop asks, trains on the answers, re-scores, and asks on. No promise can rest on those answers: they were chosen by
//! earlier scores, and the present score was fitted to them. So after the last refit a fresh sample is drawn, uniformly
//! without replacement, from the units not yet asked, and the cut is made for these alone.
//!
//! # What is promised
//!
//! When the last refit is done, F positives have been found by asking, and N units are left, K of them positive (unknown). Draw
//! `sampled` of the N, judge them; n of them are positive, with scores p₁ ≤ … ≤ p_n. With δ = δ₁ + δ₂ let U = U(n) be the
//! upper bound of K at level δ₁ ([`hypergeometric::most`]), v(K) = ⌊(1−R)(F+K)⌋ the misses that F+K positives allow, and
//!
//! k = max { j ≤ n : P(Hyp(K, v(K)+j, n) ≤ j−1) ≤ δ₂ for every K from n to U },
//!
//! Hyp(K, D, n) being the number of marked ones among n drawn from K of which D are marked. Escalate the units left with score
//! ≥ p_k (all of them if there is no such j; none if U − n ≤ v(U)), keep the sample's answers. Then with probability ≥ 1−δ at
//! least R·(F+K) of all F+K positives are found: asked before, in the sample, or escalated.
//!
//! # Proof
//!
//! Condition on everything up to the last refit: every answer, every draw, every round's decision to go on. Then the units left,
//! their scores, K and F are fixed numbers, however they came about, and the sample is a uniform draw that depends on none of
//! them. So refits, and any rule for when to stop refitting, are harmless; what is needed is that nothing is refitted later.
//!
//! Given n too, the sampled positives are a uniform n-subset of the K, while U, and with it k, is a number, since both are
//! functions of n (and of F, N, `sampled`), not of scores. Suppose K ≤ U. Put the K positives in order of score, ties in any
//! order fixed beforehand, and let H be the sampled ones among the lowest D = v(K)+k. If H ≥ k, then p_k is no higher than the
//! D-th lowest score, so every positive below p_k is among the lowest D, of which at least k are sampled: the missed ones,
//! unsampled and below p_k, are at most D − k = v(K), which is allowed. So the promise breaks only if H ≤ k−1, and by the
//! choice of k that has probability ≤ δ₂, given any n with U(n) ≥ K. With k = 0 nothing is missed. With none escalated at most
//! K − n ≤ v(K) are missed: K − v(K) never falls as K grows, and at U it is at most n. Without the condition on n:
//! P(broken) ≤ P(U < K) + δ₂ ≤ δ₁ + δ₂ = δ. ∎
//!
//! The found positives thus lower what is owed on the rest ([`remaining_recall`]); that K is unknown is paid for by δ₁, and one
//! sample serves both steps because the bound of K looks at n only, the cut at scores only.
//!
//! # What must hold
//!
//! * Every unit left has a place in the draw, explicit rejects too (score −∞; a cut there is [`Cut::Everything`]). Units
//!   accepted locally have the score +∞ and count as found.
//! * The answers of the sample do not train a score that decides about units left. A further refit needs a further sample, and
//!   shares of δ for both.
//! * Drawing on until there are enough positives is allowed as for [`crate::threshold`] only with U computed for a fixed
//!   sample size; so the size is fixed beforehand here.

use crate::hypergeometric::{self, Draw};
use crate::refused::{Refused, check_delta, check_part, check_scores, check_target};
use crate::threshold::{Cut, last};

/// δ₁'s share of δ. The bound of K costs little (its δ enters by the logarithm), the cut's level is what saves calls.
const SHARE_FOR_COUNT: f64 = 0.1;

/// Above this many steps, [`rank`] bounds the allowed misses over stretches of K instead of looking at each.
const STEPS: u64 = 256;

/// Where the loop stands when the calibration sample is drawn; units are later turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// F, positives found by asking before.
    pub found: u64,
    /// N, units not asked before the draw.
    pub units: u64,
    /// How many of them are in the sample.
    pub sampled: u64,
}

/// The cut for the units left, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastCut {
    /// Which of the units left to ask about.
    pub cut: Cut,
    /// n, positives in the sample.
    pub positives: u64,
    /// k, the cut's rank among them from below; 0 where everything or nothing is escalated.
    pub rank: u64,
    /// U, upper bound of the positives left when the sample was drawn (those in it included).
    pub at_most: u64,
    /// The recall that is owed among that many.
    pub owed: f64,
}

/// The recall R′ that is owed among `positives` not asked yet, so that recall is R over them and `found` together:
/// R′ = max(0, 1 − (1−R)(F+K)/K). Grows with K; 0 without positives.
///
/// ```
/// // 300 found and at most 100 left: recall 0.9 allows 40 misses, all of them among the 100.
/// assert!((rejoinder_cascade::refits::remaining_recall(0.9, 300, 100) - 0.6).abs() < 1e-12);
/// ```
pub fn remaining_recall(recall: f64, found: u64, positives: u64) -> f64 {
    if positives == 0 {
        return 0.0;
    }
    (1.0 - (1.0 - recall) * (found + positives) as f64 / positives as f64).max(0.0)
}

/// The cut among the units left that makes recall ≥ `recall` over all units with confidence 1 − `delta`; see the module for
/// statement and proof. `scores` are those of the positives in the calibration sample.
///
/// # Errors
/// A score that is not a number; more positives than sampled, or sampled than units; a recall outside (0, 1]; a delta
/// outside (0, 1).
pub fn cut(scores: &[f64], left: Remainder, recall: f64, delta: f64) -> Result<LastCut, Refused> {
    check_scores(scores.iter().copied())?;
    check_target("recall", recall)?;
    check_delta(delta)?;
    let positives = scores.len() as u64;
    check_part("positives", positives, left.sampled)?;
    check_part("sampled", left.sampled, left.units)?;
    // Sampled whole, the positives left are known and cost no δ.
    let share = if left.sampled == left.units { 0.0 } else { SHARE_FOR_COUNT };
    let at_most = if share == 0.0 {
        positives
    } else {
        hypergeometric::most(positives, left.sampled, left.units, share * delta)
    };
    let owed = remaining_recall(recall, left.found, at_most);
    let made = |cut, rank| LastCut { cut, positives, rank, at_most, owed };
    if at_most - positives <= allowed(recall, left.found + at_most) {
        return Ok(made(Cut::Nothing, 0));
    }
    let rank = rank(positives, at_most, left.found, recall, (1.0 - share) * delta);
    Ok(made(Cut::at_rank(scores, rank), rank))
}

/// ⌊(1−R)·total⌋, the misses that a recall R of `total` positives allows. Rounded down where floats are in doubt.
fn allowed(recall: f64, total: u64) -> u64 {
    total.saturating_sub((recall * total as f64).ceil() as u64)
}

/// k of the module's statement, for n `positives` sampled and K ≤ `at_most`.
fn rank(positives: u64, at_most: u64, found: u64, recall: f64, delta: f64) -> u64 {
    let breaks = |k: u64, misses: u64, among: u64| {
        // All unsampled positives may be missed: nothing can break.
        if misses + k > among {
            return 0.0;
        }
        Draw { units: among, positives: misses + k, drawn: positives }.at_most(k - 1)
    };
    // On a stretch of K the fewest misses are allowed at its beginning, and with as many marked the fewest of them are drawn
    // at its end: together they bound the probability on all of it.
    let stretch = (at_most - positives).div_ceil(STEPS).max(1);
    let holds = |k: u64| {
        let mut end = at_most;
        loop {
            let begin = end.saturating_sub(stretch - 1).max(positives);
            if breaks(k, allowed(recall, found + begin), end) > delta {
                return false;
            }
            if begin == positives {
                return true;
            }
            end = begin - 1;
        }
    };
    last(positives, holds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::threshold;

    #[test]
    fn found_positives_lower_what_is_owed() {
        let scores: Vec<f64> = (0..60).map(f64::from).collect();
        let left = |found| Remainder { found, units: 4_000, sampled: 400 };
        let ranks = [0, 500, 1_000].map(|found| cut(&scores, left(found), 0.9, 0.05).unwrap().rank);
        assert!(ranks.is_sorted() && ranks[0] < ranks[2], "{ranks:?}");
        let enough = cut(&scores, left(20_000), 0.9, 0.05).unwrap();
        assert_eq!((enough.cut, enough.owed), (Cut::Nothing, 0.0));
    }

    #[test]
    fn a_remainder_sampled_whole_needs_no_cut() {
        let left = Remainder { found: 10, units: 50, sampled: 50 };
        let made = cut(&[0.1, 0.2], left, 0.95, 0.05).unwrap();
        assert_eq!((made.cut, made.at_most), (Cut::Nothing, 2));
    }

    #[test]
    fn contradictions_are_refused() {
        let left = Remainder { found: 0, units: 50, sampled: 1 };
        assert!(cut(&[0.1, 0.2], left, 0.95, 0.05).is_err());
        assert!(cut(&[f64::NAN], left, 0.95, 0.05).is_err());
        assert!(cut(&[0.1], Remainder { sampled: 51, ..left }, 0.95, 0.05).is_err());
    }

    proptest! {
        #[test]
        fn no_number_of_positives_left_breaks_the_level(n in 1_u64..80, more in 0_u64..900, found in 0_u64..900, recall in 0.5_f64..0.99) {
            let (most, delta) = (n + more, 0.05);
            let k = rank(n, most, found, recall, delta);
            let breaks = |k: u64, total: u64| {
                let misses = allowed(recall, found + total);
                if misses + k > total { 0.0 } else { Draw { units: total, positives: misses + k, drawn: n }.at_most(k - 1) }
            };
            prop_assert!(k == 0 || (n..=most).all(|total| breaks(k, total) <= delta));
            // Where each K is looked at, the next rank is one too many.
            prop_assert!(more > STEPS || k == n || (n..=most).any(|total| breaks(k + 1, total) > delta));
        }

        #[test]
        fn the_end_of_a_population_only_helps(n in 30_u64..200, more in 0_u64..5_000, recall in 0.8_f64..0.99) {
            let endless = threshold::rank(n, recall, 0.05).unwrap();
            prop_assert!(rank(n, n + more, 0, recall, 0.05) >= endless);
        }
    }
}

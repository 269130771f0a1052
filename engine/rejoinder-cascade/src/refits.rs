//! The recall promise after rounds of training: the last cut, for the units that were not asked yet.
//!
//! The loop asks, trains on the answers, re-scores, and asks on. No promise can rest on those answers: they were chosen by
//! earlier scores, and the present score was fitted to them. So after the last refit a fresh sample is drawn, uniformly
//! without replacement, from the units not yet asked, and the cut is made for these alone.
//!
//! # What is promised
//!
//! When the score is final, F positives have been found by asking, and N units are left, K of them positive (unknown). Draw
//! m of the N, judge them; n of them are positive, with scores p₁ ≤ … ≤ p_n. For every K that is possible (n ≤ K ≤ N − m + n) let
//!
//! * v(K) = ⌊(1−R)(F+K)⌋, the misses that F+K positives allow;
//! * u(K) = P(Hyp(N, K, m) ≤ n), how likely so few positives are in the sample;
//! * α(u) = min(1, c·u^(−1/3)), where c makes ∫₀¹ α(u) du = (3c − c³)/2 = δ;
//!
//! k = max { j ≤ n : P(Hyp(K, v(K)+j, n) ≤ j−1) ≤ α(u(K)) for every such K },
//!
//! Hyp(N, K, m) being the number of marked ones among m drawn from N, K of them marked. Escalate the units left with score
//! ≥ p_k (all if there is no such j; none if K − n ≤ v(K) for every K with α(u(K)) < 1), and keep the sample's answers. Then
//! with probability ≥ 1−δ at least R·(F+K) of all F+K positives are found: asked before, in the sample, or escalated.
//!
//! # Proof
//!
//! Condition on everything before the last sample: every answer, every draw, every refit, every round's decision to go on. Then
//! the units left, their scores, K, F and N are fixed numbers, however they came about, and the sample is a uniform draw that
//! depends on none of them. So refits, and any rule for when to refit and when to stop, are harmless; what is needed is that the
//! score is fixed before the sample is drawn.
//!
//! Given n too, the sampled positives are a uniform n-subset of the K, and k is a number: it looks at n, not at scores. Put the
//! K positives in order of score, ties in any order fixed beforehand, and let H be the sampled ones among the lowest
//! D = v(K)+k. If H ≥ k, then p_k is no higher than the D-th lowest score, so every positive below p_k is among the lowest D, of
//! which at least k are sampled: the missed ones, unsampled and below p_k, are at most D − k = v(K), which is allowed. So
//! P(broken | n) ≤ P(H ≤ k−1) ≤ α(u(K)), by the choice of k for the true K, whichever that is. With everything escalated
//! nothing is missed. With nothing escalated K − n are missed, which is allowed, unless α(u(K)) = 1.
//!
//! u(K) for the true K is a distribution function at its own variable, so P(u(K) ≤ t) ≤ t for every t; and α falls. Hence
//! P(broken) ≤ E α(u(K)) ≤ ∫₀¹ α(u) du = δ. ∎
//!
//! *A round without a refit* changes nothing in this. A refit may be impossible (all answers alike, or too few); that depends on the
//! answers, and so does every other decision of the rounds; the proof conditions on all of them. The former score stays
//! and is a fixed score as well, and the loop may go on asking by it, refit later, or never refit at all. What suffers is
//! how many units are escalated, not the promise. The score is not fixed, and the promise does not hold, if the sample's own answers
//! train the score that makes the cut.
//!
//! The found positives thus lower what is owed on the rest ([`remaining_recall`]), and the sample's own positives count. The
//! weight α pays for K being unknown: numbers of positives that the sample makes unlikely may break the promise more often. Any
//! falling weight would do. In trials with N from 1,000 to 20,000, u^(−1/3) put the cut a fifth or more higher (in rank) than
//! splitting δ between a bound of K and the cut did where much was found before, and within a seventh of it where nothing was.
//!
//! # What must hold
//!
//! * Every unit left has a place in the draw, explicit rejects too (score −∞; a cut there is [`Cut::Everything`]). Units
//!   accepted locally have the score +∞ and count as found.
//! * The answers of the sample do not train a score that decides about units left. A further refit needs a further sample, and
//!   shares of δ for both.
//! * The sample's size is fixed beforehand: u(K) supposes it, so unlike with [`crate::threshold`] one may not draw on until
//!   there are enough positives.

use std::ops::RangeInclusive;

use crate::error::{CascadeError, check_delta, check_part, check_scores, check_target};
use crate::hypergeometric::{self, Draw};
use crate::threshold::{Cut, last};

/// Into how many stretches the possible numbers of positives are divided at most, each judged by its worst corner.
const STRETCHES: u64 = 128;

/// Where the loop stands when the calibration sample is drawn; units are later turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// F, positives found by asking before.
    pub found: u64,
    /// N, units not asked before the draw.
    pub units: u64,
    /// m, the number of these units in the sample.
    pub sampled: u64,
}

/// The cut for the units left, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastCut {
    /// Which of the units left to ask about.
    pub cut: Cut,
    /// n, positives in the sample.
    pub positives: u64,
    /// k, the cut's rank among the sampled positives, from below; 0 where everything or nothing is escalated.
    pub rank: u64,
    /// The largest number of positives left, those in the sample included, that was reckoned with: the last with α(u) < 1.
    pub at_most: u64,
}

/// The recall R′ that is owed among `positives` not asked yet, so that recall is R over them and `found` together:
/// R′ = max(0, 1 − (1−R)(F+K)/K). Grows with K; 0 without positives.
///
/// ```
/// // 300 found and 100 left: recall 0.9 allows 40 misses, all of them among the 100.
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
pub fn cut(scores: &[f64], left: Remainder, recall: f64, delta: f64) -> Result<LastCut, CascadeError> {
    check_scores(scores.iter().copied())?;
    check_target("recall", recall)?;
    check_delta(delta)?;
    let positives = scores.len() as u64;
    check_part("positives", positives, left.sampled)?;
    check_part("sampled", left.sampled, left.units)?;
    let weight = Weight::new(delta);
    let at_most = hypergeometric::most(positives, left.sampled, left.units, weight.unweighed());
    let made = |cut, rank| LastCut { cut, positives, rank, at_most };
    // K − v(K) never falls as K grows, so the largest K decides.
    if at_most - positives <= allowed(recall, left.found + at_most) {
        return Ok(made(Cut::Nothing, 0));
    }
    let rank = rank(&stretches(positives, positives..=at_most, left, recall, weight), positives);
    Ok(made(Cut::at_rank(scores, rank), rank))
}

/// ⌊(1−R)·total⌋, the misses that a recall R of `total` positives allows. Rounded down where floats are in doubt.
fn allowed(recall: f64, total: u64) -> u64 {
    total.saturating_sub((recall * total as f64).ceil() as u64)
}

/// α, given by its c.
#[derive(Clone, Copy, Debug)]
struct Weight(f64);

impl Weight {
    /// The c in (0, 1) with (3c − c³)/2 = δ.
    fn new(delta: f64) -> Self {
        // 3c − c³ = 2 sin 3θ with c = 2 sin θ.
        Self(2.0 * (delta.asin() / 3.0).sin())
    }

    fn of(self, likely: f64) -> f64 {
        (self.0 / likely.cbrt()).min(1.0)
    }

    /// c³: up to this u the weight is 1.
    fn unweighed(self) -> f64 {
        self.0.powi(3)
    }
}

/// Some neighbouring K, by what is the worst case on all of them together.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// The last K: with as many marked, the fewest of them are drawn.
    positives: u64,
    /// v of the first K: the fewest misses are allowed there.
    misses: u64,
    /// α(u) of the first K, the smallest.
    level: f64,
}

impl Stretch {
    /// Whether a cut at rank k breaks the promise too often. Grows with k.
    fn refutes(self, k: u64, drawn: u64) -> bool {
        let lowest = self.misses + k;
        // With so many misses allowed all that were not sampled may be missed.
        lowest <= self.positives
            && Draw { units: self.positives, positives: lowest, drawn }.at_most(k - 1) > self.level
    }
}

/// All of `possible`, each K in one stretch, when n `positives` were sampled.
fn stretches(
    positives: u64,
    possible: RangeInclusive<u64>,
    left: Remainder,
    recall: f64,
    weight: Weight,
) -> Vec<Stretch> {
    let end = *possible.end();
    let step = (end - possible.start() + 1).div_ceil(STRETCHES);
    let stretch = |begin: u64| {
        let likely = Draw { units: left.units, positives: begin, drawn: left.sampled }.at_most(positives);
        let misses = allowed(recall, left.found + begin);
        Stretch { positives: end.min(begin + step - 1), misses, level: weight.of(likely) }
    };
    possible.step_by(step as usize).map(stretch).collect()
}

/// The highest rank among `drawn` positives that no stretch refutes.
fn rank(stretches: &[Stretch], drawn: u64) -> u64 {
    // From the greatest K on, which mostly decides: most others then need a single look.
    stretches.iter().rev().fold(drawn, |best, stretch| {
        let holds = |k| !stretch.refutes(k, drawn);
        if best == 0 || holds(best) { best } else { last(best, holds) }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn found_positives_lower_what_is_owed() {
        let scores: Vec<f64> = (0..60).map(f64::from).collect();
        let left = |found| Remainder { found, units: 4_000, sampled: 400 };
        let ranks = [0, 500, 1_000].map(|found| cut(&scores, left(found), 0.9, 0.05).unwrap().rank);
        assert!(ranks.is_sorted() && ranks[0] < ranks[2], "{ranks:?}");
        let enough = cut(&scores, left(20_000), 0.9, 0.05).unwrap();
        assert_eq!(enough.cut, Cut::Nothing);
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

    /// P(broken) when `positives` of the units left are positive: exactly, over all samples.
    fn broken(left: Remainder, positives: u64, recall: f64, delta: f64, bolder: u64) -> f64 {
        let allowed = allowed(recall, left.found + positives);
        let draw = Draw { units: left.units, positives, drawn: left.sampled };
        (0..=left.sampled.min(positives))
            .map(|n| {
                let scores: Vec<f64> = (0..n).map(|i| i as f64).collect();
                let made = cut(&scores, left, recall, delta).unwrap();
                let given_n = match (made.cut, made.rank + bolder) {
                    (Cut::Nothing, _) => f64::from(u8::from(positives - n > allowed)),
                    (_, 0) => 0.0,
                    (_, k) if allowed + k > positives => 0.0,
                    (_, k) => Draw { units: positives, positives: allowed + k, drawn: n }.at_most(k - 1),
                };
                draw.exactly(n) * given_n
            })
            .sum()
    }

    #[test]
    fn bolder_cuts_would_be_seen_by_the_exact_test() {
        let left = Remainder { found: 100, units: 500, sampled: 150 };
        let worst =
            |bolder| (20..300).step_by(10).map(|k| broken(left, k, 0.9, 0.05, bolder)).fold(0.0, f64::max);
        let [kept, bold] = [0, 2].map(worst);
        assert!(kept <= 0.05 && kept > 0.02, "{kept}");
        assert!(bold > 0.05, "{bold}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_is_left_the_exact_probability_is_within_delta(
            units in 2_u64..300, drawn in 0.0_f64..=1.0, positive in 0.0_f64..=1.0, found in 0_u64..400,
            recall in 0.5_f64..0.99, delta in prop_oneof![Just(0.05), 0.01_f64..0.3],
        ) {
            let sampled = (drawn * units.min(100) as f64) as u64;
            let left = Remainder { found, units, sampled };
            let broken = broken(left, (positive * units as f64) as u64, recall, delta, 0);
            prop_assert!(broken <= delta, "{}", broken);
        }

        #[test]
        fn a_stretch_is_its_worst_case(n in 1_u64..60, more in 400_u64..2_000, found in 0_u64..900, recall in 0.5_f64..0.99, k in 1_u64..20) {
            let (left, weight) = (Remainder { found, units: 4_000, sampled: 200 }, Weight::new(0.05));
            let single = |positives: u64| stretches(n, positives..=positives, left, recall, weight)[0];
            if !stretches(n, n..=n + more, left, recall, weight).iter().any(|s| s.refutes(k.min(n), n)) {
                prop_assert!((n..=n + more).all(|positives| !single(positives).refutes(k.min(n), n)));
            }
        }

        #[test]
        fn the_weights_add_up_to_delta(delta in 0.0001_f64..0.9999) {
            let weight = Weight::new(delta);
            let sum: f64 = (0..20_000).map(|i| weight.of((f64::from(i) + 0.5) / 20_000.0)).sum();
            prop_assert!((sum / 20_000.0 - delta).abs() < 2e-4);
            prop_assert!(((3.0 * weight.0 - weight.0.powi(3)) / 2.0 - delta).abs() < 1e-14);
        }
    }
}

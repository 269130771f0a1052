//! Letters that lean on their neighbours: what a bound is worth where one request asks about several turns.
//!
//! The bounds of [`crate::hypergeometric`] take the answer to a unit for a fixed number. Where several units share a request, a
//! letter may depend on the letters before it, and so on which units were drawn. A run of copied letters then counts as several
//! answers though it is one, and a bound that takes it for several is wrong more often than it says.
//!
//! # What is promised
//!
//! Let a unit be positive when the judge, asked about it alone, says so: a fixed set of K among N. Suppose that in a request about
//! several units a positive one is called positive with a probability of at least 1−q, given all other letters of the sample,
//! whatever they are. m units are drawn uniformly without replacement and asked about in groups, however the groups are formed; x
//! of them are called positive. Then K is above [`most`] with probability ≤ δ. Likewise, where a negative unit is called negative
//! with a probability of at least 1−q, K is below [`least`] with probability ≤ δ. Nothing is assumed of the direction in which
//! letters lean, nor of how far.
//!
//! # Proof
//!
//! H of the K positives are drawn, H ~ Hyp(N, K, m). Reveal the letters in the order in which they are written: each of the H is
//! called positive with a conditional probability ≥ 1−q, so their number can be coupled from above with T, which keeps each of the
//! H with probability 1−q independently, and x ≥ T: letters that are positive for other reasons only add to x. Hence
//! P(x ≤ c) ≤ P(T ≤ c) = Σₕ P(H = h)·P(Bin(h, 1−q) ≤ c), which falls as K grows, and `most` is the largest K for which it is above δ.
//! For `least` exchange the letters: at least K are positive exactly when at most N−K are not. ∎
//!
//! With q = 0 these are the bounds of [`crate::hypergeometric`]. For x = 0 a sample of m is worth about m(1−q) units.
//!
//! # What follows from it
//!
//! * *q is measured*, not known: among turns that the judge, asked alone, calls positive, the share that it calls otherwise in
//!   groups, taken at the upper end of its interval. q = 0 claims that letters do not lean.
//! * *A cut by rank* ([`crate::threshold`], [`crate::refits`]) needs that the positives of the sample are a uniform subset of all,
//!   and that no letter is positive for its neighbours' sake at a score where positives are frequent. Drawn turns stand in groups
//!   regardless of their scores, so copies fall on turns like any others, mostly low ones, and put the cut lower: the trials in
//!   `tests/promises/leaning.rs` see no promise broken more often than it may. A bound that must hold however letters lean is the
//!   audit's, by this module.

use crate::binomial;
use crate::hypergeometric::{self, Draw};

/// Upper bound of the positives among `units`, when `drawn` of them were asked about in groups and `x` were called positive; `lean`
/// is q.
///
/// # Panics
/// When `x > drawn`, `drawn > units`, `delta` is outside (0, 1), or `lean` outside [0, 1).
pub fn most(x: u64, drawn: u64, units: u64, delta: f64, lean: f64) -> u64 {
    assert!((0.0..1.0).contains(&lean), "lean is {lean}");
    if lean == 0.0 {
        return hypergeometric::most(x, drawn, units, delta);
    }
    binomial::check_sample(x, drawn, delta);
    assert!(drawn <= units, "{drawn} drawn from only {units}");
    // A drawn unit that is called negative may be positive.
    let (mut low, mut high) = (x, units);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if kept_at_most(x, Draw { units, positives: middle, drawn }, lean) > delta {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Lower bound of the positives among `units`; as [`most`].
///
/// # Panics
/// As [`most`].
pub fn least(x: u64, drawn: u64, units: u64, delta: f64, lean: f64) -> u64 {
    units - most(drawn - x, drawn, units, delta, lean)
}

/// P(T ≤ x), where each drawn positive is kept with probability 1 − `lean`.
fn kept_at_most(x: u64, draw: Draw, lean: f64) -> f64 {
    let (least, most) =
        (draw.drawn.saturating_sub(draw.units - draw.positives), draw.drawn.min(draw.positives));
    let kept = |h: u64| draw.exactly(h) * binomial::at_most(x, h, 1.0 - lean);
    (least..=most).map(kept).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_none_called_positive_a_sample_is_worth_its_own_letters() {
        // 300·0.7 = 210 draws.
        let leaning = most(0, 300, 100_000, 0.05, 0.3);
        let fewer = hypergeometric::most(0, 210, 100_000, 0.05);
        assert!(leaning.abs_diff(fewer) < fewer / 50, "{leaning} {fewer}");
        assert_eq!(most(3, 300, 5_000, 0.05, 0.0), hypergeometric::most(3, 300, 5_000, 0.05));
        assert_eq!(least(100, 100, 100, 0.05, 0.0), 100);
        assert!(least(100, 100, 100, 0.05, 0.1) < 100, "called positive is not positive");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_exact_probability_is_within_delta(
            units in 2_u64..120, drawn in 0.0_f64..=1.0, positive in 0.0_f64..=1.0, delta in 0.01_f64..0.3, lean in 0.0_f64..0.9,
        ) {
            let drawn = (drawn * units as f64) as u64;
            let positives = (positive * units as f64) as u64;
            let draw = Draw { units, positives, drawn };
            // The worst judge adds no positive of its own: x = T.
            let broken: f64 = (0..=drawn)
                .filter(|&x| most(x, drawn, units, delta, lean) < positives)
                .map(|x| kept_at_most(x, draw, lean) - if x == 0 { 0.0 } else { kept_at_most(x - 1, draw, lean) })
                .sum();
            prop_assert!(broken <= delta + 1e-9, "{}", broken);
        }
    }
}

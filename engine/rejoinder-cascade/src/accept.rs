//! Accepting locally: from which score on the judge need not be asked, because it would agree.
//!
//! # What is promised
//!
//! Prefixes T₁ ⊂ T₂ ⊂ … of the units in order of falling score are fixed before any label is looked at. A uniform sample
//! of the corpus is judged. Walk the prefixes from the smallest: take a prefix while the exact lower bound of its agreement,
//! at level δ, is ≥ A; stop at the first that fails; accept the last one taken. Then with probability ≥ 1−δ the judge would
//! agree on at least a share A of the units of the accepted prefix (or nothing is accepted).
//!
//! # Proof
//!
//! Let T be the first prefix whose true agreement is below A; if there is none, no acceptance is wrong. As the walk reaches
//! every later prefix through T only, a wrong one is accepted only if T passes. The number of sampled units in T is random;
//! given it they are a uniform draw from T without replacement, so T's lower bound exceeds T's true agreement with
//! probability ≤ δ ([`hypergeometric::least`]); and only then T passes. ∎
//!
//! This is fixed-sequence testing (Maurer, Hothorn and Lehmacher 1995): one wrong step ends it, so each step may use the
//! whole δ. What it forbids: choosing prefixes by the labels or by which units were sampled, and stepping over one that fails,
//! even for want of sampled units. (To step over those with few sampled units is not covered: given few draws from the top, a
//! longer prefix's sample shows the top less often than the prefix holds it, and is no uniform draw any more.)
//!
//! Categories are walked separately, with δ split among them. After refits the corpus is what was left when the fresh sample
//! was drawn, as in [`crate::refits`].
//!
//! # Together with the cut
//!
//! One sample may give two cuts: the one below which units are rejected ([`crate::threshold`]) and the one from which on units
//! are accepted unasked. Promised together, recall and agreement are to hold at once with probability ≥ 1−δ. So the
//! first is made at level δ/2 and the walks share the other δ/2: the joint promise is broken only if one of the two is, and by
//! the union bound that has probability ≤ δ/2 + δ/2, however the two depend on each other through their sample. Where nothing
//! is accepted by its score there is one way to fail only, and the cut may spend the whole δ.
//!
//! At δ each the joint promise does not hold: the cut fails by the sample's lowest positives and the walk by the units
//! at its top, so they fail almost independently, together with a probability near 1 − (1−δ)². Whether anything may be accepted
//! must be settled before the answers. "The whole δ for the cut if the walk at δ/2 took nothing" is the union of three ways to
//! fail (the cut at δ, the cut at δ/2, the walk at δ/2), which the split does not pay for.

use crate::error::{CascadeError, check_delta, check_part, check_scores, check_target};
use crate::hypergeometric;
use crate::threshold::positives_needed;

/// All units with at least some score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prefix {
    /// The lowest score in the prefix.
    pub from: f64,
    /// Number of units of the corpus in the prefix.
    pub units: u64,
}

/// One step of the walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WalkStep {
    /// The prefix that the step tested.
    pub prefix: Prefix,
    /// Number of sampled units in the prefix.
    pub sampled: u64,
    /// Number of sampled units in the prefix on which the judge agrees.
    pub agreeing: u64,
    /// Lower bound of the judge's agreement over the whole prefix, as a share.
    pub at_least: f64,
}

/// The result of a walk.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptance {
    /// The last prefix that was taken; `None` if the first one failed.
    pub accepted: Option<Prefix>,
    /// All steps; the last one failed unless every prefix was taken.
    pub steps: Vec<WalkStep>,
}

/// Sizes for [`prefixes`]: a ladder that begins where about half as many units again are sampled as a first step needs if
/// the judge agrees on all (Aⁿ ≤ δ), each rung a quarter longer, up to all `units`.
///
/// `sampled` of `units` will be drawn. A shorter first rung would often stop the walk at once for want of sampled units; the
/// ladder's shape is a choice, the promise holds for any.
///
/// # Errors
/// More sampled than units; an agreement outside (0, 1]; a delta outside (0, 1).
pub fn sizes(units: u64, sampled: u64, agreement: f64, delta: f64) -> Result<Vec<u64>, CascadeError> {
    check_part("sampled", sampled, units)?;
    let Some(needed) = positives_needed(agreement, delta)? else { return Ok(Vec::new()) };
    if sampled == 0 {
        return Ok(Vec::new());
    }
    let first = 1.5 * needed as f64 * (units as f64 / sampled as f64);
    let rungs = std::iter::successors(Some(first), |size| Some(size * 1.25));
    let mut sizes: Vec<u64> = rungs.map(|s| s.ceil() as u64).take_while(|&s| s < units).collect();
    sizes.push(units);
    Ok(sizes)
}

/// The prefixes of a corpus with these `scores` that hold about `sizes` units: each is filled up with the units that tie with
/// its last, and sizes that come to the same prefix are one.
///
/// # Errors
/// A score that is not a number.
pub fn prefixes(scores: &[f64], sizes: &[u64]) -> Result<Vec<Prefix>, CascadeError> {
    check_scores(scores.iter().copied())?;
    let mut falling = scores.to_vec();
    falling.sort_by(|a, b| b.total_cmp(a));
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    let mut prefixes: Vec<Prefix> = Vec::new();
    for size in sizes.into_iter().filter(|&s| s > 0 && s <= scores.len() as u64) {
        let from = falling[size as usize - 1];
        let units = falling.partition_point(|&score| score >= from) as u64;
        if prefixes.last().is_none_or(|last| last.units < units) {
            prefixes.push(Prefix { from, units });
        }
    }
    Ok(prefixes)
}

/// Walks `prefixes` with the judged `sample` (each unit's score, and whether the judge agrees with what would be accepted);
/// see the module for statement and proof.
///
/// # Errors
/// A score that is not a number; prefixes out of order; more sampled units in a prefix than it holds; an agreement outside
/// (0, 1]; a delta outside (0, 1).
pub fn walk(
    prefixes: &[Prefix],
    sample: &[(f64, bool)],
    agreement: f64,
    delta: f64,
) -> Result<Acceptance, CascadeError> {
    check_target("agreement", agreement)?;
    check_delta(delta)?;
    check_scores(sample.iter().map(|s| s.0))?;
    check_scores(prefixes.iter().map(|p| p.from))?;
    let nested = |w: &[Prefix]| w[0].from > w[1].from && w[0].units < w[1].units;
    if let Some(at) = prefixes.windows(2).position(|w| !nested(w)) {
        return Err(CascadeError::PrefixOrder { at: at + 1 });
    }
    let mut walked = Acceptance { accepted: None, steps: Vec::new() };
    for &prefix in prefixes {
        let inside = sample.iter().filter(|s| s.0 >= prefix.from);
        let sampled = inside.clone().count() as u64;
        let agreeing = inside.filter(|s| s.1).count() as u64;
        check_part("sampled", sampled, prefix.units)?;
        let surely = hypergeometric::least(agreeing, sampled, prefix.units, delta);
        let at_least = surely as f64 / prefix.units.max(1) as f64;
        walked.steps.push(WalkStep { prefix, sampled, agreeing, at_least });
        if at_least < agreement {
            break;
        }
        walked.accepted = Some(prefix);
    }
    Ok(walked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_stay_together_and_sizes_are_nested() {
        let scores = [0.9, 0.8, 0.8, 0.8, 0.1];
        let made = prefixes(&scores, &[5, 1, 2, 3, 99, 0]).unwrap();
        let expected = [(0.9, 1), (0.8, 4), (0.1, 5)].map(|(from, units)| Prefix { from, units });
        assert_eq!(made, expected);
        assert_eq!(prefixes(&[f64::NAN], &[1]), Err(CascadeError::NotANumber { at: 0 }));
    }

    #[test]
    fn stops_at_the_first_failure_for_good() {
        // The top ten hold two disagreements, the forty below none: the whole would pass, the way to it does not.
        let scores: Vec<f64> = (0..50).rev().map(f64::from).collect();
        let sample: Vec<(f64, bool)> = scores.iter().map(|&s| (s, !(40.0..=41.0).contains(&s))).collect();
        let steps = prefixes(&scores, &[10, 50]).unwrap();
        let walked = walk(&steps, &sample, 0.9, 0.05).unwrap();
        assert_eq!((walked.accepted, walked.steps.len()), (None, 1));
        assert_eq!(walked.steps[0].at_least, 0.8, "sampled whole, so the bound is the share");
        let whole = walk(&steps[1..], &sample, 0.9, 0.05).unwrap();
        assert_eq!(whole.accepted, Some(steps[1]));
    }

    #[test]
    fn the_first_rung_is_long_enough_to_be_passed() {
        let sizes = sizes(10_000, 1_000, 0.9, 0.05).unwrap();
        assert_eq!((sizes[0], sizes.last()), (435, Some(&10_000)));
        assert!(sizes.is_sorted() && sizes.len() < 20);
        assert_eq!(super::sizes(10_000, 0, 0.9, 0.05), Ok(Vec::new()));
        assert!(super::sizes(10, 11, 0.9, 0.05).is_err());
    }

    #[test]
    fn prefixes_out_of_order_are_refused() {
        let [a, b] = [Prefix { from: 0.5, units: 9 }, Prefix { from: 0.6, units: 12 }];
        assert_eq!(walk(&[a, b], &[], 0.9, 0.05), Err(CascadeError::PrefixOrder { at: 1 }));
        assert_eq!(
            walk(&[a], &[(0.7, true); 10], 0.9, 0.05).unwrap_err().to_string(),
            "10 sampled of only 9"
        );
    }
}

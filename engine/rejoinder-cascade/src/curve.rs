//! How good a score is by itself: whether it puts the positives first, before any cut is chosen.
//!
//! Units carry weights, so that a bootstrap over conversations is a change of weights, not another sort.

use crate::error::{CascadeError, check_scores};

/// Units in the order of their scores.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// Index and score of each unit, highest first.
    order: Vec<(usize, f64)>,
    positive: Vec<bool>,
}

impl Ranking {
    /// Ranks units by score.
    ///
    /// # Errors
    /// A score that is not a number.
    ///
    /// # Panics
    /// If there are more or fewer scores than units.
    pub fn new(scores: &[f64], positive: &[bool]) -> Result<Self, CascadeError> {
        assert_eq!(scores.len(), positive.len(), "a score a unit");
        check_scores(scores.iter().copied())?;
        let mut order: Vec<(usize, f64)> = scores.iter().copied().enumerate().collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(Self { order, positive: positive.to_vec() })
    }

    /// The probability that a positive has a higher score than a negative, ties counting half; `None` where one kind is
    /// missing. `weight` is each unit's.
    pub fn auc(&self, weight: impl Fn(usize) -> f64) -> Option<f64> {
        let (mut positives, mut negatives, mut ordered) = (0.0, 0.0, 0.0);
        for (tied_positives, tied_negatives, _) in self.steps(weight) {
            // Negatives of this step are below the positives of all earlier ones.
            ordered += tied_negatives * (positives + tied_positives / 2.0);
            positives += tied_positives;
            negatives += tied_negatives;
        }
        (positives > 0.0 && negatives > 0.0).then(|| ordered / (positives * negatives))
    }

    /// The highest cut from which on there is at least the share `recall` of the positives, and the share of all units that
    /// is there, all that tie included: what asking takes with hindsight. `None` without positives.
    pub fn cut(&self, recall: f64, weight: impl Fn(usize) -> f64) -> Option<(f64, f64)> {
        let steps: Vec<(f64, f64, f64)> = self.steps(weight).collect();
        let all_positives: f64 = steps.iter().map(|step| step.0).sum();
        let all: f64 = steps.iter().map(|step| step.0 + step.1).sum();
        if all_positives <= 0.0 {
            return None;
        }
        let (mut positives, mut units) = (0.0, 0.0);
        for (tied_positives, tied_negatives, score) in steps {
            positives += tied_positives;
            units += tied_positives + tied_negatives;
            // Sums of weights that should be equal may differ in their last digits.
            if positives >= recall * all_positives * (1.0 - 1e-12) {
                return Some((score, units / all));
            }
        }
        None
    }

    /// For each score, highest first: the weights of the positives and of the negatives that have it, and the score.
    fn steps<'a>(&'a self, weight: impl Fn(usize) -> f64 + 'a) -> impl Iterator<Item = (f64, f64, f64)> + 'a {
        self.order.chunk_by(|a, b| a.1 == b.1).map(move |tied| {
            let sum = |kind: bool| -> f64 {
                tied.iter()
                    .filter(|(unit, _)| self.positive[*unit] == kind)
                    .map(|(unit, _)| weight(*unit))
                    .sum()
            };
            (sum(true), sum(false), tied[0].1)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EACH: fn(usize) -> f64 = |_| 1.0;

    #[test]
    fn ties_count_half_and_are_sent_together() {
        let ranking = Ranking::new(&[0.9, 0.5, 0.5, 0.1], &[true, true, false, false]).unwrap();
        assert_eq!(ranking.auc(EACH), Some(3.5 / 4.0));
        assert_eq!(ranking.cut(0.5, EACH), Some((0.9, 0.25)));
        assert_eq!(ranking.cut(1.0, EACH), Some((0.5, 0.75)));
        let without = Ranking::new(&[0.9, 0.5], &[false, false]).unwrap();
        assert_eq!((without.auc(EACH), without.cut(0.5, EACH)), (None, None));
        assert!(Ranking::new(&[f64::NAN], &[true]).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_counting_pairs(units in prop::collection::vec((0_u8..6, any::<bool>(), 0_u8..4), 1..40), recall in 0.01_f64..=1.0) {
            let scores: Vec<f64> = units.iter().map(|u| f64::from(u.0)).collect();
            let positive: Vec<bool> = units.iter().map(|u| u.1).collect();
            let ranking = Ranking::new(&scores, &positive).unwrap();
            // A weight is so many copies of a unit.
            let copies: Vec<(f64, bool)> = units.iter().flat_map(|u| std::iter::repeat_n((f64::from(u.0), u.1), u.2 as usize)).collect();
            let weight = |unit: usize| f64::from(units[unit].2);
            let of = |kind: bool| copies.iter().filter(move |c| c.1 == kind).map(|c| c.0).collect::<Vec<f64>>();
            let (high, low) = (of(true), of(false));
            let pairs = high.iter().flat_map(|h| low.iter().map(move |l| (*h, *l)));
            let (won, all) = pairs.fold((0.0, 0.0), |(won, all), (h, l)| (won + if h > l { 1.0 } else if h == l { 0.5 } else { 0.0 }, all + 1.0));
            match ranking.auc(weight) {
                Some(auc) => prop_assert!((auc - won / all).abs() < 1e-9),
                None => prop_assert!(all == 0.0),
            }
            if let Some((cut, share)) = ranking.cut(recall, weight) {
                let found = |from: f64| copies.iter().filter(|c| c.1 && c.0 >= from).count() as f64;
                prop_assert!(found(cut) >= recall * high.len() as f64 - 1e-9);
                prop_assert!(found(cut + 1.0) < recall * high.len() as f64);
                prop_assert!((share - copies.iter().filter(|c| c.0 >= cut).count() as f64 / copies.len() as f64).abs() < 1e-9);
            }
        }
    }
}

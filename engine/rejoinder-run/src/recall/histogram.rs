//! How many turns have which probability of what a purpose wants. From the numbers follows about how many turns have to be
//! asked about for a recall, before anybody is asked: an estimate by the score, while promises rest on samples.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use rejoinder_core::Purpose;
use serde::{Deserialize, Serialize};

const BINS: usize = 1_000;

/// Numbers of turns by probability.
#[derive(Clone, Debug)]
pub struct ProbabilityHistogram(Vec<u64>);

impl Default for ProbabilityHistogram {
    fn default() -> Self {
        Self(vec![0; BINS])
    }
}

impl AddAssign<&Self> for ProbabilityHistogram {
    fn add_assign(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(all, more)| *all += more);
    }
}

impl ProbabilityHistogram {
    /// Counts a turn.
    pub fn count(&mut self, probability: f32) {
        self.0[((probability * BINS as f32) as usize).min(BINS - 1)] += 1;
    }

    /// About how many turns, most probable first, hold the share `recall` of what is wanted.
    pub fn needed(&self, recall: f64) -> u64 {
        let middle = |bin: usize| (bin as f64 + 0.5) / BINS as f64;
        let bins = || self.0.iter().enumerate().rev();
        let mut owed = recall * bins().map(|(bin, &turns)| turns as f64 * middle(bin)).sum::<f64>();
        let mut needed = 0;
        for (bin, &turns) in bins() {
            let holds = turns as f64 * middle(bin);
            if holds >= owed {
                return needed + (owed / middle(bin)).ceil() as u64;
            }
            owed -= holds;
            needed += turns;
        }
        needed
    }
}

/// The uses that feedback is commonly put to.
const PURPOSES: [Purpose; 3] = [Purpose::ALL, Purpose::KTO, Purpose::SFT];

/// The histograms for the purposes that are compared.
#[derive(Clone, Debug, Default)]
pub struct PurposeHistograms([ProbabilityHistogram; 3]);

impl AddAssign<&Self> for PurposeHistograms {
    fn add_assign(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(all, more)| *all += more);
    }
}

/// About how many turns have to be asked about for a recall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Share of the wanted feedback that is found.
    pub recall: f64,
    /// Turns asked about.
    pub turns: u64,
}

/// By purpose, the curve of recall against turns asked about.
pub type Curves = BTreeMap<String, Vec<CurvePoint>>;

/// The recalls of a curve.
pub const RECALLS: [f64; 7] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

impl PurposeHistograms {
    /// Counts a turn by the probabilities of none, UR1, …, UR5.
    pub fn count(&mut self, probabilities: &[f32; 6]) {
        for (spread, purpose) in self.0.iter_mut().zip(PURPOSES) {
            spread.count(purpose.probability(probabilities));
        }
    }

    /// The curve of recall against turns asked about, by purpose.
    pub fn curves(&self) -> Curves {
        let curve = |spread: &ProbabilityHistogram| {
            RECALLS.map(|recall| CurvePoint { recall, turns: spread.needed(recall) }).into()
        };
        PURPOSES.iter().zip(&self.0).map(|(purpose, spread)| (purpose.to_string(), curve(spread))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_probable_come_first() {
        let mut spread = ProbabilityHistogram::default();
        (0..90).for_each(|_| spread.count(0.0995));
        (0..10).for_each(|_| spread.count(0.8995));
        // 9 and 9 positives are to be expected.
        assert_eq!([0.0, 0.25, 0.5].map(|recall| spread.needed(recall)), [0, 5, 10]);
        assert!(spread.needed(0.75).abs_diff(55) <= 1 && spread.needed(1.0).abs_diff(100) <= 1);
        assert_eq!(ProbabilityHistogram::default().needed(0.9), 0);
        spread.count(1.0);
        spread.count(f32::NAN);
    }

    #[test]
    fn a_narrower_purpose_takes_fewer_turns() {
        let mut histograms = PurposeHistograms::default();
        for i in 0..1_000 {
            let p = i as f32 / 1_000.0;
            histograms.count(&[1.0 - p, p * 0.4, p * 0.3, 0.0, p * 0.2, p * p * p * 0.1]);
        }
        let curves = histograms.curves();
        let at = |purpose: &str| curves[purpose][3].turns;
        assert!(at("sft") < at("all") && curves["all"].is_sorted_by_key(|point| point.turns));
    }
}

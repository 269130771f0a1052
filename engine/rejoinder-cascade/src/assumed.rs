//! Cuts that ship with a score: chosen on labels once, and used on other corpora. Such a cut is an assumption, never a promise: the
//! labels say nothing of a corpus that is unlike theirs.
//!
//! A cut is chosen carefully in one respect only: labels are a sample. Conversations are drawn with replacement again and again, and
//! the cut is one that holds in 19 of 20 such samples: it keeps its recall there ([`Resamples::rejecting`]), or what lies above it is
//! right so often ([`Resamples::accepting`]).

use rejoinder_core::random::Random;

/// Samples that are drawn.
const RESAMPLES: usize = 1_000;
/// Share of the samples in which a cut need not hold.
const MAY_FAIL: f64 = 0.05;
/// With fewer positives nothing is rejected.
pub const LEAST_POSITIVES: usize = 30;
/// Above a cut for accepting lie so many turns at least.
pub const LEAST_ACCEPTED: usize = 10;

/// How often each conversation was drawn, sample by sample.
#[derive(Clone, Debug)]
pub struct Resamples {
    /// By sample, by conversation.
    drawn: Vec<Vec<u16>>,
}

impl Resamples {
    /// Draws as many conversations as there are, with replacement, again and again.
    pub fn new(conversations: usize, seed: u64) -> Self {
        let mut random = Random::with_seed(seed);
        let mut draw = || {
            let mut drawn = vec![0_u16; conversations];
            for _ in 0..conversations {
                let of = &mut drawn[random.usize(..conversations)];
                *of = of.saturating_add(1);
            }
            drawn
        };
        Self { drawn: (0..RESAMPLES).map(|_| draw()).collect() }
    }

    /// For each of `recalls` the cut from which on the share `recall` of the positives lies in 19 of 20 samples; `None` where no cut
    /// keeps that recall, or there are too few positives. `positives` are the conversation and the standing of each positive: the
    /// score, or an infinity where something else than the score decides.
    ///
    /// # Panics
    /// If a conversation is none of those that were drawn from.
    pub fn rejecting(&self, positives: &[(usize, f64)], recalls: &[f64]) -> Vec<Option<f64>> {
        if positives.len() < LEAST_POSITIVES {
            return vec![None; recalls.len()];
        }
        let mut ascending = positives.to_vec();
        ascending.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut highest: Vec<Vec<f64>> = vec![Vec::with_capacity(self.drawn.len()); recalls.len()];
        for drawn in &self.drawn {
            let weight = |conversation: usize| f64::from(drawn[conversation]);
            let all: f64 = ascending.iter().map(|(conversation, _)| weight(*conversation)).sum();
            for (recall, highest) in recalls.iter().zip(&mut highest) {
                // What may lie below the cut. A lower cut than the highest that keeps the recall keeps it, too.
                let mut spare = (1.0 - recall) * all * (1.0 + 1e-12);
                let first_kept = ascending.iter().find(|(conversation, _)| {
                    spare -= weight(*conversation);
                    spare < 0.0
                });
                highest.push(first_kept.map_or(f64::INFINITY, |(_, standing)| *standing));
            }
        }
        let lowest = |mut cuts: Vec<f64>| {
            cuts.sort_by(f64::total_cmp);
            let cut = cuts[(MAY_FAIL * cuts.len() as f64) as usize];
            // Everything that is kept without the score is kept by the highest score as well.
            (cut > f64::NEG_INFINITY).then_some(cut.min(1.0))
        };
        highest.into_iter().map(lowest).collect()
    }

    /// For each of `precisions` the lowest cut from which on so large a share is right in 19 of 20 samples; `None` where there is no
    /// such cut with enough turns above it. `turns` are the conversation, the score, and whether accepting the turn is right.
    ///
    /// # Panics
    /// If a conversation is none of those that were drawn from.
    pub fn accepting(&self, turns: &[(usize, f64, bool)], precisions: &[f64]) -> Vec<Option<f64>> {
        let mut descending = turns.to_vec();
        descending.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut holds = vec![vec![0_usize; descending.len()]; precisions.len()];
        for drawn in &self.drawn {
            let (mut right, mut all) = (0.0, 0.0);
            for (place, (conversation, _, is_right)) in descending.iter().enumerate() {
                let weight = f64::from(drawn[*conversation]);
                all += weight;
                right += if *is_right { weight } else { 0.0 };
                for (precision, holds) in precisions.iter().zip(&mut holds) {
                    holds[place] += usize::from(all > 0.0 && right >= precision * all - 1e-9);
                }
            }
        }
        let enough = (1.0 - MAY_FAIL) * self.drawn.len() as f64;
        let lowest = |holds: Vec<usize>| {
            let is_cut = |place: &usize| {
                // Turns with the same score are accepted together.
                let is_last = descending.get(place + 1).is_none_or(|next| next.1 < descending[*place].1);
                is_last && holds[*place] as f64 >= enough
            };
            let places = (LEAST_ACCEPTED.saturating_sub(1)..descending.len()).rev();
            places.into_iter().find(is_cut).map(|place| descending[place].1)
        };
        holds.into_iter().map(lowest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positives(n: usize) -> Vec<(usize, f64)> {
        (0..n).map(|k| (k, k as f64 / n as f64)).collect()
    }

    #[test]
    fn a_cut_is_lower_than_the_labels_alone_would_have_it_and_the_more_labels_the_less() {
        let below = |n: usize| {
            let cut = Resamples::new(n, 7).rejecting(&positives(n), &[0.9])[0].unwrap();
            assert!(cut < 0.1);
            0.1 - cut
        };
        // The standard error of a share of .1 of 100 is .03, and 1.64 of these hold 19 of 20.
        let few = below(100);
        assert!((0.035..0.065).contains(&few), "{few}");
        assert!(below(2_000) < few / 3.0);
    }

    #[test]
    fn turns_of_one_conversation_are_drawn_together() {
        let apart = positives(200);
        let together: Vec<(usize, f64)> = apart.iter().map(|(k, standing)| (k / 20, *standing)).collect();
        let cut = |positives: &[(usize, f64)]| Resamples::new(200, 7).rejecting(positives, &[0.8])[0];
        assert!(cut(&together) < cut(&apart));
    }

    #[test]
    fn what_no_cut_finds_is_missed_and_what_needs_no_cut_is_found() {
        let of = |rejected: usize, accepted: usize| {
            let mut all = positives(100);
            all.iter_mut().take(rejected).for_each(|turn| turn.1 = f64::NEG_INFINITY);
            all.iter_mut().rev().take(accepted).for_each(|turn| turn.1 = f64::INFINITY);
            Resamples::new(100, 7).rejecting(&all, &[0.8, 0.9])
        };
        assert_eq!(of(30, 0), [None, None]);
        assert!(of(10, 0)[0].is_some() && of(10, 0)[1].is_none());
        assert_eq!(of(0, 100), [Some(1.0), Some(1.0)]);
    }

    #[test]
    fn what_is_accepted_is_right_often_enough_even_in_an_unlucky_sample() {
        // From .5 down every second turn is right, above all are.
        let turns: Vec<(usize, f64, bool)> =
            (0..1_000).map(|k| (k, k as f64 / 1_000.0, k >= 500 || k % 2 == 0)).collect();
        let cuts = Resamples::new(1_000, 7).accepting(&turns, &[0.7, 0.85, 0.999]);
        let [low, middle, high] = [cuts[0], cuts[1], cuts[2]].map(Option::unwrap);
        // With the labels alone .85 would hold from .286 up, and .7 from 0.
        assert!((0.29..0.36).contains(&middle) && low < 0.1 && (0.49..0.51).contains(&high), "{cuts:?}");
        assert_eq!(Resamples::new(1_000, 7).accepting(&turns[991..], &[0.5]), [None], "too few");
        let tied: Vec<(usize, f64, bool)> = (0..100).map(|k| (k, 0.5, k % 2 == 0)).collect();
        assert_eq!(Resamples::new(100, 7).accepting(&tied, &[0.3, 0.8]), [Some(0.5), None]);
    }

    #[test]
    fn few_positives_choose_nothing() {
        assert_eq!(Resamples::new(29, 7).rejecting(&positives(29), &[0.5]), [None]);
        assert!(Resamples::new(30, 7).rejecting(&positives(30), &[0.5])[0].is_some());
    }
}

//! A share before and after a change on the same turns, and the difference with an interval that takes whole conversations: the turns of
//! one conversation are alike.

use rejoinder_core::random::Random;
use serde::Serialize;

/// How often conversations are drawn anew.
const RESAMPLES: usize = 1000;
/// The share of the resamples' differences below the interval, and above it.
const TAIL: f64 = 0.025;

/// What one conversation adds to a share before and after a change: numerator and denominator of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PairedCounts {
    pub(super) before: [u64; 2],
    pub(super) after: [u64; 2],
}

/// A share before and after a change, on the same turns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairedShare {
    /// Numerator and denominator before the change.
    pub before: [u64; 2],
    /// Numerator and denominator after the change.
    pub after: [u64; 2],
    /// The share after the change less that before it; `None` where one of them has nothing to divide by.
    pub difference: Option<ShareDifference>,
}

/// A difference of two shares with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ShareDifference {
    /// The difference.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl PairedCounts {
    fn add(&mut self, other: &Self, times: u64) {
        let pairs = [(&mut self.before, &other.before), (&mut self.after, &other.after)];
        for (sum, more) in pairs {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more * times);
        }
    }

    fn difference(&self) -> Option<f64> {
        let share = |[of, n]: [u64; 2]| (n > 0).then(|| of as f64 / n as f64);
        Some(share(self.after)? - share(self.before)?)
    }
}

impl PairedShare {
    /// The shares over some conversations. The interval is that of a bootstrap: each conversation counts as often as a number drawn
    /// from Poisson's distribution says, on both sides alike.
    pub(super) fn of(conversations: &[PairedCounts], seed: u64) -> Self {
        let mut sum = PairedCounts::default();
        conversations.iter().for_each(|counts| sum.add(counts, 1));
        let difference = sum.difference().map(|value| {
            let (low, high) = interval(conversations, seed).unwrap_or((value, value));
            ShareDifference { value, low: low.min(value), high: high.max(value) }
        });
        Self { before: sum.before, after: sum.after, difference }
    }
}

fn interval(conversations: &[PairedCounts], seed: u64) -> Option<(f64, f64)> {
    // What adds nothing need not be drawn.
    let counting: Vec<&PairedCounts> =
        conversations.iter().filter(|counts| **counts != PairedCounts::default()).collect();
    if counting.iter().all(|counts| counts.before == counts.after) {
        return None;
    }
    let mut random = Random::with_seed(seed);
    let mut found: Vec<f64> = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let mut sum = PairedCounts::default();
        for counts in &counting {
            let times = poisson(random.f64());
            if times > 0 {
                sum.add(counts, times);
            }
        }
        found.extend(sum.difference());
    }
    if found.is_empty() {
        return None;
    }
    found.sort_by(f64::total_cmp);
    let last = (found.len() - 1) as f64;
    let at = |share: f64| found[(share * last).round() as usize];
    Some((at(TAIL), at(1.0 - TAIL)))
}

/// The number whose cumulative share in Poisson's distribution with mean 1 reaches `share` first.
fn poisson(share: f64) -> u64 {
    let (mut times, mut part) = (0, (-1.0_f64).exp());
    let mut below = part;
    while share >= below && times < 20 {
        times += 1;
        part /= times as f64;
        below += part;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(before: [u64; 2], after: [u64; 2]) -> PairedCounts {
        PairedCounts { before, after }
    }

    #[test]
    fn what_does_not_change_differs_by_nothing() {
        let all = [counts([1, 1], [1, 1]), counts([0, 1], [0, 1]), counts([0, 0], [0, 0])];
        let share = PairedShare::of(&all, 1);
        assert_eq!((share.before, share.after), ([1, 2], [1, 2]));
        assert_eq!(share.difference, Some(ShareDifference { value: 0.0, low: 0.0, high: 0.0 }));
        assert_eq!(PairedShare::of(&[counts([0, 0], [1, 1])], 1).difference, None);
    }

    #[test]
    fn the_number_of_times_has_the_mean_one() {
        let mut random = Random::with_seed(3);
        let draws = 100_000;
        let times: Vec<u64> = (0..draws).map(|_| poisson(random.f64())).collect();
        let mean = times.iter().sum::<u64>() as f64 / f64::from(draws);
        let none = times.iter().filter(|times| **times == 0).count() as f64 / f64::from(draws);
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!((none - (-1.0_f64).exp()).abs() < 0.01, "{none}");
    }

    /// Turns of one conversation share their fate, and the interval knows.
    #[test]
    fn the_interval_covers_the_truth_where_turns_of_a_conversation_are_alike() {
        let (mut covered, trials) = (0, 200);
        for trial in 0..trials {
            let mut random = Random::with_seed(1_000 + trial);
            let conversations: Vec<PairedCounts> = (0..150)
                .map(|_| {
                    let turns = random.u64(1..8);
                    // The whole conversation is right or wrong.
                    let right =
                        |random: &mut Random, share: f64| if random.f64() < share { turns } else { 0 };
                    let before = right(&mut random, 0.8);
                    counts([before, turns], [right(&mut random, 0.9), turns])
                })
                .collect();
            let difference = PairedShare::of(&conversations, 7).difference.expect("both sides have turns");
            covered += u64::from((difference.low..=difference.high).contains(&0.1));
        }
        let share = covered as f64 / trials as f64;
        assert!((0.9..=0.99).contains(&share), "{share}");
    }
}

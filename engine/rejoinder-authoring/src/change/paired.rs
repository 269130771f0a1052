//! A share before and after a change on the same turns, and the difference with an interval that takes whole conversations: the turns of
//! one conversation are alike.

use rejoinder_cascade::binomial;
use rejoinder_core::random::Random;
use serde::Serialize;

/// How often conversations are drawn anew.
const RESAMPLES: usize = 1000;
/// The share of the resamples' differences below the interval, and above it.
const TAIL: f64 = 0.025;
/// How often Poisson's distribution with mean 1 gives 0.
const NEVER: f64 = 1.0 / std::f64::consts::E;

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

/// What conversations add to a figure, by their numbers; conversations that add nothing need not be named.
pub(super) type FigureCounts = Vec<(u32, PairedCounts)>;

impl PairedCounts {
    fn add(&mut self, other: &Self, times: u64) {
        let pairs = [(&mut self.before, &other.before), (&mut self.after, &other.after)];
        for (sum, more) in pairs {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more * times);
        }
    }

    fn difference(&self) -> Option<f64> {
        Some(share(self.after)? - share(self.before)?)
    }
}

impl PairedShare {
    /// The shares of some figures over the same conversations.
    ///
    /// The interval is that of a bootstrap: each conversation counts as often as a number drawn from Poisson's distribution says, for
    /// all figures and on both sides alike. A bootstrap does not know of what no conversation shows, so that the interval is never
    /// narrower than the exact bounds of how many conversations raise the share, and of how many lower it.
    pub(super) fn of_each(figures: &[FigureCounts], seed: u64) -> Vec<Self> {
        let drawn = resampled(figures, seed);
        figures.iter().zip(drawn).map(|(counts, drawn)| Self::of(counts, drawn)).collect()
    }

    fn of(conversations: &FigureCounts, mut drawn: Vec<f64>) -> Self {
        let mut sum = PairedCounts::default();
        conversations.iter().for_each(|(_, counts)| sum.add(counts, 1));
        let difference = sum.difference().map(|value| {
            let (mut low, mut high) = bounds(conversations, &sum, value);
            drawn.sort_by(f64::total_cmp);
            if let Some(last) = drawn.len().checked_sub(1) {
                let at = |share: f64| drawn[(share * last as f64).round() as usize];
                (low, high) = (low.min(at(TAIL)), high.max(at(1.0 - TAIL)));
            }
            ShareDifference { value, low: low.clamp(-1.0, value), high: high.clamp(value, 1.0) }
        });
        Self { before: sum.before, after: sum.after, difference }
    }
}

fn share([of, n]: [u64; 2]) -> Option<f64> {
    (n > 0).then(|| of as f64 / n as f64)
}

/// The differences of each figure when conversations are drawn anew.
fn resampled(figures: &[FigureCounts], seed: u64) -> Vec<Vec<f64>> {
    let of_figure = |(figure, counts): (usize, &FigureCounts)| {
        counts.iter().map(move |(conversation, counts)| (*conversation, figure, *counts)).collect::<Vec<_>>()
    };
    let mut entries: Vec<(u32, usize, PairedCounts)> =
        figures.iter().enumerate().flat_map(of_figure).collect();
    entries.sort_by_key(|(conversation, figure, _)| (*conversation, *figure));
    let mut found = vec![Vec::with_capacity(RESAMPLES); figures.len()];
    let mut random = Random::with_seed(seed);
    let mut sums = vec![PairedCounts::default(); figures.len()];
    for _ in 0..RESAMPLES {
        sums.fill(PairedCounts::default());
        for of_one in entries.chunk_by(|one, other| one.0 == other.0) {
            let times = poisson(random.f64());
            if times > 0 {
                of_one.iter().for_each(|(_, figure, counts)| sums[*figure].add(counts, times));
            }
        }
        found.iter_mut().zip(&sums).for_each(|(found, sum)| found.extend(sum.difference()));
    }
    found
}

/// The difference's ends by how many conversations raise the share, and how many lower it, each number with its exact bounds
/// (Clopper–Pearson); the distances add up as those of independent figures do.
fn bounds(conversations: &FigureCounts, sum: &PairedCounts, value: f64) -> (f64, f64) {
    let ([before, after], [of_before, of_after]) = (
        [sum.before, sum.after].map(|counts| share(counts).unwrap_or_default()),
        [sum.before[1], sum.after[1]].map(|turns| turns.max(1) as f64),
    );
    let (mut weight, mut squares, mut moved) = (0.0, 0.0, [(0_u64, 0.0); 2]);
    for (_, counts) in conversations {
        let [n_before, n_after] = [counts.before[1], counts.after[1]].map(|turns| turns as f64);
        let one = (n_before / of_before).max(n_after / of_after);
        (weight, squares) = (weight + one, squares + one * one);
        let raises = (counts.after[0] as f64 - after * n_after) / of_after
            - (counts.before[0] as f64 - before * n_before) / of_before;
        if raises.abs() > 1e-12 {
            let (number, by) = &mut moved[usize::from(raises < 0.0)];
            (*number, *by) = (*number + 1, *by + raises.abs());
        }
    }
    // Long conversations count for more, so that all of them are worth fewer.
    let worth = ((weight * weight / squares) as u64).max(1);
    let distances = moved.map(|(number, by)| {
        if number == 0 {
            return (0.0, binomial::upper(0, worth, TAIL));
        }
        let number = (number * worth).div_ceil(conversations.len() as u64).min(worth);
        let (rate, all) = (number as f64 / worth as f64, by);
        let low = rate - binomial::lower(number, worth, TAIL);
        let high = binomial::upper(number, worth, TAIL) - rate;
        (all / rate * low, all / rate * high)
    });
    let [(raised_less, raised_more), (lowered_less, lowered_more)] = distances;
    (value - raised_less.hypot(lowered_more), value + raised_more.hypot(lowered_less))
}

/// The number whose cumulative share in Poisson's distribution with mean 1 reaches `share` first.
fn poisson(share: f64) -> u64 {
    let (mut times, mut part) = (0, NEVER);
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

    fn paired(conversations: impl IntoIterator<Item = PairedCounts>, seed: u64) -> PairedShare {
        PairedShare::of_each(&[(0..).zip(conversations).collect()], seed).remove(0)
    }

    #[test]
    fn what_does_not_change_differs_by_nothing_that_its_conversations_could_show() {
        let all = [counts([1, 1], [1, 1]), counts([0, 1], [0, 1])];
        let share = paired(all, 1);
        assert_eq!((share.before, share.after), ([1, 2], [1, 2]));
        let difference = share.difference.unwrap();
        // No change among two conversations: 1 − .025^(1/2).
        let bound = 1.0 - 0.025_f64.sqrt();
        assert_eq!(difference.value, 0.0);
        assert!((difference.low + bound).abs() < 1e-9 && (difference.high - bound).abs() < 1e-9);
        assert_eq!(paired([counts([0, 0], [1, 1])], 1).difference, None);
    }

    #[test]
    fn the_interval_of_two_perfect_shares_has_a_width() {
        let all = (0..70).map(|at| counts(if at < 50 { [1, 1] } else { [0, 0] }, [1, 1]));
        let difference = paired(all, 1).difference.unwrap();
        assert_eq!(difference.value, 0.0);
        assert!(difference.low < -0.04 && difference.high > 0.04, "{difference:?}");
    }

    /// Few conversations change, or none: a bootstrap alone would hold the truth far too seldom.
    #[test]
    fn the_interval_covers_the_truth_where_changes_are_rare() {
        const TRIALS: u64 = 400;
        for changes in [0.0, 0.01, 0.02, 0.05] {
            for right in [0.6, 0.95] {
                let covered = (0..TRIALS).filter(|trial| {
                    let mut random = Random::with_seed(*trial);
                    let conversations: Vec<PairedCounts> = (0..100)
                        .map(|_| {
                            let turns = random.u64(1..4);
                            let is_right = random.f64() < right;
                            let is_mended = !is_right && random.f64() < changes / (1.0 - right);
                            let after = is_right || is_mended;
                            counts([u64::from(is_right) * turns, turns], [u64::from(after) * turns, turns])
                        })
                        .collect();
                    let difference = paired(conversations, 7).difference.expect("both sides have turns");
                    (difference.low..=difference.high).contains(&changes)
                });
                let share = covered.count() as f64 / TRIALS as f64;
                assert!(share >= 0.93, "{changes} change, {right} are right: {share}");
            }
        }
    }

    #[test]
    fn figures_do_not_depend_on_those_beside_them() {
        let figure: FigureCounts =
            (0..40).map(|at| (at, counts([u64::from(at % 3 == 0), 1], [1, 1]))).collect();
        let one = PairedShare::of_each(std::slice::from_ref(&figure), 3).remove(0);
        let other = PairedShare::of_each(&[figure.clone(), figure[..0].to_vec(), figure], 3);
        assert_eq!((other[0], other[2], other[1].difference), (one, one, None));
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
            let difference = paired(conversations, 7).difference.expect("both sides have turns");
            covered += u64::from((difference.low..=difference.high).contains(&0.1));
        }
        let share = covered as f64 / trials as f64;
        assert!((0.9..=0.99).contains(&share), "{share}");
    }
}

//! Synthetic populations, draws, and how far a rate over so many trials may be off.

use rejoinder_core::random::Random;

/// Draws for each promise.
pub const TRIALS: u64 = 1_000;

/// The error probability promised in all of these tests.
pub const DELTA: f64 = 0.05;

/// δ plus three standard errors of a rate over [`TRIALS`]: a rate of exactly δ is above it in one of 500 tests;
/// the seeds are fixed, so a test that passes keeps passing.
pub fn most_misses() -> f64 {
    DELTA + 3.0 * (DELTA * (1.0 - DELTA) / TRIALS as f64).sqrt()
}

/// The share of [`TRIALS`] in which `broken` says that the promise was broken.
pub fn rate(mut broken: impl FnMut(u64) -> bool) -> f64 {
    (0..TRIALS).filter(|&trial| broken(trial)).count() as f64 / TRIALS as f64
}

#[derive(Clone, Copy, Debug)]
pub struct Unit {
    pub score: f64,
    pub positive: bool,
}

/// How a population is made. A positive's score is the largest of three uniform numbers, a negative's the smallest of two
/// (AUC 0.9); then what is wrong with the score is done to it.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    pub units: usize,
    /// Share of positives.
    pub positive: f64,
    /// Share of positives whose score is a negative's.
    pub invisible: f64,
    /// Share of units, positive or not, that a rule rejects explicitly.
    pub rejected: f64,
    /// How many different scores there are; 0: as many as floats.
    pub levels: u32,
}

pub const CLEAN: Recipe = Recipe { units: 10_000, positive: 0.3, invisible: 0.0, rejected: 0.0, levels: 0 };

impl Recipe {
    pub fn make(self, rng: &mut Random) -> Vec<Unit> {
        (0..self.units).map(|_| self.unit(rng)).collect()
    }

    fn unit(self, rng: &mut Random) -> Unit {
        let positive = rng.f64() < self.positive;
        let looks_positive = positive && rng.f64() >= self.invisible;
        let mut score =
            if looks_positive { rng.f64().max(rng.f64()).max(rng.f64()) } else { rng.f64().min(rng.f64()) };
        if self.levels > 0 {
            score = (score * f64::from(self.levels)).floor() / f64::from(self.levels);
        }
        if rng.f64() < self.rejected {
            score = f64::NEG_INFINITY;
        }
        Unit { score, positive }
    }
}

/// Brings a uniform draw of `count` without replacement to the front of `items` and returns it with the rest.
pub fn draw<'a, T>(items: &'a mut [T], count: usize, rng: &mut Random) -> (&'a mut [T], &'a mut [T]) {
    for i in 0..count {
        items.swap(i, rng.usize(i..items.len()));
    }
    items.split_at_mut(count)
}

/// Scores of the positives among `units`.
pub fn positives(units: &[Unit]) -> Vec<f64> {
    units.iter().filter(|u| u.positive).map(|u| u.score).collect()
}

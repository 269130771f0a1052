//! Tails of draws without replacement, and exact bounds of how many positives a finite population holds.
//!
//! Corpora can be small beside their samples, and a sample of half a population says more about it than as many draws from
//! an endless one. These bounds are exact for uniform draws without replacement, no looser than the binomial ones (rounded
//! to whole units), and need no case of their own for a stratum that was sampled whole: its bound is its count.
//!
//! X ~ Hypergeometric(N, K, m): positives among m units drawn from N units, K of them positive,
//! P(X = x) = C(K, x)·C(N−K, m−x) / C(N, m).

use crate::binomial::{check_sample, sum};
use crate::density::binomial_density;

/// A population and a uniform sample drawn from it without replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// N, units in the population.
    pub units: u64,
    /// K, positives among them.
    pub positives: u64,
    /// m, units drawn.
    pub drawn: u64,
}

impl Draw {
    /// P(X = x); 0 where x is impossible.
    ///
    /// By Loader's identity as a ratio of binomial densities with p = m/N, which keeps their precision.
    ///
    /// # Panics
    /// When there are more positives or drawn units than units.
    pub fn exactly(self, x: u64) -> f64 {
        let (least, most) = self.range();
        if x < least || x > most {
            return 0.0;
        }
        let p = self.drawn as f64 / self.units.max(1) as f64;
        binomial_density(x, self.positives, p)
            * binomial_density(self.drawn - x, self.units - self.positives, p)
            / binomial_density(self.drawn, self.units, p)
    }

    /// P(X ≤ x).
    ///
    /// # Panics
    /// When there are more positives or drawn units than units.
    pub fn at_most(self, x: u64) -> f64 {
        let (least, most) = self.range();
        if x < least {
            0.0
        } else if x >= most {
            1.0
        } else if x as f64 <= self.mean() {
            self.sum_down(x)
        } else {
            1.0 - self.sum_up(x + 1)
        }
    }

    /// P(X ≥ x).
    ///
    /// # Panics
    /// When there are more positives or drawn units than units.
    pub fn at_least(self, x: u64) -> f64 {
        let (least, most) = self.range();
        if x <= least {
            1.0
        } else if x > most {
            0.0
        } else if x as f64 >= self.mean() {
            self.sum_up(x)
        } else {
            1.0 - self.sum_down(x - 1)
        }
    }

    /// The least and the greatest x that can be drawn.
    fn range(self) -> (u64, u64) {
        assert!(self.positives <= self.units && self.drawn <= self.units, "{self:?} is no draw");
        (self.drawn.saturating_sub(self.units - self.positives), self.drawn.min(self.positives))
    }

    fn mean(self) -> f64 {
        self.drawn as f64 * (self.positives as f64 / self.units as f64)
    }

    /// Negatives that stay undrawn when i positives are drawn.
    fn left(self, i: u64) -> u64 {
        self.units - self.positives + i - self.drawn
    }

    fn sum_down(self, x: u64) -> f64 {
        let ratio = |i: u64| {
            i as f64 / (self.positives - i + 1) as f64 * (self.left(i) as f64 / (self.drawn - i + 1) as f64)
        };
        sum(self.exactly(x), (self.range().0 + 1..=x).rev().map(ratio))
    }

    fn sum_up(self, x: u64) -> f64 {
        let ratio = |i: u64| {
            (self.positives - i) as f64 / (i + 1) as f64 * ((self.drawn - i) as f64 / self.left(i + 1) as f64)
        };
        sum(self.exactly(x), (x..self.range().1).map(ratio))
    }
}

/// Upper confidence bound of the positives among `units`, when `drawn` of them hold `x`: the largest K with
/// P(X ≤ x; K) > δ. The true number is above it in at most δ of samples.
///
/// Always between `x` (all were drawn) and `units − (drawn − x)` (all that could be).
///
/// # Panics
/// When `x > drawn`, `drawn > units`, or `delta` is outside (0, 1).
pub fn most(x: u64, drawn: u64, units: u64, delta: f64) -> u64 {
    check_sample(x, drawn, delta);
    assert!(drawn <= units, "{drawn} drawn from only {units}");
    // P(X ≤ x; K) falls as K grows, from 1 at K = x.
    let (mut low, mut high) = (x, units - (drawn - x));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if (Draw { units, positives: middle, drawn }).at_most(x) > delta {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Lower confidence bound of the positives among `units`, when `drawn` of them hold `x`: the smallest K with
/// P(X ≥ x; K) > δ. The true number is below it in at most δ of samples.
///
/// # Panics
/// When `x > drawn`, `drawn > units`, or `delta` is outside (0, 1).
pub fn least(x: u64, drawn: u64, units: u64, delta: f64) -> u64 {
    // At least K are positive exactly when at most N − K are not.
    check_sample(x, drawn, delta);
    units - most(drawn - x, drawn, units, delta)
}

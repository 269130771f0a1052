//! Weights of hashed n-grams, one row of a byte a head for each bucket.

use std::fmt;

use crate::heads::{HEADS, PerHead};

/// log₂ of the number of buckets.
pub(crate) const BITS: u32 = 16;
/// Number of buckets.
pub(crate) const BUCKETS: usize = 1 << BITS;

/// A linear model of all heads.
#[derive(Clone, PartialEq)]
pub(crate) struct Linear {
    pub(crate) weights: Vec<[i8; HEADS]>,
    /// What a unit of a weight is worth.
    pub(crate) scale: PerHead,
    pub(crate) bias: PerHead,
}

/// Numbers by the ten thousand tell a reader nothing.
impl fmt::Debug for Linear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Linear({})", self.weights.len())
    }
}

impl Linear {
    /// The log-odds of each head for a turn with n-grams in these buckets.
    pub(crate) fn eval(&self, buckets: &[u32]) -> PerHead {
        let mut sums = [0_i32; HEADS];
        for &bucket in buckets {
            for (sum, &weight) in sums.iter_mut().zip(&self.weights[bucket as usize]) {
                *sum += i32::from(weight);
            }
        }
        let norm = norm(buckets.len());
        std::array::from_fn(|k| self.bias[k] + sums[k] as f32 * self.scale[k] * norm)
    }
}

/// The value that each of `n` n-grams has.
pub(crate) fn norm(n: usize) -> f32 {
    1.0 / (n.max(1) as f32).sqrt()
}

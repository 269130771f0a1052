//! Fits the weights of the n-grams: logistic regression of all heads by AdaGrad, in an order drawn from the seed.

use rejoinder_core::random::SplitMix64;

use crate::features::Buckets;
use crate::heads::{HEADS, PerHead};
use crate::model::linear::{BUCKETS, Linear, norm};

/// Rows of buckets, one behind the other.
#[derive(Clone, Debug)]
pub(crate) struct Sparse {
    starts: Vec<u32>,
    of_text: Vec<u32>,
    buckets: Vec<u32>,
}

impl Default for Sparse {
    fn default() -> Self {
        Self { starts: vec![0], of_text: Vec::new(), buckets: Vec::new() }
    }
}

impl Sparse {
    pub(crate) fn row(&self, row: usize) -> Buckets<'_> {
        let all = &self.buckets[self.starts[row] as usize..self.starts[row + 1] as usize];
        Buckets::new(all, self.of_text[row] as usize)
    }

    pub(crate) fn push(&mut self, buckets: Buckets<'_>) {
        self.buckets.extend_from_slice(buckets.all);
        self.of_text.push(buckets.of_text().len() as u32);
        self.starts.push(u32::try_from(self.buckets.len()).expect("fewer than 2³² n-grams"));
    }
}

/// How weights are fitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FitOptions {
    pub(crate) epochs: usize,
    pub(crate) rate: f32,
    pub(crate) ridge: f32,
    /// What the squares of earlier gradients are taken to sum up to: the larger, the slower the first steps.
    pub(crate) inertia: f32,
    pub(crate) seed: u64,
}

/// Fits weights to the rows in `rows`: `of` gives the buckets of a row, and `logits` the log-odds to which the weights add.
pub(crate) fn fit<'s>(
    of: impl Fn(usize) -> &'s [u32],
    logits: impl Fn(usize) -> PerHead,
    rows: &[u32],
    targets: &[PerHead],
    weights: &[f32],
    how: &FitOptions,
) -> Linear {
    let mut w = vec![[0.0_f32; HEADS]; BUCKETS];
    let mut seen = vec![[how.inertia; HEADS]; BUCKETS];
    let (mut bias, mut bias_seen) = ([0.0_f32; HEADS], [how.inertia; HEADS]);
    let mut order = rows.to_vec();
    let mut random = SplitMix64::with_seed(how.seed);
    let mut mean = vec![[0.0_f32; HEADS]; BUCKETS];
    let mut mean_bias = [0.0_f32; HEADS];
    let averaged = how.epochs.div_ceil(2);
    for epoch in 0..how.epochs {
        let n = order.len();
        random.choose(&mut order, n);
        for &row in &order {
            let buckets = of(row as usize);
            let value = norm(buckets.len());
            let mut z = [0.0_f32; HEADS];
            for &bucket in buckets {
                for (z, w) in z.iter_mut().zip(&w[bucket as usize]) {
                    *z += w;
                }
            }
            let (weight, before) = (weights[row as usize], logits(row as usize));
            let gradient: PerHead = std::array::from_fn(|k| {
                let p = 1.0 / (1.0 + (-(before[k] + bias[k] + z[k] * value)).exp());
                weight * (p - targets[row as usize][k])
            });
            for k in 0..HEADS {
                bias_seen[k] += gradient[k] * gradient[k];
                bias[k] -= how.rate * gradient[k] / bias_seen[k].sqrt();
            }
            for &bucket in buckets {
                let (w, seen) = (&mut w[bucket as usize], &mut seen[bucket as usize]);
                for k in 0..HEADS {
                    let g = gradient[k] * value + how.ridge * w[k];
                    seen[k] += g * g;
                    w[k] -= how.rate * g / seen[k].sqrt();
                }
            }
        }
        if epoch >= how.epochs - averaged {
            for (mean, w) in mean.iter_mut().zip(&w) {
                for k in 0..HEADS {
                    mean[k] += w[k] / averaged as f32;
                }
            }
            for k in 0..HEADS {
                mean_bias[k] += bias[k] / averaged as f32;
            }
        }
    }
    round(&mean, mean_bias)
}

/// Weights as whole numbers of one unit a head.
pub(crate) fn round(weights: &[PerHead], bias: PerHead) -> Linear {
    let mut largest = [0.0_f32; HEADS];
    for row in weights {
        for k in 0..HEADS {
            largest[k] = largest[k].max(row[k].abs());
        }
    }
    let scale = largest.map(|largest| if largest > 0.0 { largest / 127.0 } else { 1.0 });
    let whole = |row: &PerHead| std::array::from_fn(|k| (row[k] / scale[k]).round() as i8);
    Linear { weights: weights.iter().map(whole).collect(), scale, bias }
}

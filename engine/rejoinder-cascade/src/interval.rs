//! Confidence intervals of measured proportions.

/// z of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson score interval at 95 % of `successes` in `trials`, as (low, high) in [0, 1].
///
/// (p̂ + z²/2n ± z·√(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n); Wilson 1927. Without trials nothing is known: (0, 1).
///
/// ```
/// let (low, high) = rejoinder_cascade::interval::wilson(8, 10);
/// assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4);
/// ```
pub fn wilson(successes: u64, trials: u64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    wilson_of_share(successes as f64 / trials as f64, trials as f64)
}

/// The same of a share that was found in so many trials, more than 0; the number need not be whole, for trials that depend on each
/// other are worth fewer.
pub fn wilson_of_share(share: f64, trials: f64) -> (f64, f64) {
    let (p, n) = (share, trials);
    let z2 = Z * Z;
    let centre = p + z2 / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    (((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_the_point_and_shrinks_with_more_trials(trials in 1_u64..10_000, share in 0.0_f64..=1.0) {
            let successes = (trials as f64 * share) as u64;
            let (low, high) = wilson(successes, trials);
            let p = successes as f64 / trials as f64;
            prop_assert!(low <= p + 1e-12 && p <= high + 1e-12 && (0.0..=1.0).contains(&low) && high <= 1.0);
            let (low4, high4) = wilson(successes * 4, trials * 4);
            prop_assert!(high4 - low4 < high - low);
        }
    }
}

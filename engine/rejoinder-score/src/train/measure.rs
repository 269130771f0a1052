//! How good scores are: ranking, the cost of recall, and whether probabilities are what they say.

use rejoinder_cascade::curve::Ranking;

/// Turns in the order of their scores.
///
/// # Panics
/// If a score is not a number.
pub(super) fn ranked(scores: &[f32], truth: &[bool]) -> Ranking {
    let scores: Vec<f64> = scores.iter().copied().map(f64::from).collect();
    Ranking::new(&scores, truth).expect("scores are numbers")
}

const EACH: fn(usize) -> f64 = |_| 1.0;

/// Area under the ROC curve; 0.5 where all answers are alike.
pub(super) fn auc(ranking: &Ranking) -> f64 {
    ranking.auc(EACH).unwrap_or(0.5)
}

/// The share of turns, highest score first, that holds `recall` of the positives; none where there are no positives.
pub(super) fn curve_share(ranking: &Ranking, recall: f64) -> f64 {
    ranking.cut(recall, EACH).map_or(0.0, |(_, share)| share)
}

/// Expected calibration error over `BINS` bins with the same number of turns each.
pub(super) fn calibration_error(probabilities: &[f32], truth: &[bool]) -> f64 {
    const BINS: usize = 15;
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_unstable_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
    let n = order.len();
    let mut error = 0.0;
    for bin in 0..BINS {
        let rows = &order[n * bin / BINS..n * (bin + 1) / BINS];
        let said: f64 = rows.iter().map(|&i| f64::from(probabilities[i])).sum();
        let was = rows.iter().filter(|&&i| truth[i]).count() as f64;
        error += (said - was).abs();
    }
    error / n.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f32; 5] = [0.9, 0.8, 0.8, 0.2, 0.1];
    const TRUTH: [bool; 5] = [true, true, false, false, true];

    #[test]
    fn ties_count_half_in_the_auc_and_whole_in_the_curve() {
        assert!((auc(&ranked(&SCORES, &TRUTH)) - 3.5 / 6.0).abs() < 1e-12);
        assert_eq!(curve_share(&ranked(&SCORES, &TRUTH), 0.6), 0.6);
        assert_eq!(curve_share(&ranked(&SCORES, &TRUTH), 0.9), 1.0);
        assert_eq!(curve_share(&ranked(&SCORES, &TRUTH), 0.3), 0.2);
    }

    #[test]
    fn degenerate_samples_have_neutral_figures() {
        assert_eq!(auc(&ranked(&[], &[])), 0.5);
        assert_eq!(auc(&ranked(&[0.1], &[true])), 0.5);
        assert_eq!(calibration_error(&[], &[]), 0.0);
        assert_eq!(calibration_error(&[1.0; 30], &[true; 30]), 0.0);
    }
}

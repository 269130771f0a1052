//! How good scores are: ranking, the cost of recall, and whether probabilities are what they say.

/// Area under the ROC curve, ties counted half; 0.5 where all answers are alike.
pub fn auc(scores: &[f32], truth: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut rank_sum, mut yes, mut at) = (0.0, 0.0, 0);
    while at < order.len() {
        let end = at + order[at..].partition_point(|&i| scores[i] <= scores[order[at]]);
        let rank = (at + 1 + end) as f64 / 2.0;
        let hits = order[at..end].iter().filter(|&&i| truth[i]).count() as f64;
        rank_sum += rank * hits;
        yes += hits;
        at = end;
    }
    let no = scores.len() as f64 - yes;
    if yes == 0.0 || no == 0.0 { 0.5 } else { (rank_sum - yes * (yes + 1.0) / 2.0) / (yes * no) }
}

/// The share of turns, highest score first, that holds `recall` of the positives; turns with the same score go together.
pub fn curve_share(scores: &[f32], truth: &[bool], recall: f64) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let yes = truth.iter().filter(|&&t| t).count() as f64;
    let mut found = 0.0;
    for (at, &i) in order.iter().enumerate() {
        found += f64::from(u8::from(truth[i]));
        let is_last_of_ties = order.get(at + 1).is_none_or(|&next| scores[next] < scores[i]);
        if is_last_of_ties && found >= recall * yes - 1e-9 {
            return (at + 1) as f64 / scores.len() as f64;
        }
    }
    1.0
}

/// Expected calibration error over `BINS` bins with the same number of turns each.
pub fn calibration_error(probabilities: &[f32], truth: &[bool]) -> f64 {
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
        assert!((auc(&SCORES, &TRUTH) - 3.5 / 6.0).abs() < 1e-12);
        assert_eq!(curve_share(&SCORES, &TRUTH, 0.6), 0.6);
        assert_eq!(curve_share(&SCORES, &TRUTH, 0.9), 1.0);
        assert_eq!(curve_share(&SCORES, &TRUTH, 0.3), 0.2);
    }

    #[test]
    fn degenerate_samples_have_neutral_figures() {
        assert_eq!(auc(&[], &[]), 0.5);
        assert_eq!(auc(&[0.1], &[true]), 0.5);
        assert_eq!(calibration_error(&[], &[]), 0.0);
        assert_eq!(calibration_error(&[1.0; 30], &[true; 30]), 0.0);
    }
}

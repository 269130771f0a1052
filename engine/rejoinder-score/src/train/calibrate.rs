//! Makes log-odds that were never calibrated into ones that are: a line for each head, fitted on held-out turns.

/// Slope and intercept with which `sigmoid(slope · z + intercept)` fits the truth best (Platt), by Newton's method.
pub(crate) fn line(logits: &[f32], truth: &[bool]) -> (f32, f32) {
    let (mut slope, mut intercept) = (1.0_f64, 0.0_f64);
    // As if there were one more of each kind, where the scores are neutral: keeps the fit finite.
    let yes = truth.iter().filter(|&&t| t).count() as f64;
    let no = truth.len() as f64 - yes;
    let (high, low) = ((yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0));
    for _ in 0..50 {
        let (mut g, mut h) = ([1e-6 * (1.0 - slope), 0.0], [[1e-6, 0.0], [0.0, 1e-6]]);
        for (&z, &t) in logits.iter().zip(truth) {
            let z = f64::from(z);
            let p = 1.0 / (1.0 + (-(slope * z + intercept)).exp());
            let error = if t { high } else { low } - p;
            let weight = p * (1.0 - p);
            g[0] += error * z;
            g[1] += error;
            h[0][0] += weight * z * z;
            h[0][1] += weight * z;
            h[1][1] += weight;
        }
        let determinant = h[0][0] * h[1][1] - h[0][1] * h[0][1];
        if determinant <= 0.0 {
            break;
        }
        let step = [
            (h[1][1] * g[0] - h[0][1] * g[1]) / determinant,
            (h[0][0] * g[1] - h[0][1] * g[0]) / determinant,
        ];
        slope = (slope + step[0].clamp(-1.0, 1.0)).clamp(0.05, 10.0);
        intercept = (intercept + step[1].clamp(-2.0, 2.0)).clamp(-20.0, 20.0);
        if step[0].abs() + step[1].abs() < 1e-7 {
            break;
        }
    }
    (slope as f32, intercept as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overconfident_scores_are_tempered() {
        // At log-odds of ±4 three of four are right: the truth is ±1.1.
        let logits: Vec<f32> = (0..4000).map(|i| if i % 2 == 0 { 4.0 } else { -4.0 }).collect();
        let truth: Vec<bool> = (0..4000).map(|i| (i % 2 == 0) != (i % 8 >= 6)).collect();
        let (slope, intercept) = line(&logits, &truth);
        assert!((slope * 4.0 - 3.0_f32.ln()).abs() < 0.02 && intercept.abs() < 0.02, "{slope} {intercept}");
    }

    #[test]
    fn one_sided_samples_stay_finite() {
        for truth in [[true; 5], [false; 5]] {
            let (slope, intercept) = line(&[1.0, 2.0, -1.0, 0.0, 0.5], &truth);
            assert!(slope.is_finite() && intercept.is_finite());
        }
    }
}

//! The weights of the signs: a logistic model of three outcomes (no feedback, UR1, other feedback).
//!
//! Fitted on the training part of a few thousand labelled later turns of people with chat models, of those that share
//! at least half of their words with an earlier turn, with ridge regularisation. Some of the labels' borders are a
//! matter of taste (a refined request against a rephrased one), so the model stays small enough to be read. What was
//! measured and did not help in cross-validation is not here: containment either way, edit distance, code, a question
//! mark, words of insistence, a cut-off answer.

use std::fmt::Write as _;

use crate::signs::{NAMES, SignValues};

/// The probabilities of UR1 and of other feedback.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// P(UR1).
    pub rephrase: f32,
    /// P(UR2 … UR5).
    pub other: f32,
}

/// Weights of UR1 and of other feedback against none, one row a sign.
#[rustfmt::skip]
const WEIGHTS: [[f32; 2]; NAMES.len()] = [
    [ 0.496,  0.261], // log of the words
    [ 2.980,  1.173], // three-letter runs in common
    [-0.620, -1.609], // same beginning
    [-0.046, -0.981], // same end
    [-1.122, -3.042], // shorter by longer
    [-1.083, -0.575], // words exchanged
    [-1.343, -0.122], // numbers exchanged
    [ 0.122,  3.324], // begins with an objection
    [-0.629,  1.971], // an error message
    [ 1.981,  0.001], // the answer refused
    [ 0.538,  1.685], // the answer apologised
    [ 0.517, -0.498], // grew upon the latest
    [ 0.204,  1.668], // the latest, word for word
    [-0.119,  0.376], // stock phrase or menu entry
    [-0.414,  0.002], // log of the user's turns
];
const BIAS: [f32; 2] = [-1.629, 0.188];

/// Weighs the signs.
pub fn estimate(values: &SignValues) -> Estimate {
    let sum = |class: usize| {
        let weighted = values.iter().zip(&WEIGHTS).map(|(value, row)| value * row[class]);
        (BIAS[class] + weighted.sum::<f32>()).exp()
    };
    let (rephrase, other) = (sum(0), sum(1));
    let all = 1.0 + rephrase + other;
    Estimate { rephrase: rephrase / all, other: other / all }
}

/// For people: each sign that was seen, with its weight for UR1.
pub fn describe(values: &SignValues) -> String {
    let mut text = format!("UR1 from {:+.2}", BIAS[0]);
    for ((name, value), weight) in NAMES.iter().zip(values).zip(&WEIGHTS) {
        if *value != 0.0 {
            let _ = write!(text, "; {name} {value:.2} × {:+.2}", weight[0]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_is_what_is_told() {
        let mut values = SignValues::default();
        values[9] = 1.0;
        assert_eq!(describe(&values), "UR1 from -1.63; the answer refused 1.00 × +1.98");
        assert!(estimate(&values).rephrase > estimate(&SignValues::default()).rephrase);
    }
}

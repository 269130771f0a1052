//! The weights of the signs: a logistic model of three outcomes (no feedback, UR1, other feedback).
//!
//! Fitted on the training part of a few thousand labelled later turns of people with chat models, of those that
//! are at least half alike to an earlier turn, with ridge regularisation. Some of the labels' borders are a matter of
//! taste (a refined request against a rephrased one), so the model stays small enough to be read.

use crate::signs::{SIGNS, Signs};

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
const WEIGHTS: [[f32; 2]; SIGNS] = [
    [ 0.790,  0.554], // log of the number of words
    [ 3.004, -0.227], // similarity
    [ 0.700,  0.214], // grew
    [-0.845, -0.796], // words exchanged
    [-0.310, -0.618], // … and only a few
    [-1.602,  0.351], // numbers exchanged
    [-0.135,  4.096], // begins with an objection
    [-0.658,  0.358], // code
    [-1.735,  2.010], // an error message
    [-0.875, -1.237], // long
    [ 2.074,  0.654], // the answer refused
    [-0.514, -0.567], // repeated without meaning it: a stock phrase, a menu's entry, a protocol
    [ 0.316, -0.304], // like the latest turn
];
const BIAS: [f32; 2] = [-4.457, -2.211];

/// Weighs the signs.
pub fn estimate(signs: &Signs) -> Estimate {
    let sum = |class: usize| {
        let weighted = signs.iter().zip(&WEIGHTS).map(|(sign, row)| sign * row[class]);
        (BIAS[class] + weighted.sum::<f32>()).exp()
    };
    let (rephrase, other) = (sum(0), sum(1));
    let all = 1.0 + rephrase + other;
    Estimate { rephrase: rephrase / all, other: other / all }
}

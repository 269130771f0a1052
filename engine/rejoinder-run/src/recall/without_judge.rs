//! Cuts for a corpus whose feedback is found without a judge: a sample with labels says from which score on accepting is right, category
//! by category, and what recall to expect.

use std::collections::BTreeMap;

use rejoinder_cascade::DecisionReason;
use rejoinder_cascade::assumed::Resamples;
use rejoinder_core::{Answer, Category, Purpose};
use serde::Serialize;

use super::corpus::{Corpus, ScoredSample};
use super::oracle::{Oracle, OracleError};
use super::search::calibration_sample;
use super::target::JudgedTurn;

/// From which scores on turns are accepted without a judge, by a sample of the corpus.
#[derive(Clone, Debug)]
pub struct AcceptingCalibration {
    /// The sample.
    pub sample: ScoredSample,
    /// By category: from which score on; `None` where the sample shows no such score.
    pub scores: [Option<f64>; 5],
    /// What would become of the sample.
    pub outcome: AcceptedSample,
}

/// How right it is to accept turns of a sample, by what an oracle says of these turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AcceptedSample {
    /// Turns that hold wanted feedback.
    pub wanted: u64,
    /// Turns that would be accepted as something wanted, by rules, plugins or score.
    pub accepted: u64,
    /// Of these, wanted feedback with the same sign.
    pub right: u64,
    /// Turns without an answer: these count neither way.
    pub unknown: u64,
}

/// Finds the scores from which on so large a share is right in 19 of 20 resamples of a sample's conversations.
///
/// # Errors
/// If the corpus cannot be read, or the oracle is not asked to the end.
pub fn calibrate_accepting(
    corpus: &impl Corpus,
    oracle: &mut (impl Oracle + ?Sized),
    purpose: Purpose,
    precision: f64,
    size: usize,
    seed: u64,
) -> Result<AcceptingCalibration, OracleError> {
    let sample = calibration_sample(corpus, size, seed)?;
    let answers = oracle.ask(&sample.drawn())?;
    let mut numbers = BTreeMap::new();
    let mut turns: Vec<(usize, DecisionReason, JudgedTurn)> = Vec::new();
    let mut outcome = AcceptedSample::default();
    for (sampled, answer) in sample.turns.iter().zip(&answers) {
        let id = sampled.turn.row.question.id;
        let next = numbers.len();
        let conversation = *numbers.entry((id.shard, id.ordinal)).or_insert(next);
        match answer {
            Answer::Unknown => outcome.unknown += 1,
            known => {
                let judged = JudgedTurn { label: known.category(), ..sampled.before };
                turns.push((conversation, sampled.ground, judged));
            }
        }
    }
    let resamples = Resamples::new(numbers.len(), seed);
    let scores = Category::ALL.map(|category| {
        let group = turns.iter().filter(|(_, _, turn)| turn.is_open && turn.likeliest == category);
        let group: Vec<_> = group
            .map(|(conversation, _, turn)| {
                (*conversation, turn.standing, purpose.is_right(category, turn.label))
            })
            .collect();
        resamples.accepting(&group, &[precision])[0]
    });
    for (_, ground, turn) in &turns {
        let accepted = match ground {
            DecisionReason::Accepted(category) => Some(*category).filter(|category| purpose.wants(*category)),
            _ if turn.is_open => {
                let at = scores[turn.likeliest.index()];
                at.filter(|at| turn.standing >= *at).map(|_| turn.likeliest)
            }
            _ => None,
        };
        outcome.wanted += u64::from(turn.label.is_some_and(|label| purpose.wants(label)));
        outcome.accepted += u64::from(accepted.is_some());
        outcome.right += u64::from(accepted.is_some_and(|category| purpose.is_right(category, turn.label)));
    }
    Ok(AcceptingCalibration { sample, scores, outcome })
}

//! What the judge says of one turn, as far as the reply can be relied upon.

use rejoinder_core::Category;

use super::LabelProbabilities;
use crate::question::Question;

/// What the judge says of one turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The turn holds feedback.
    Feedback {
        /// The category of the feedback.
        category: Category,
        /// The first byte of the quoted span in the turn.
        start: usize,
        /// The byte after the last one of the span.
        end: usize,
    },
    /// The turn holds no feedback.
    NoFeedback,
    /// The reply could not be read, or quotes what is not in the turn, which stays undecided; the text says why.
    Unverified(String),
}

/// A finding and the turn that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnFinding {
    /// The turn's index in the conversation's messages.
    pub message_index: u32,
    /// What the judge says of the turn.
    pub finding: Finding,
    /// The probability of each answer, where the server gives it.
    pub probabilities: Option<LabelProbabilities>,
}

impl TurnFinding {
    pub(super) const fn new(message_index: u32, finding: Finding) -> Self {
        Self { message_index, finding, probabilities: None }
    }
}

/// The same reason why nothing is known, for every open turn of a question.
pub(crate) fn unverified(question: &Question, why: &str) -> Vec<TurnFinding> {
    let of = |&index: &u32| TurnFinding::new(index, Finding::Unverified(why.to_owned()));
    question.open.iter().map(of).collect()
}

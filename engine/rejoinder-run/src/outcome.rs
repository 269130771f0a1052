//! What became of a turn in the end.

use rejoinder_cascade::Decision;
use rejoinder_core::{Answer, Category};

/// What became of a turn in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnOutcome {
    /// Rules or plugins accepted the turn.
    Accepted(Category),
    /// Rules or plugins rejected the turn, or never marked it.
    Rejected,
    /// The turn waits for the judge.
    Undecided,
    /// The judge found feedback of a category, or none.
    Judged(Option<Category>),
}

impl TurnOutcome {
    /// The outcome of a decision, and of what the judge has said since.
    pub const fn new(decision: Decision, judged: Answer) -> Self {
        match (decision, judged) {
            (Decision::Accepted(category), _) => Self::Accepted(category),
            (Decision::Rejected, _) => Self::Rejected,
            (Decision::Undecided, Answer::Unknown) => Self::Undecided,
            (Decision::Undecided, known) => Self::Judged(known.category()),
        }
    }

    /// The category, if the turn was found to be feedback.
    pub const fn category(self) -> Option<Category> {
        match self {
            Self::Accepted(category) | Self::Judged(Some(category)) => Some(category),
            _ => None,
        }
    }
}

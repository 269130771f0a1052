//! The list of kinds, with their reasons and their files.

use serde::Deserialize;

use super::{advance, answer, buried, choice, exercise, requested, script, slip};
use crate::turn::Turn;

/// A kind of turn that looks like feedback and is not feedback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A bare yes or no to the question with which the assistant ended.
    Answer,
    /// A label or an entry out of what the assistant offered.
    Choice,
    /// A question with its answers to choose from, or another closed exercise, pasted anew.
    Exercise,
    /// The praise or blame belongs to a text that the user asks for.
    RequestedText,
    /// A line of a play that user and assistant act.
    Script,
    /// The user admits a slip of the user's own.
    Slip,
    /// Thanks for what is still to be done.
    Advance,
    /// Every cue stands in quoted text or code.
    Buried,
}

impl Kind {
    /// All of them, the quickest to tell first.
    pub const ALL: [Self; 8] = [
        Self::Answer,
        Self::Choice,
        Self::Exercise,
        Self::RequestedText,
        Self::Script,
        Self::Slip,
        Self::Advance,
        Self::Buried,
    ];

    /// The reasons of all kinds, in the order of [`Self::ALL`].
    pub const REASONS: [&'static str; 8] = [
        "answers the assistant's question",
        "chooses from what the assistant offered",
        "a new exercise",
        "belongs to a text that is asked for",
        "a line of a play",
        "the user's own slip",
        "thanks in advance",
        "stands in a quotation or code",
    ];

    /// Why a turn of this kind is no feedback.
    pub const fn reason(self) -> &'static str {
        Self::REASONS[self as usize]
    }

    /// Whether the turn is of this kind.
    pub fn fits(self, turn: &Turn<'_>) -> bool {
        match self {
            Self::Answer => answer::fits(turn),
            Self::Choice => choice::fits(turn),
            Self::Exercise => exercise::fits(turn),
            Self::RequestedText => requested::fits(turn),
            Self::Script => script::fits(turn),
            Self::Slip => slip::fits(turn),
            Self::Advance => advance::fits(turn),
            Self::Buried => buried::fits(turn),
        }
    }
}

//! A label, and how files write it.

use rejoinder_core::{Answer, Category};
use serde::{Deserialize, Serialize};

use super::error::LabelError;
use super::selection::TurnSelection;

/// One labelled turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// 0-based index into the conversation's messages.
    pub turn: usize,
    /// What the labeller says; [`Answer::Unknown`] if the labeller has read the turn and could not say.
    pub answer: Answer,
    /// The feedback, verbatim, where the labeller marked it.
    pub span: Option<String>,
    /// How the turn was chosen to be labelled.
    pub selection: TurnSelection,
}

/// What the category of a label may say in a file of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelWord {
    /// What the turn holds; [`Answer::Unknown`] for `unsure`: the labeller has read the turn and could not say.
    Said(Answer),
    /// `undone`: the labels that earlier lines give to the turn are taken back.
    Undone,
}

impl LabelWord {
    /// The word in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Said(Answer::Feedback(category)) => category.code(),
            Self::Said(Answer::NoFeedback) => "none",
            Self::Said(Answer::Unknown) => "unsure",
            Self::Undone => "undone",
        }
    }
}

/// A label as files write it. The label names the turn, or the exchange that the turn is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRow {
    /// 0-based index into the conversation's messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<usize>,
    /// The paper's number of the judged exchange, where `turn` is not known. The label holds for every later turn about the exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback_turn: Option<u32>,
    /// `UR1` … `UR5` as in arXiv 2407.10944, or `none`; in a file of labels also `unsure` and `undone`.
    pub category: String,
    /// The feedback, verbatim, where the labeller marked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
}

impl LabelRow {
    /// The category; `None` if somebody judged that the turn holds no feedback.
    ///
    /// # Errors
    /// If the text is neither a category nor `none`.
    pub fn category(&self) -> Result<Option<Category>, LabelError> {
        match self.category.as_str() {
            "none" => Ok(None),
            code => code.parse().map(Some).map_err(|error| LabelError::UnknownCategory {
                label: code.to_owned(),
                reason: format!("{error}"),
            }),
        }
    }

    /// What the label says in a file of labels.
    ///
    /// # Errors
    /// If the text is none of the words that such files know.
    pub fn word(&self) -> Result<LabelWord, LabelError> {
        match self.category.as_str() {
            "unsure" => Ok(LabelWord::Said(Answer::Unknown)),
            "undone" => Ok(LabelWord::Undone),
            _ => self.category().map(|category| LabelWord::Said(category.into())),
        }
    }

    /// Whether both labels name the turn in the same way, and the same turn.
    pub(super) fn names_turn_of(&self, other: &Self) -> bool {
        match (self.turn, other.turn) {
            (None, None) => self.feedback_turn == other.feedback_turn,
            (own, of_other) => own == of_other,
        }
    }

    /// Whether the label is about message `turn`, which judges exchange `exchange`.
    pub(super) fn is_about(&self, turn: usize, exchange: u32) -> bool {
        self.turn == Some(turn) || self.turn.is_none() && self.feedback_turn == Some(exchange)
    }
}

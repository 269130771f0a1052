//! A label, and how files write it.

use rejoinder_core::Category;
use serde::{Deserialize, Serialize};

use super::error::LabelError;

/// One labelled turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// 0-based index into the conversation's messages.
    pub turn: usize,
    /// The category; `None` if somebody judged that the turn holds no feedback.
    pub category: Option<Category>,
    /// The feedback, verbatim, where the labeller marked it.
    pub span: Option<String>,
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
    /// `UR1` … `UR5` as in arXiv 2407.10944, or `none`.
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

    /// Whether the label is about message `turn`, which judges exchange `exchange`.
    pub(super) fn is_about(&self, turn: usize, exchange: u32) -> bool {
        self.turn == Some(turn) || self.turn.is_none() && self.feedback_turn == Some(exchange)
    }
}

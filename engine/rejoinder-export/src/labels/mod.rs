//! Labels of conversations, for measuring and training: which turns hold which feedback.
//!
//! They stand in the records' own column `labels`, or in a file beside the corpus ([`beside`]); [`foreign`] reads those
//! that people made with other programs.

pub mod beside;
pub mod drawn;
pub mod foreign;
mod multiturn;

use rejoinder_core::{Category, Conversation};
use serde::{Deserialize, Serialize};

use rejoinder_read::Record;

/// One labelled turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// 0-based index into the conversation's messages.
    pub turn: usize,
    /// Its category; `None` = judged, and no feedback.
    pub category: Option<Category>,
    /// The feedback, verbatim, where the labeller marked it.
    pub span: Option<String>,
}

/// A label as it is written: it names the turn, or the exchange that the turn is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRow {
    /// 0-based index into the conversation's messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<usize>,
    /// The paper's number of the judged exchange, where `turn` is not known: every later turn about it is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback_turn: Option<u32>,
    /// `UR1` … `UR5` as in arXiv 2407.10944, or `none`.
    pub category: String,
    /// The feedback, verbatim, where the labeller marked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
}

impl LabelRow {
    /// The category; `None` = judged, and no feedback.
    ///
    /// # Errors
    /// If it is neither a category nor `none`.
    pub fn category(&self) -> Result<Option<Category>, String> {
        match self.category.as_str() {
            "none" => Ok(None),
            code => {
                code.parse().map(Some).map_err(|e| format!("label `{}`: {e}, or `none`", code.escape_debug()))
            }
        }
    }

    /// Whether it is about message `turn`, which judges exchange `exchange`.
    fn is_about(&self, turn: usize, exchange: u32) -> bool {
        self.turn == Some(turn) || self.turn.is_none() && self.feedback_turn == Some(exchange)
    }
}

/// The labels in the column `labels`: a list of `{"turn", "category", "span"}`, with `"none"` for a turn that was
/// judged to be no feedback. Category names follow arXiv 2407.10944 (Petrak et al. count one higher). Where there is no such
/// column, those of the data set `multiturn-feedback` in `user_feedback_category`.
///
/// # Errors
/// If the record has no labels, or they are malformed or point at no message.
pub fn read(record: &Record<'_>) -> Result<Vec<Label>, String> {
    let Some(raw) = record.column("labels") else {
        let by_turn = record.column(multiturn::COLUMN).ok_or("no `labels` in the record")?;
        return multiturn::read(by_turn.get(), &record.conversation);
    };
    let rows: Vec<LabelRow> =
        serde_json::from_str(raw.get()).map_err(|e| format!("malformed `labels`: {e}"))?;
    resolve(&rows, &record.conversation)
}

/// The labels of these rows in a conversation.
fn resolve(rows: &[LabelRow], conversation: &Conversation<'_>) -> Result<Vec<Label>, String> {
    let mut labels = Vec::with_capacity(rows.len());
    for row in rows {
        let category = row.category()?;
        let mut add = |turn| labels.push(Label { turn, category, span: row.span.clone() });
        match (row.turn, row.feedback_turn) {
            (Some(turn), _) if turn >= conversation.messages.len() => {
                return Err(format!("a label points at message {turn}, which is not there"));
            }
            (Some(turn), _) => add(turn),
            (None, Some(number)) => {
                let exchange = |turn| conversation.judged_exchange(turn).map(|exchange| exchange.number);
                let before = conversation.later_turns().filter(|&turn| exchange(turn) == Some(number));
                let count = before.map(&mut add).count();
                if count == 0 {
                    return Err(format!(
                        "a label is about exchange {number}, after which the user said nothing"
                    ));
                }
            }
            (None, None) => return Err("a label names neither `turn` nor `feedback_turn`".to_owned()),
        }
    }
    Ok(labels)
}

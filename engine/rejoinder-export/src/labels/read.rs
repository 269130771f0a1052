//! The labels of a record.

use rejoinder_core::{Answer, Conversation};
use rejoinder_read::Record;

use super::error::LabelError;
use super::label::{Label, LabelRow};
use super::multiturn;
use super::selection::TurnSelection;

/// The column that holds labels.
const COLUMN: &str = "labels";

/// The labels in the column `labels`: a list of `{"turn", "category", "span"}`, with `"none"` for a turn that was
/// judged to be no feedback. Category names follow arXiv 2407.10944 (Petrak et al. count one higher). Where there is no such
/// column, the labels of the data set `multiturn-feedback` in `user_feedback_category` are read.
///
/// # Errors
/// If the record has no labels, or a label is malformed or points at no message.
pub fn read(record: &Record<'_>) -> Result<Vec<Label>, LabelError> {
    let Some(raw) = record.column(COLUMN) else {
        let by_turn = record.column(multiturn::COLUMN).ok_or(LabelError::NoColumn)?;
        return multiturn::read(by_turn.get(), &record.conversation);
    };
    let rows: Vec<LabelRow> = serde_json::from_str(raw.get())
        .map_err(|error| LabelError::Malformed { column: COLUMN, reason: error.to_string() })?;
    let mut labels = Vec::with_capacity(rows.len());
    for row in &rows {
        let answer = row.category()?.into();
        resolve(row, answer, TurnSelection::Independent, &record.conversation, &mut labels)?;
    }
    Ok(labels)
}

/// Adds the labels that a row gives to the turns of a conversation.
pub(super) fn resolve(
    row: &LabelRow,
    answer: Answer,
    selection: TurnSelection,
    conversation: &Conversation<'_>,
    labels: &mut Vec<Label>,
) -> Result<(), LabelError> {
    let mut add = |turn| labels.push(Label { turn, answer, span: row.span.clone(), selection });
    match (row.turn, row.feedback_turn) {
        (Some(turn), _) if turn >= conversation.messages.len() => return Err(LabelError::NoMessage(turn)),
        (Some(turn), _) => add(turn),
        (None, Some(number)) => {
            let exchange = |turn| conversation.judged_exchange(turn).map(|exchange| exchange.number);
            let before = conversation.later_turns().filter(|&turn| exchange(turn) == Some(number));
            let count = before.map(&mut add).count();
            if count == 0 {
                return Err(LabelError::NoReply(number));
            }
        }
        (None, None) => return Err(LabelError::WithoutTurn),
    }
    Ok(())
}

//! The released data set of the paper.

use rejoinder_core::Category;
use rejoinder_read::JsonValuesError;
use serde_json::Value;

use super::error::{EntryError, ImportError};
use super::imported::ImportedLabels;
use super::numbering::CategoryNumbering;
use crate::labels::LabelRow;
use crate::labels::selection::TurnSelection;

/// The rows of the paper's released CSV (`conversation_id, feedback_turn, category, label`).
///
/// # Errors
/// If there is no row, a column is missing, or a row cannot be read.
pub fn read(
    rows: impl Iterator<Item = Result<Value, JsonValuesError>>,
    numbering: CategoryNumbering,
) -> Result<ImportedLabels, ImportError> {
    let mut rows = rows.peekable();
    match rows.peek() {
        Some(Ok(first)) => check_columns(first)?,
        Some(Err(_)) => {}
        None => return Err(ImportError::NoRow),
    }
    ImportedLabels::of("row", rows, |imported, row| add(imported, row, numbering))
}

fn check_columns(row: &Value) -> Result<(), ImportError> {
    let missing =
        ["conversation_id", "feedback_turn", "category"].into_iter().find(|name| row.get(name).is_none());
    let Some(column) = missing else { return Ok(()) };
    let columns: Vec<&str> =
        row.as_object().into_iter().flat_map(|row| row.keys()).map(String::as_str).collect();
    Err(ImportError::NoColumn { column, columns: columns.join(", ") })
}

fn add(imported: &mut ImportedLabels, row: &Value, numbering: CategoryNumbering) -> Result<(), EntryError> {
    let value = |name| row[name].as_str().unwrap_or_default();
    let feedback_turn = value("feedback_turn");
    let feedback_turn = feedback_turn.parse().map_err(|_| EntryError::BadTurn(feedback_turn.to_owned()))?;
    let code = value("category");
    let answer = numbering.answer(code).ok_or_else(|| EntryError::UnknownCategory(code.to_owned()))?;
    let category = answer.category().map_or("none", Category::code).to_owned();
    let label = LabelRow { turn: None, feedback_turn: Some(feedback_turn), category, span: None };
    imported.add(value("conversation_id"), TurnSelection::Independent, true, [label]);
    Ok(())
}

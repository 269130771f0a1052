//! The released data set of the paper.

use rejoinder_core::{Answer, Category};
use rejoinder_read::JsonValuesError;
use serde_json::Value;

use super::error::{EntryError, ImportError};
use super::imported::ImportedLabels;
use super::numbering::CategoryNumbering;
use crate::labels::LabelRow;
use crate::labels::selection::TurnSelection;

/// The rows of the table that the paper released (`conversation_id, feedback_turn, category, label`), as records.
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
    let feedback_turn = text(row, "feedback_turn");
    let feedback_turn = feedback_turn.parse().map_err(|_| EntryError::BadTurn(feedback_turn))?;
    let code = text(row, "category");
    let answer = numbering.answer(&code);
    let is_praise = answer.and_then(Answer::category).map(|category| category == Category::Ur5);
    let is_positive = text(row, "label").parse::<f64>().ok().map(|label| label > 0.0);
    let is_contrary = is_praise.zip(is_positive).is_some_and(|(praise, positive)| praise != positive);
    imported.contrary +=
        u64::from(is_contrary || (answer.is_none() && numbering.other().answer(&code).is_some()));
    let answer = answer.ok_or(EntryError::UnknownCategory(code))?;
    let category = answer.category().map_or("none", Category::code).to_owned();
    let label = LabelRow { turn: None, feedback_turn: Some(feedback_turn), category, span: None };
    imported.add(&text(row, "conversation_id"), TurnSelection::Independent, true, [label]);
    Ok(())
}

/// The value of a column as text: in a table of typed columns some are numbers.
fn text(row: &Value, column: &str) -> String {
    match &row[column] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

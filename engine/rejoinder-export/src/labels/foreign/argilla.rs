//! Reviewed records of Argilla.

use std::collections::BTreeMap;

use rejoinder_core::Category;
use rejoinder_read::JsonValuesError;
use serde_json::Value;

use super::error::{EntryError, ImportError};
use super::imported::ImportedLabels;
use crate::labels::LabelRow;
use crate::labels::selection::TurnSelection;

/// The labels in Argilla's records, as `Dataset.records.to_json` writes them: for each turn the label that most reviewers gave.
///
/// # Errors
/// If a record cannot be read.
pub fn read(
    records: impl Iterator<Item = Result<Value, JsonValuesError>>,
) -> Result<ImportedLabels, ImportError> {
    ImportedLabels::of("record", records, add)
}

fn add(imported: &mut ImportedLabels, record: &Value) -> Result<(), EntryError> {
    if let Some((conversation_id, row)) = label(record)? {
        let selection = TurnSelection::of(record["metadata"]["drawn"].as_str());
        imported.add(conversation_id, selection, false, [row]);
    }
    Ok(())
}

/// The label of a record; `None` if nobody has reviewed the record.
fn label(record: &Value) -> Result<Option<(&str, LabelRow)>, EntryError> {
    let id = record["id"].as_str().ok_or(EntryError::NoId)?;
    let (conversation_id, turn) = id
        .rsplit_once('#')
        .and_then(|(conversation, turn)| Some((conversation, turn.parse().ok()?)))
        .ok_or_else(|| EntryError::BadId(id.to_owned()))?;
    let responses = record["responses"]["label"].as_array().map_or(&[][..], Vec::as_slice);
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    for response in responses {
        let said = response["value"].as_str().unwrap_or_default();
        let category = value(said).ok_or_else(|| EntryError::UnknownLabel(said.to_owned()))?;
        *votes.entry(category).or_default() += 1;
    }
    let Some(most) = votes.values().copied().max() else { return Ok(None) };
    let mut first = votes.into_iter().filter(|(_, count)| *count == most);
    match (first.next(), first.next()) {
        (Some((category, _)), None) => {
            let row = LabelRow { turn: Some(turn), feedback_turn: None, category, span: None };
            Ok(Some((conversation_id, row)))
        }
        _ => Err(EntryError::Disagreement),
    }
}

/// A category, or `none` in any case.
fn value(text: &str) -> Option<String> {
    if text.eq_ignore_ascii_case("none") {
        return Some("none".to_owned());
    }
    text.parse::<Category>().ok().map(|category| category.code().to_owned())
}

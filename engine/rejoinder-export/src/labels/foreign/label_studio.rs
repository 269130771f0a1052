//! Annotated tasks of Label Studio.

use std::collections::BTreeMap;

use rejoinder_core::Category;
use rejoinder_read::JsonValuesError;
use serde_json::Value;

use super::error::{EntryError, ImportError};
use super::imported::ImportedLabels;
use crate::labels::LabelRow;
use crate::labels::selection::TurnSelection;

/// The order of the categories: if several apply to one turn, the first counts.
const PRIORITY: [Category; 5] = [Category::Ur2, Category::Ur3, Category::Ur4, Category::Ur1, Category::Ur5];

/// The labels in Label Studio's tasks, as the JSON export writes them: the latest annotation of each dialogue.
///
/// # Errors
/// If a task cannot be read.
pub fn read(
    tasks: impl Iterator<Item = Result<Value, JsonValuesError>>,
) -> Result<ImportedLabels, ImportError> {
    ImportedLabels::of("task", tasks, add)
}

fn add(imported: &mut ImportedLabels, task: &Value) -> Result<(), EntryError> {
    if let Some((conversation_id, rows)) = labels(task)? {
        let selection = TurnSelection::of(task["data"]["drawn"].as_str());
        imported.add(conversation_id, selection, true, rows);
    }
    Ok(())
}

/// The labels of a task; `None` if nobody has annotated the task.
fn labels(task: &Value) -> Result<Option<(&str, Vec<LabelRow>)>, EntryError> {
    let conversation_id = task["data"]["conversation_id"].as_str().ok_or(EntryError::NoConversation)?;
    let annotations = task["annotations"].as_array().map_or(&[][..], Vec::as_slice);
    let counts = |annotation: &&Value| annotation["was_cancelled"].as_bool() != Some(true);
    let Some(annotation) = annotations.iter().rfind(counts) else { return Ok(None) };
    let mut turns: BTreeMap<usize, (usize, Option<&str>)> = BTreeMap::new();
    for result in annotation["result"].as_array().map_or(&[][..], Vec::as_slice) {
        let region = &result["value"];
        let Some(labels) = region["paragraphlabels"].as_array() else { continue };
        let turn = paragraph(&region["start"]).ok_or(EntryError::NoMessage)?;
        for label in labels.iter().filter_map(Value::as_str) {
            let rank = label.parse().ok().and_then(|category| PRIORITY.iter().position(|c| *c == category));
            let rank = rank.ok_or_else(|| EntryError::UnknownLabel(label.to_owned()))?;
            let best = turns.entry(turn).or_insert((rank, region["text"].as_str()));
            if rank < best.0 {
                *best = (rank, region["text"].as_str());
            }
        }
    }
    let row = |(turn, (rank, span)): (usize, (usize, Option<&str>))| LabelRow {
        turn: Some(turn),
        feedback_turn: None,
        category: PRIORITY[rank].code().to_owned(),
        span: span.map(str::to_owned),
    };
    Ok(Some((conversation_id, turns.into_iter().map(row).collect())))
}

/// Paragraphs are numbered by text or by number.
fn paragraph(start: &Value) -> Option<usize> {
    match start {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| usize::try_from(number).ok()),
    }
}

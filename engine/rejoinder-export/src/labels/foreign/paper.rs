//! The data set that the paper released.

use serde_json::Value;

use super::super::drawn::Drawn;
use super::{Imported, LabelRow, Numbering};

pub(super) fn check_columns(row: &Value) -> Result<(), String> {
    let missing =
        ["conversation_id", "feedback_turn", "category"].into_iter().find(|name| row.get(name).is_none());
    let Some(missing) = missing else { return Ok(()) };
    let found: Vec<&str> =
        row.as_object().into_iter().flat_map(|row| row.keys()).map(String::as_str).collect();
    Err(format!("it has no column `{missing}`; it has {}", found.join(", ").escape_debug()))
}

pub(super) fn add(imported: &mut Imported, row: &Value, numbering: Numbering) -> Result<(), String> {
    let value = |name| row[name].as_str().unwrap_or_default();
    let feedback_turn = value("feedback_turn");
    let feedback_turn = feedback_turn
        .parse()
        .map_err(|_| format!("the feedback_turn `{}` is no number", feedback_turn.escape_debug()))?;
    let category = numbering
        .category(value("category"))
        .ok_or_else(|| format!("the category `{}` is not known", value("category").escape_debug()))?
        .map_or("none", |category| category.code())
        .to_owned();
    let label = LabelRow { turn: None, feedback_turn: Some(feedback_turn), category, span: None };
    imported.add(value("conversation_id"), Drawn::Whole, true, [label]);
    Ok(())
}

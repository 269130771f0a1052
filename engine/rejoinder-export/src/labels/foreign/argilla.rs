//! Reviewed records of Argilla.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::drawn::Drawn;
use super::{Imported, LabelRow, value};

pub(super) fn add(imported: &mut Imported, record: &Value) -> Result<(), String> {
    if let Some((conversation_id, row)) = label(record)? {
        let drawn = Drawn::of(record["metadata"]["drawn"].as_str());
        imported.add(conversation_id, drawn, false, [row]);
    }
    Ok(())
}

/// The label of a record; `None` if nobody has reviewed it.
fn label(record: &Value) -> Result<Option<(&str, LabelRow)>, String> {
    let id = record["id"].as_str().ok_or("it has no id")?;
    let (conversation_id, turn) = id
        .rsplit_once('#')
        .and_then(|(conversation, turn)| Some((conversation, turn.parse().ok()?)))
        .ok_or_else(|| format!("its id `{}` is not CONVERSATION#MESSAGE", id.escape_debug()))?;
    let responses = record["responses"]["label"].as_array().map_or(&[][..], Vec::as_slice);
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    for response in responses {
        let said = response["value"].as_str().unwrap_or_default();
        let category =
            value(said).ok_or_else(|| format!("the label `{}` is not known", said.escape_debug()))?;
        *votes.entry(category).or_default() += 1;
    }
    let Some(most) = votes.values().copied().max() else { return Ok(None) };
    let mut first = votes.into_iter().filter(|(_, count)| *count == most);
    match (first.next(), first.next()) {
        (Some((category, _)), None) => {
            let row = LabelRow { turn: Some(turn), feedback_turn: None, category, span: None };
            Ok(Some((conversation_id, row)))
        }
        _ => Err("its reviewers do not agree".to_owned()),
    }
}

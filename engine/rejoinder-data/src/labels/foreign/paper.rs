//! The data set that the paper released.

use serde::Deserialize;

use super::super::drawn::Drawn;
use super::{Imported, LabelRow, Numbering};

#[derive(Deserialize)]
struct Row {
    conversation_id: String,
    feedback_turn: u32,
    category: String,
}

pub(super) fn read(csv: &[u8], numbering: Numbering) -> Result<Imported, String> {
    let mut reader = csv::Reader::from_reader(csv);
    let headers = reader.headers().map_err(|e| e.to_string())?;
    for column in ["conversation_id", "feedback_turn", "category"] {
        if headers.iter().all(|name| name != column) {
            let found = headers.iter().collect::<Vec<_>>().join(", ");
            return Err(format!("it has no column `{column}`; it has {}", found.escape_debug()));
        }
    }
    let mut imported = Imported::default();
    for (number, row) in reader.deserialize::<Row>().enumerate() {
        let read = row.map_err(|e| e.to_string()).and_then(|row| {
            let category = numbering.category(&row.category);
            let category = category
                .ok_or_else(|| format!("the category `{}` is not known", row.category.escape_debug()))?;
            Ok((row, category.map_or("none", |category| category.code()).to_owned()))
        });
        match read {
            Ok((row, category)) => imported.add(
                &row.conversation_id,
                Drawn::Whole,
                true,
                [LabelRow { turn: None, feedback_turn: Some(row.feedback_turn), category, span: None }],
            ),
            Err(why) => imported.left_out.push(format!("row {}: {why}", number + 1)),
        }
    }
    Ok(imported)
}

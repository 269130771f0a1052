//! Labels that stand beside the conversations of a corpus, for measuring: which turns hold which feedback.

use rejoinder_core::Category;
use serde::Deserialize;

use crate::record::Record;

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

#[derive(Deserialize)]
struct Row {
    turn: usize,
    category: String,
    #[serde(default)]
    span: Option<String>,
}

/// The labels in the column `labels`: a list of `{"turn", "category", "span"}`, with `"none"` for a turn that was
/// judged to be no feedback. Category names follow arXiv 2407.10944 (Petrak et al. count one higher).
///
/// # Errors
/// If the record has no labels, or they are malformed or point at no message.
pub fn read(record: &Record<'_>) -> Result<Vec<Label>, String> {
    let raw = record.column("labels").ok_or("no `labels` in the record")?;
    let rows: Vec<Row> = serde_json::from_str(raw.get()).map_err(|e| format!("malformed `labels`: {e}"))?;
    rows.into_iter()
        .map(|row| {
            let category = match row.category.as_str() {
                "none" => None,
                code => Some(
                    code.parse().map_err(|e| format!("label `{}`: {e}, or `none`", code.escape_debug()))?,
                ),
            };
            if row.turn >= record.conversation.messages.len() {
                return Err(format!("a label points at message {}, which is not there", row.turn));
            }
            Ok(Label { turn: row.turn, category, span: row.span })
        })
        .collect()
}

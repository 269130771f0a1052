//! Labels that people made with other programs.

mod argilla;
mod label_studio;
mod paper;
mod petrak;

use std::collections::BTreeMap;

use rejoinder_core::Category;
use serde_json::Value;

use super::LabelRow;
use super::beside::Labelled;
use super::drawn::Drawn;

pub use petrak::{Dialogue, read as petrak};

/// What a foreign file says, and what of it cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    by_id: BTreeMap<String, Labelled>,
    /// Where something was left out, and why.
    pub left_out: Vec<String>,
}

impl Imported {
    /// Adds labels of turns that were chosen so; `complete` says that all turns that are not listed are no feedback.
    fn add(
        &mut self,
        conversation_id: &str,
        drawn: Drawn,
        complete: bool,
        labels: impl IntoIterator<Item = LabelRow>,
    ) {
        let conversation_id = conversation_id.to_owned();
        let entry = self.by_id.entry(conversation_id.clone()).or_insert(Labelled {
            conversation_id,
            drawn,
            complete,
            labels: Vec::new(),
        });
        entry.labels.extend(labels);
        entry.drawn = entry.drawn.max(drawn);
    }

    /// The labels, by conversation.
    pub fn rows(self) -> impl Iterator<Item = Labelled> {
        self.by_id.into_values()
    }
}

/// Which numbers a file calls the categories by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// Those of arXiv 2407.10944.
    Paper,
    /// Those of Petrak et al. 2023, one higher; UR1 is there to ignore the error and go on. Old copies of the paper's data
    /// set use them, with UR6 for praise.
    Petrak,
}

impl Numbering {
    /// The category that a file calls `code`; `None` = no feedback.
    fn category(self, code: &str) -> Option<Option<Category>> {
        let number: u8 = code.trim().strip_prefix("UR")?.parse().ok()?;
        match (self, number) {
            (Self::Paper, _) => Some(Some(Category::from_number(number)?)),
            (Self::Petrak, 1) => Some(None),
            (Self::Petrak, _) => Some(Some(Category::from_number(number.checked_sub(1)?)?)),
        }
    }
}

/// Argilla's records, as `Dataset.records.to_json` writes them: what most reviewers said of each turn.
///
/// # Errors
/// If the file is no such list.
pub fn argilla(json: &str) -> Result<Imported, String> {
    argilla::read(&list(json)?)
}

/// Label Studio's tasks, as its JSON export writes them: the latest annotation of each dialogue.
///
/// # Errors
/// If the file is no such list.
pub fn label_studio(json: &str) -> Result<Imported, String> {
    label_studio::read(&list(json)?)
}

/// The paper's released CSV (`conversation_id, feedback_turn, category, label`).
///
/// # Errors
/// If the columns are not there.
pub fn paper(csv: &[u8], numbering: Numbering) -> Result<Imported, String> {
    paper::read(csv, numbering)
}

fn list(json: &str) -> Result<Vec<Value>, String> {
    serde_json::from_str(json).map_err(|e| format!("expected a JSON array: {e}"))
}

/// A category, or `none` in any case.
fn value(text: &str) -> Option<String> {
    if text.eq_ignore_ascii_case("none") {
        return Some("none".to_owned());
    }
    text.parse::<Category>().ok().map(|category| category.code().to_owned())
}

#[cfg(test)]
mod tests;

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
    /// What of it cannot be used.
    pub left_out: LeftOut,
}

/// How much was left out, and where and why the first was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many.
    pub count: u64,
    /// The first; empty where there is none.
    pub first: String,
}

impl LeftOut {
    /// Counts `count` more; `first` says which is the first of them.
    pub fn add(&mut self, count: u64, first: impl FnOnce() -> String) {
        if self.count == 0 && count > 0 {
            self.first = first();
        }
        self.count += count;
    }
}

impl Imported {
    /// What `add` takes from each record; those that it refuses are left out, each as a `name` with its number.
    fn of(
        name: &str,
        records: impl Iterator<Item = Result<Value, String>>,
        mut add: impl FnMut(&mut Self, &Value) -> Result<(), String>,
    ) -> Result<Self, String> {
        let mut imported = Self::default();
        for (number, record) in (1..).zip(records) {
            if let Err(why) = add(&mut imported, &record?) {
                imported.left_out.add(1, || format!("{name} {number}: {why}"));
            }
        }
        Ok(imported)
    }

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
/// The first error among the records.
pub fn argilla(records: impl Iterator<Item = Result<Value, String>>) -> Result<Imported, String> {
    Imported::of("record", records, argilla::add)
}

/// Label Studio's tasks, as its JSON export writes them: the latest annotation of each dialogue.
///
/// # Errors
/// The first error among the tasks.
pub fn label_studio(tasks: impl Iterator<Item = Result<Value, String>>) -> Result<Imported, String> {
    Imported::of("task", tasks, label_studio::add)
}

/// The rows of the paper's released CSV (`conversation_id, feedback_turn, category, label`).
///
/// # Errors
/// The first error among the rows; if there is none, or the columns are not there.
pub fn paper(
    rows: impl Iterator<Item = Result<Value, String>>,
    numbering: Numbering,
) -> Result<Imported, String> {
    let mut rows = rows.peekable();
    match rows.peek() {
        Some(Ok(first)) => paper::check_columns(first)?,
        Some(Err(_)) => {}
        None => return Err("it has no row".to_owned()),
    }
    Imported::of("row", rows, |imported, row| paper::add(imported, row, numbering))
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

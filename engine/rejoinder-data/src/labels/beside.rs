//! Labels in a file beside the corpus, joined by the conversation's id: the corpus is never rewritten.

use std::collections::HashMap;

use rejoinder_core::Category;
use serde::{Deserialize, Serialize};

use super::{Label, LabelRow, resolve};
use rejoinder_read::Record;

/// A line of the file: the labels of one conversation, in all of which every turn that is not listed was judged to be no
/// feedback, unless the reader is told otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// The conversation.
    pub conversation_id: String,
    /// Its labels.
    pub labels: Vec<LabelRow>,
}

/// The labels of a corpus.
#[derive(Clone, Debug, Default)]
pub struct SideCar {
    by_id: HashMap<String, Vec<LabelRow>>,
}

impl SideCar {
    /// Reads the lines of a file. Several lines about one conversation add up.
    ///
    /// # Errors
    /// If a line is malformed: its number and what is wrong with it.
    pub fn new(lines: &str) -> Result<Self, String> {
        let mut by_id: HashMap<String, Vec<LabelRow>> = HashMap::new();
        for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at = |why: String| format!("line {}: {why}", number + 1);
            let row: Labelled = serde_json::from_str(line).map_err(|e| at(e.to_string()))?;
            for label in &row.labels {
                label.category().map_err(at)?;
            }
            by_id.entry(row.conversation_id).or_default().extend(row.labels);
        }
        Ok(Self { by_id })
    }

    /// The labels of a record.
    ///
    /// # Errors
    /// If it has none, or they do not fit the conversation.
    pub fn read(&self, record: &Record<'_>) -> Result<Vec<Label>, String> {
        let rows = self.by_id.get(&*record.conversation.id).ok_or("no labels of this conversation")?;
        resolve(rows, &record.conversation)
    }

    /// The label of message `turn` of a conversation, which judges exchange `exchange`: no feedback if the conversation is
    /// labelled and the turn is not listed; `None` if the conversation is not labelled.
    pub fn of(&self, conversation_id: &str, turn: usize, exchange: u32) -> Option<Option<Category>> {
        let rows = self.by_id.get(conversation_id)?;
        let row = rows.iter().find(|row| row.is_about(turn, exchange));
        Some(row.and_then(|row| row.category().ok().flatten()))
    }
}

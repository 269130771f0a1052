//! Labels in a file beside the corpus, joined by the conversation's id: the corpus is never rewritten.

use std::collections::HashMap;

use rejoinder_core::Category;
use serde::{Deserialize, Serialize};

use super::drawn::Drawn;
use super::{Label, LabelRow, resolve};
use rejoinder_read::Record;

/// A line of the file: the labels of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// The conversation.
    pub conversation_id: String,
    /// How its labelled turns were chosen.
    #[serde(default)]
    pub drawn: Drawn,
    /// Whether every turn that is not listed was judged to be no feedback, unless the reader is told otherwise.
    #[serde(default = "yes")]
    pub complete: bool,
    /// Its labels.
    pub labels: Vec<LabelRow>,
}

const fn yes() -> bool {
    true
}

/// The labels of one conversation.
#[derive(Clone, Debug)]
struct Entry {
    rows: Vec<LabelRow>,
    drawn: Drawn,
    complete: bool,
}

/// The labels of a corpus.
#[derive(Clone, Debug, Default)]
pub struct SideCar {
    by_id: HashMap<String, Entry>,
}

impl SideCar {
    /// Reads the lines of a file. Several lines about one conversation add up.
    ///
    /// # Errors
    /// If a line is malformed: its number and what is wrong with it.
    pub fn new(lines: &str) -> Result<Self, String> {
        let mut by_id: HashMap<String, Entry> = HashMap::new();
        for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at = |why: String| format!("line {}: {why}", number + 1);
            let row: Labelled = serde_json::from_str(line).map_err(|e| at(e.to_string()))?;
            for label in &row.labels {
                label.category().map_err(at)?;
            }
            let Labelled { conversation_id, drawn, complete, labels } = row;
            let entry = by_id.entry(conversation_id).or_insert(Entry { rows: Vec::new(), drawn, complete });
            entry.rows.extend(labels);
            // Of several draws the one that says least counts.
            entry.drawn = entry.drawn.max(drawn);
            entry.complete &= complete;
        }
        Ok(Self { by_id })
    }

    /// How many conversations have labels.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The id of one of them, the first in the order of ids.
    pub fn example(&self) -> Option<&str> {
        self.by_id.keys().min().map(String::as_str)
    }

    /// The labels of a record.
    ///
    /// # Errors
    /// If it has none, or they do not fit the conversation.
    pub fn read(&self, record: &Record<'_>) -> Result<Vec<Label>, String> {
        let entry = self.by_id.get(&*record.conversation.id).ok_or("no labels of this conversation")?;
        resolve(&entry.rows, &record.conversation)
    }

    /// How the labelled turns of a conversation were chosen, and whether those that are not listed were judged, too; `None` if
    /// it has no labels.
    pub fn draw_of(&self, conversation_id: &str) -> Option<(Drawn, bool)> {
        self.by_id.get(conversation_id).map(|entry| (entry.drawn, entry.complete))
    }

    /// The label of message `turn` of a conversation, which judges exchange `exchange`: no feedback if all of the conversation
    /// is labelled and the turn is not listed; `None` if nobody has judged it.
    pub fn of(&self, conversation_id: &str, turn: usize, exchange: u32) -> Option<Option<Category>> {
        let Entry { rows, complete, .. } = self.by_id.get(conversation_id)?;
        match rows.iter().find(|row| row.is_about(turn, exchange)) {
            Some(row) => Some(row.category().ok().flatten()),
            None => complete.then_some(None),
        }
    }
}

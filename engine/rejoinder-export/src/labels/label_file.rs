//! Labels in a file beside the corpus, joined by the id of the conversation. The corpus is never rewritten.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use rejoinder_core::Answer;
use rejoinder_read::Record;
use serde::{Deserialize, Serialize};

use super::error::LabelError;
use super::label::{Label, LabelRow};
use super::read::resolve;
use super::selection::TurnSelection;

/// A line of a file of labels: the labels of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationLabels {
    /// The id of the conversation.
    pub conversation_id: String,
    /// How the labelled turns were chosen.
    #[serde(default, rename = "drawn")]
    pub selection: TurnSelection,
    /// Whether every turn without a label was judged to hold no feedback, unless the reader is told otherwise.
    #[serde(default = "yes")]
    pub complete: bool,
    /// The labels.
    pub labels: Vec<LabelRow>,
}

const fn yes() -> bool {
    true
}

/// The labels of one conversation.
#[derive(Clone, Debug)]
struct Entry {
    rows: Vec<LabelRow>,
    selection: TurnSelection,
    complete: bool,
}

/// A file of labels, by conversation.
#[derive(Clone, Debug, Default)]
pub struct LabelFile {
    by_id: HashMap<String, Entry>,
}

impl LabelFile {
    /// Reads the lines of a file. Several lines about one conversation add up.
    ///
    /// # Errors
    /// The first line that is malformed.
    pub fn new(lines: &str) -> Result<Self, LabelFileError> {
        let mut by_id: HashMap<String, Entry> = HashMap::new();
        for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at = |error| LabelFileError { line: number + 1, error };
            let row: ConversationLabels =
                serde_json::from_str(line).map_err(|error| at(LabelError::NotJson(error.to_string())))?;
            for label in &row.labels {
                label.category().map_err(at)?;
            }
            let ConversationLabels { conversation_id, selection, complete, labels } = row;
            let entry =
                by_id.entry(conversation_id).or_insert(Entry { rows: Vec::new(), selection, complete });
            entry.rows.extend(labels);
            // Of several selections the one that says least counts.
            entry.selection = entry.selection.max(selection);
            entry.complete &= complete;
        }
        Ok(Self { by_id })
    }

    /// The number of conversations with labels.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether no conversation has labels.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The id of one conversation with labels, the first in the order of ids.
    pub fn example(&self) -> Option<&str> {
        self.by_id.keys().min().map(String::as_str)
    }

    /// The labels of a record.
    ///
    /// # Errors
    /// If the file has no labels of the record, or a label does not fit the conversation.
    pub fn read(&self, record: &Record<'_>) -> Result<Vec<Label>, LabelError> {
        let entry = self.by_id.get(&*record.conversation.id).ok_or(LabelError::NotInFile)?;
        resolve(&entry.rows, &record.conversation)
    }

    /// How the labelled turns of a conversation were chosen, and whether turns without a label were judged, too; `None` if the file
    /// has no labels of the conversation.
    pub fn selection_of(&self, conversation_id: &str) -> Option<(TurnSelection, bool)> {
        self.by_id.get(conversation_id).map(|entry| (entry.selection, entry.complete))
    }

    /// What the labels say of message `turn` of a conversation, which judges exchange `exchange`. A turn without a label holds no
    /// feedback if all of the conversation is labelled; else nobody has judged the turn.
    pub fn answer(&self, conversation_id: &str, turn: usize, exchange: u32) -> Answer {
        let Some(Entry { rows, complete, .. }) = self.by_id.get(conversation_id) else {
            return Answer::Unknown;
        };
        match rows.iter().find(|row| row.is_about(turn, exchange)) {
            Some(row) => row.category().ok().flatten().into(),
            None if *complete => Answer::NoFeedback,
            None => Answer::Unknown,
        }
    }
}

/// A line of a file of labels cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFileError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with the line.
    pub error: LabelError,
}

impl fmt::Display for LabelFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.error)
    }
}

impl Error for LabelFileError {}

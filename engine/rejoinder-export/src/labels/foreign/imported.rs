//! The labels of a foreign file, gathered by conversation.

use std::collections::BTreeMap;

use rejoinder_read::JsonValuesError;
use serde_json::Value;

use super::error::{EntryError, ImportError};
use crate::labels::LabelRow;
use crate::labels::label_file::ConversationLabels;
use crate::labels::selection::TurnSelection;

/// The labels of a foreign file, and the entries that cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedLabels {
    by_id: BTreeMap<String, ConversationLabels>,
    /// The entries that cannot be used.
    pub left_out: LeftOutEntries,
    /// Entries that fit another numbering of the categories than the file was read by: only the other one has the category, or
    /// the category is praise and the sign beside it is not, or the other way round.
    pub contrary: u64,
}

/// The entries that were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOutEntries {
    /// The number of entries.
    pub count: u64,
    /// The first entry and the reason, in words; empty where no entry was left out.
    pub first: String,
}

impl LeftOutEntries {
    /// Counts `count` more entries; `first` gives the words for the first of these.
    pub fn add(&mut self, count: u64, first: impl FnOnce() -> String) {
        if self.count == 0 && count > 0 {
            self.first = first();
        }
        self.count += count;
    }
}

impl ImportedLabels {
    /// Collects what `add` takes from each record. Records that `add` refuses are left out, and named by `name` and a number.
    pub(super) fn of(
        name: &str,
        records: impl Iterator<Item = Result<Value, JsonValuesError>>,
        mut add: impl FnMut(&mut Self, &Value) -> Result<(), EntryError>,
    ) -> Result<Self, ImportError> {
        let mut imported = Self::default();
        for (number, record) in (1..).zip(records) {
            if let Err(why) = add(&mut imported, &record?) {
                imported.left_out.add(1, || format!("{name} {number}: {why}"));
            }
        }
        Ok(imported)
    }

    /// Adds labels of turns that were chosen by `selection`; `complete` says that all turns without a label hold no feedback.
    pub(super) fn add(
        &mut self,
        conversation_id: &str,
        selection: TurnSelection,
        complete: bool,
        labels: impl IntoIterator<Item = LabelRow>,
    ) {
        let conversation_id = conversation_id.to_owned();
        let entry = self.by_id.entry(conversation_id.clone()).or_insert(ConversationLabels {
            conversation_id,
            selection,
            complete,
            labels: Vec::new(),
        });
        entry.labels.extend(labels);
        entry.selection = entry.selection.max(selection);
    }

    /// The number of labels.
    pub fn labels(&self) -> u64 {
        self.by_id.values().map(|conversation| conversation.labels.len() as u64).sum()
    }

    /// The labels, by conversation.
    pub fn rows(self) -> impl Iterator<Item = ConversationLabels> {
        self.by_id.into_values()
    }
}

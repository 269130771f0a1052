//! Which records and turns of a labelled corpus count, and what the labels say.

use rejoinder_core::Answer;
use rejoinder_export::labels::label_file::LabelFile;
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_export::labels::{self, Label, LabelError};
use rejoinder_read::Record;
use rejoinder_read::condition::Condition;
use rejoinder_scan::{ScannedBatch, ScannedConversation};

/// Where labels stand.
#[derive(Debug)]
pub enum LabelSource {
    /// In the records.
    Records,
    /// In a file beside the corpus.
    File(LabelFile),
}

impl LabelSource {
    /// The labels of a record.
    ///
    /// # Errors
    /// If there are none, or a label does not fit the conversation.
    pub fn read(&self, record: &Record<'_>) -> Result<Vec<Label>, LabelError> {
        match self {
            Self::Records => labels::read(record),
            Self::File(labels) => labels.read(record),
        }
    }
}

/// Reads the labels of a corpus.
#[derive(Debug)]
pub struct LabelReader {
    /// Whether labels are read at all; else every turn that passes the filters counts, and nothing is known of it.
    pub reads: bool,
    /// Where the labels stand.
    pub source: LabelSource,
    /// Whether the labellers read every turn, so that one without a label is no feedback.
    pub is_complete: bool,
    /// Only records for which this condition holds are read.
    pub filter: Option<Condition>,
    /// Records for which one of these conditions holds are left out.
    pub except: Vec<Condition>,
}

/// The labels of one conversation.
#[derive(Debug)]
pub struct TurnLabels {
    /// `None` where labels are not read.
    listed: Option<Vec<Label>>,
    /// How the turns that are not listed were chosen.
    unlisted: TurnSelection,
    /// Whether turns that are not listed were judged to be no feedback.
    is_complete: bool,
}

/// Records that were left out for want of labels.
#[derive(Clone, Debug, Default)]
pub struct Unlabelled {
    /// The number of records.
    pub records: u64,
    /// Where the first such record is, and why it has no labels.
    pub first: Option<String>,
}

impl LabelReader {
    /// Whether the record passes the filters: its columns are compared as text.
    pub fn admits(&self, record: &Record<'_>) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.holds(record)) && !self.is_excepted(record)
    }

    /// Whether the record is one of those that must not count.
    pub fn is_excepted(&self, record: &Record<'_>) -> bool {
        self.except.iter().any(|filter| filter.holds(record))
    }

    /// Which records count, in words.
    pub fn part(&self) -> String {
        let only = self.filter.iter().map(Condition::to_string);
        let except = self.except.iter().map(|condition| format!("without {condition}"));
        only.chain(except).collect::<Vec<_>>().join(", ")
    }

    /// The conversations of a chunk of `file` that count, with the labels of each; conversations without usable labels are noted.
    pub fn all<'a, 'c>(
        &'a self,
        scanned: &'a ScannedBatch<'c>,
        file: &'a str,
        unlabelled: &'a mut Unlabelled,
    ) -> impl Iterator<Item = (&'a ScannedConversation<'c>, TurnLabels)> {
        scanned.conversations.iter().filter_map(|one| Some((one, self.of(one, file, unlabelled)?)))
    }

    /// The labels of a conversation of `file`; `None` if the conversation does not count, because of a filter or because it has
    /// no usable labels, which is noted.
    pub fn of(
        &self,
        conversation: &ScannedConversation<'_>,
        file: &str,
        unlabelled: &mut Unlabelled,
    ) -> Option<TurnLabels> {
        let record = &conversation.record;
        if !self.admits(record) {
            return None;
        }
        if !self.reads {
            let unlisted = TurnSelection::Independent;
            return Some(TurnLabels { listed: None, unlisted, is_complete: false });
        }
        match self.source.read(record) {
            Ok(listed) => {
                let draw = match &self.source {
                    LabelSource::Records => None,
                    LabelSource::File(labels) => labels.selection_of(&record.conversation.id),
                };
                let (unlisted, is_whole) = draw.unwrap_or((TurnSelection::Independent, true));
                Some(TurnLabels { listed: Some(listed), unlisted, is_complete: is_whole && self.is_complete })
            }
            Err(why) => {
                unlabelled.add(format!("{file}:{}: {why}", conversation.ordinal + 1));
                None
            }
        }
    }
}

impl TurnLabels {
    /// Whether labels were read: else nothing is known of any turn, and all count.
    pub const fn are_read(&self) -> bool {
        self.listed.is_some()
    }

    /// The label of a later turn; [`Answer::Unknown`] if the turn does not count.
    pub fn of(&self, message_index: usize) -> Answer {
        match self.label(message_index) {
            Some(label) => label.answer,
            None if self.is_complete => Answer::NoFeedback,
            None => Answer::Unknown,
        }
    }

    /// How a later turn was chosen to be labelled.
    pub fn drawn(&self, message_index: usize) -> TurnSelection {
        self.label(message_index).map_or(self.unlisted, |label| label.selection)
    }

    fn label(&self, message_index: usize) -> Option<&Label> {
        self.listed.iter().flatten().find(|label| label.turn == message_index)
    }
}

impl Unlabelled {
    /// Adds a record.
    pub(crate) fn add(&mut self, why: String) {
        self.records += 1;
        self.first.get_or_insert(why);
    }

    /// Adds the numbers of records that come after.
    pub fn extend(&mut self, other: Self) {
        self.records += other.records;
        if self.first.is_none() {
            self.first = other.first;
        }
    }
}

//! What reading the input counts, in a scan and in an inspection alike.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use rejoinder_core::Role;
use rejoinder_read::{Chunk, QuarantinedRecord, Record};
use serde::{Deserialize, Serialize};

use crate::rule_columns::RuleColumns;

/// The most reasons of one file that are told apart: reasons may quote the data.
const REASONS: usize = 40;
/// Rows that are kept of each kind of reason, in a chunk of about a mebibyte.
const KEPT_ROWS: u64 = 200;
/// The name of all reasons beyond these.
const OTHER_REASONS: &str = "other reasons";

/// What was read, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadCounts {
    /// Conversations read, without conversations that are left out.
    pub conversations: u64,
    /// Conversations left out: fewer messages than `min-messages`.
    pub too_short: u64,
    /// Conversations left out: other languages than wanted.
    pub other_language: u64,
    /// Conversations left out, or counted by an inspection: the same conversation stands in the input before.
    pub duplicates: u64,
    /// Conversations left out: a conversation of a later night begins with all of it and has more turns.
    #[serde(skip_serializing_if = "is_zero")]
    pub superseded: u64,
    /// Calls left out: the messages stand in the conversation that is kept.
    pub repeated: u64,
    /// Calls left out: an application makes such calls for itself, or agents make them as asides.
    pub helpers: u64,
    /// Records left out: the record holds no chat.
    pub without_chat: u64,
    /// Records that were joined with others to one conversation.
    pub joined: u64,
    /// Records that may go on in others and were left alone.
    pub unjoined: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// Conversations whose record held a token that is no JSON, or no UTF-8, and was put right.
    pub put_right: u64,
    /// Messages of users.
    pub user_messages: u64,
    /// Messages of users without a word.
    pub blank_user_messages: u64,
    /// Messages of assistants.
    pub assistant_messages: u64,
    /// Messages of assistants without a word.
    pub blank_assistant_messages: u64,
    /// Later turns with no text: an image, a sound or a file.
    pub wordless: u64,
    /// Bytes of decompressed content.
    pub bytes: u64,
}

/// For what is left out of JSON where there is none of it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What reading met, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadDetails {
    /// The counts of each file, by the file's index in the input.
    pub files: BTreeMap<u32, FileCounts>,
    /// Later turns by their conversation's language; `und` where nobody knows the language.
    pub languages: BTreeMap<String, u64>,
    /// The metadata columns that rules ask for.
    #[serde(skip_serializing_if = "RuleColumns::is_empty")]
    pub rule_columns: RuleColumns,
}

/// Records of a chunk that were set aside: all are counted, and for each kind of reason the first records are kept as rows,
/// so that a file of nothing else costs neither memory nor disk.
#[derive(Debug, Default)]
pub struct SetAsideRecords {
    rows: Vec<QuarantinedRecord>,
    counts: BTreeMap<String, u64>,
    /// Whether each record has a row, however many there are.
    lists_all: bool,
}

impl SetAsideRecords {
    /// An empty list, which has a row for each record, however many are set aside for the same kind of reason.
    pub fn listing_all() -> Self {
        Self { lists_all: true, ..Self::default() }
    }

    /// Sets a record aside; `row` makes the row that says where the record stands.
    pub fn add(&mut self, reason: String, row: impl FnOnce(String) -> QuarantinedRecord) {
        let mut kind = kind_of(&reason);
        if !self.counts.contains_key(&kind) && self.counts.len() >= REASONS {
            OTHER_REASONS.clone_into(&mut kind);
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if self.lists_all || *count <= KEPT_ROWS {
            self.rows.push(row(reason));
        }
    }

    /// The number of records set aside.
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The first record set aside.
    pub fn first(&self) -> Option<&QuarantinedRecord> {
        self.rows.first()
    }

    /// The rows to write down: for each kind of reason with more records than rows a last row says how many more.
    pub fn rows(&self) -> impl Iterator<Item = QuarantinedRecord> {
        let beyond = self.counts.iter().filter(|(_, count)| !self.lists_all && **count > KEPT_ROWS);
        let more = beyond.filter_map(|(kind, count)| {
            let last =
                self.rows.iter().rev().find(|row| kind_of(&row.reason) == *kind).or(self.rows.last())?;
            let reason =
                format!("and {} more records behind this one, not listed, for: {kind}", count - KEPT_ROWS);
            Some(QuarantinedRecord { reason, bytes: 0, ..last.clone() })
        });
        self.rows.iter().cloned().chain(more)
    }

    /// The number of records for each kind of reason.
    pub fn into_counts(self) -> BTreeMap<String, u64> {
        self.counts
    }
}

/// The records of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileCounts {
    /// The number of records, as far as records are told apart.
    pub records: u64,
    /// The number of records set aside, by the kind of reason.
    pub set_aside: BTreeMap<String, u64>,
}

impl ReadCounts {
    /// What the reader itself says of a chunk.
    pub fn of_chunk(chunk: &Chunk) -> Self {
        let skipped = &chunk.skipped;
        Self {
            repeated: skipped.repeated,
            helpers: skipped.helpers,
            without_chat: skipped.without_chat,
            joined: skipped.joined,
            unjoined: skipped.unjoined,
            bytes: chunk.content_bytes,
            ..Self::default()
        }
    }

    /// Counts a conversation.
    pub fn count(&mut self, record: &Record<'_>) {
        self.conversations += 1;
        self.put_right += u64::from(record.repaired.is_some());
        self.wordless += record.wordless_turns().count() as u64;
        for message in &record.conversation.messages {
            let (all, blank) = match message.role {
                Role::User => (&mut self.user_messages, &mut self.blank_user_messages),
                Role::Assistant => (&mut self.assistant_messages, &mut self.blank_assistant_messages),
                _ => continue,
            };
            *all += 1;
            *blank += u64::from(message.is_blank());
        }
    }

    /// Records that were told apart.
    pub const fn all_records(&self) -> u64 {
        self.conversations + self.duplicates + self.superseded + self.left_out()
    }

    /// Records that were told apart and are no conversation of the output, whatever else the input holds.
    pub const fn left_out(&self) -> u64 {
        self.too_short
            + self.other_language
            + self.repeated
            + self.helpers
            + self.without_chat
            + self.quarantined
    }
}

impl ReadDetails {
    /// Counts the later turns of a conversation in a language.
    pub fn count_turns(&mut self, language: &str, turns: usize) {
        if turns > 0 {
            add(&mut self.languages, language, turns as u64);
        }
    }
}

impl FileCounts {
    /// Counts a record that was set aside.
    pub fn set_aside(&mut self, reason: &str) {
        let kind = kind_of(reason);
        let is_told_apart = self.set_aside.contains_key(&kind) || self.set_aside.len() < REASONS;
        add(&mut self.set_aside, if is_told_apart { &kind } else { OTHER_REASONS }, 1);
    }

    /// Counts the record that was set aside for a reason among those for other reasons, if it is the only one for the reason, which may
    /// quote it.
    pub fn merge_reason(&mut self, reason: &str) {
        let kind = kind_of(reason);
        if kind != OTHER_REASONS && self.set_aside.get(&kind) == Some(&1) {
            self.set_aside.remove(&kind);
            add(&mut self.set_aside, OTHER_REASONS, 1);
        }
    }

    /// All records that were set aside.
    pub fn all_set_aside(&self) -> u64 {
        self.set_aside.values().sum()
    }

    /// The commonest reason, and how many records were set aside for it.
    pub fn commonest(&self) -> Option<(&str, u64)> {
        self.set_aside.iter().max_by_key(|(_, count)| **count).map(|(why, count)| (why.as_str(), *count))
    }
}

/// A reason without the numbers that tell one record from the next.
fn kind_of(reason: &str) -> String {
    let mut kind = String::with_capacity(reason.len());
    for c in reason.chars() {
        match c.is_ascii_digit() {
            true if kind.ends_with('…') => {}
            true => kind.push('…'),
            false => kind.push(c),
        }
    }
    kind
}

impl AddAssign for ReadCounts {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.too_short += other.too_short;
        self.other_language += other.other_language;
        self.duplicates += other.duplicates;
        self.superseded += other.superseded;
        self.repeated += other.repeated;
        self.helpers += other.helpers;
        self.without_chat += other.without_chat;
        self.joined += other.joined;
        self.unjoined += other.unjoined;
        self.quarantined += other.quarantined;
        self.put_right += other.put_right;
        self.user_messages += other.user_messages;
        self.blank_user_messages += other.blank_user_messages;
        self.assistant_messages += other.assistant_messages;
        self.blank_assistant_messages += other.blank_assistant_messages;
        self.wordless += other.wordless;
        self.bytes += other.bytes;
    }
}

impl AddAssign for ReadDetails {
    fn add_assign(&mut self, other: Self) {
        for (file, counts) in other.files {
            let known = self.files.entry(file).or_default();
            known.records += counts.records;
            for (kind, count) in counts.set_aside {
                let is_told_apart = known.set_aside.contains_key(&kind) || known.set_aside.len() < REASONS;
                add(&mut known.set_aside, if is_told_apart { &kind } else { OTHER_REASONS }, count);
            }
        }
        self.rule_columns += other.rule_columns;
        other.languages.iter().for_each(|(language, turns)| add(&mut self.languages, language, *turns));
    }
}

/// Adds to the count of a name.
pub fn add(counts: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    match counts.get_mut(name) {
        Some(known) => *known += count,
        None => drop(counts.insert(name.to_owned(), count)),
    }
}

//! What was found in one chunk.

use std::collections::BTreeMap;

use rejoinder_core::Role;
use rejoinder_read::{Chunk, Duplicates, JoinExample, Record, RecordError, language};
use rejoinder_scan::config::{ExclusionReason, InputConfig};
use rejoinder_scan::reading::{FileCounts, ReadCounts, ReadDetails};
use rejoinder_scan::{Engine, Profiler};
use rejoinder_score::Profile;
use serde::Serialize;

use super::dialogue::Dialogue;
use super::lengths::Lengths;

/// The most reasons that are told apart: reasons may quote the data.
const REASONS: usize = 40;

/// What was found in a chunk.
#[derive(Default)]
pub struct ChunkInspection {
    pub(super) counts: InspectionCounts,
    /// The fingerprints by which duplicates are known, where duplicates are to be counted.
    pub(super) fingerprints: Vec<u64>,
    pub(super) lengths: [Lengths; 3],
    pub(super) dialogues: Vec<Dialogue>,
    pub(super) examples: Vec<JoinExample>,
}

/// What is counted.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct InspectionCounts {
    #[serde(flatten)]
    pub(super) read: ReadCounts,
    #[serde(skip)]
    pub(super) details: ReadDetails,
    #[serde(skip)]
    pub(super) profile: Profile,
    pub(super) messages: u64,
    pub(super) other_messages: u64,
    pub(super) later_turns: u64,
    /// Messages that stand in an earlier conversation, too.
    pub(super) shared_messages: u64,
    /// Conversations whose record was put right, by what was odd.
    pub(super) mended: BTreeMap<&'static str, u64>,
    /// Messages of users and assistants with no text.
    pub(super) blank_messages: u64,
    /// Conversations by language.
    pub(super) languages: BTreeMap<&'static str, u64>,
    /// Records that cannot be used, by reason.
    pub(super) bad: BTreeMap<String, u64>,
}

impl ChunkInspection {
    /// Inspects a chunk, and keeps its first `shown` dialogues.
    pub fn at(chunk: &Chunk, config: &InputConfig, shown: usize, engine: &Engine) -> Self {
        let mut profiler = Profiler::of_chunk(engine);
        let counts = InspectionCounts { read: ReadCounts::of_chunk(chunk), ..InspectionCounts::default() };
        let mut looked = Self { counts, examples: chunk.skipped.examples.clone(), ..Self::default() };
        let mut file = FileCounts::default();
        let mut set_aside = |counts: &mut InspectionCounts, reason: &str| {
            file.set_aside(reason);
            counts.read.quarantined += 1;
            counts.bad(reason, 1);
        };
        chunk.set_aside.iter().for_each(|lost| set_aside(&mut looked.counts, &lost.reason));
        for entry in chunk.entries() {
            let record = match entry.size() > config.max_record_bytes as u64 {
                true => Err(RecordError::TooLong { bytes: entry.size(), limit: config.max_record_bytes }),
                false => entry.record(),
            };
            let left_out = record.as_ref().ok().and_then(|record| config.leaves_out(record));
            match (record, left_out) {
                (Err(why), _) => set_aside(&mut looked.counts, &why.to_string()),
                (Ok(_), Some(ExclusionReason::TooShort)) => looked.counts.read.too_short += 1,
                (Ok(_), Some(ExclusionReason::OtherLanguage)) => looked.counts.read.other_language += 1,
                (Ok(record), None) => {
                    let language = language::of(&record);
                    if config.duplicates != Duplicates::Keep {
                        looked.fingerprints.push(config.duplicates.fingerprint(&record.conversation));
                    }
                    looked.count(&record, language);
                    profiler.texts(&record, &mut looked.counts.profile);
                    if looked.dialogues.len() < shown {
                        let id = format!("{}:{}", chunk.start.shard, entry.ordinal);
                        looked.dialogues.push(Dialogue::new(id, &record, language));
                    }
                }
            }
        }
        let read = &looked.counts.read;
        file.records = read.conversations + read.left_out();
        looked.counts.details.files.insert(chunk.start.shard, file);
        looked
    }

    fn count(&mut self, record: &Record<'_>, language: &'static str) {
        let messages = &record.conversation.messages;
        let of = |role| messages.iter().filter(move |m| m.role == role);
        let (users, assistants) = (of(Role::User).count() as u64, of(Role::Assistant).count() as u64);
        let counts = &mut self.counts;
        counts.read.count(record);
        counts.messages += messages.len() as u64;
        counts.other_messages += messages.len() as u64 - users - assistants;
        let turns = record.later_turns().count();
        counts.later_turns += turns as u64;
        counts.details.count_turns(language, turns);
        counts.shared_messages += record.shared as u64;
        let is_said = |role| matches!(role, Role::User | Role::Assistant);
        counts.blank_messages += messages.iter().filter(|m| is_said(m.role) && m.is_blank()).count() as u64;
        if let Some(what) = record.repaired {
            *counts.mended.entry(what).or_default() += 1;
        }
        *counts.languages.entry(language).or_default() += 1;
        let [each, user, assistant] = &mut self.lengths;
        each.add(messages.len() as u64, 1);
        of(Role::User).for_each(|m| user.add(m.text.chars().count() as u64, 1));
        of(Role::Assistant).for_each(|m| assistant.add(m.text.chars().count() as u64, 1));
    }
}

impl InspectionCounts {
    fn bad(&mut self, reason: &str, count: u64) {
        let known = self.bad.contains_key(reason) || self.bad.len() < REASONS;
        let reason = if known { reason } else { "other reasons" };
        *self.bad.entry(reason.to_owned()).or_default() += count;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.read += other.read;
        self.details += other.details;
        self.profile += other.profile;
        self.messages += other.messages;
        self.other_messages += other.other_messages;
        self.later_turns += other.later_turns;
        self.shared_messages += other.shared_messages;
        self.blank_messages += other.blank_messages;
        other.mended.into_iter().for_each(|(what, n)| *self.mended.entry(what).or_default() += n);
        other.languages.into_iter().for_each(|(code, n)| *self.languages.entry(code).or_default() += n);
        other.bad.iter().for_each(|(reason, n)| self.bad(reason, *n));
    }
}

//! What files hold: how they are read, counts, languages, lengths, what is skipped, and the first dialogues.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use rejoinder_core::{Role, printable};
use rejoinder_read::language::UNDETERMINED;
use rejoinder_read::{
    Chunk, Duplicates, FormatCandidate, FormatEvidence, InputFile, JoinExample, Record, RecordError, language,
};
use rejoinder_rules::Pack;
use rejoinder_scan::Engine;
use rejoinder_scan::Profiler;
use rejoinder_scan::config::{InputConfig, LeftOut};
use rejoinder_scan::is_read;
use rejoinder_scan::languages_of;
use rejoinder_scan::reading::{FileCounts, ReadCounts, ReadDetails};
use rejoinder_score::{Profile, Reference};
use serde::Serialize;

use super::remarks::{self, Reading, Remark};
use super::summary::{share, thousands};
use crate::failure::Failure;

/// Reasons that are told apart; they may quote the data.
const REASONS: usize = 40;
/// Messages and characters of a dialogue that are shown.
const SHOWN_MESSAGES: usize = 12;
const SHOWN_CHARS: usize = 300;

/// How one file is read.
#[derive(Clone, Debug, Serialize)]
struct FileEntry {
    path: String,
    format: &'static str,
    container: &'static str,
    why: String,
    bytes: u64,
    /// All shapes that saw a sign in the first records.
    candidates: Vec<FormatCandidate>,
}

/// A dialogue as it will be read.
#[derive(Clone, Debug, Serialize)]
struct Dialogue {
    id: String,
    conversation_id: String,
    language: &'static str,
    messages: Vec<(Role, String)>,
}

/// How often each length occurs, the long ones rounded to two digits.
#[derive(Clone, Debug, Default)]
struct Lengths(BTreeMap<u64, u64>);

/// Some lengths out of many.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Quantiles {
    median: u64,
    nine_tenths: u64,
    most: u64,
}

/// What was found in a chunk.
#[derive(Default)]
pub struct Looked {
    counts: Counts,
    /// What duplicates are known by, where they are asked for.
    fingerprints: Vec<u64>,
    lengths: [Lengths; 3],
    dialogues: Vec<Dialogue>,
    examples: Vec<JoinExample>,
}

/// What is counted.
#[derive(Clone, Debug, Default, Serialize)]
struct Counts {
    #[serde(flatten)]
    read: ReadCounts,
    #[serde(skip)]
    details: ReadDetails,
    #[serde(skip)]
    profile: Profile,
    messages: u64,
    other_messages: u64,
    later_turns: u64,
    /// Messages that stand in an earlier conversation, too.
    shared_messages: u64,
    /// Conversations whose record was put right, by what was odd.
    mended: BTreeMap<&'static str, u64>,
    /// Messages of users and assistants with no text.
    blank_messages: u64,
    /// Conversations by language.
    languages: BTreeMap<&'static str, u64>,
    /// Records that cannot be used, by reason.
    bad: BTreeMap<String, u64>,
}

impl Looked {
    /// Looks at a chunk, and keeps its first `shown` dialogues.
    pub fn at(chunk: &Chunk, config: &InputConfig, shown: usize, engine: &Engine) -> Self {
        let mut profiler = Profiler::of_chunk(engine);
        let counts = Counts { read: ReadCounts::of_chunk(chunk), ..Counts::default() };
        let mut looked = Self { counts, examples: chunk.skipped.examples.clone(), ..Self::default() };
        let mut file = FileCounts::default();
        let mut set_aside = |counts: &mut Counts, reason: &str| {
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
                (Ok(_), Some(LeftOut::TooShort)) => looked.counts.read.too_short += 1,
                (Ok(_), Some(LeftOut::OtherLanguage)) => looked.counts.read.other_language += 1,
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

impl Counts {
    fn bad(&mut self, reason: &str, count: u64) {
        let known = self.bad.contains_key(reason) || self.bad.len() < REASONS;
        let reason = if known { reason } else { "other reasons" };
        *self.bad.entry(reason.to_owned()).or_default() += count;
    }

    fn add(&mut self, other: Self) {
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

impl Lengths {
    fn add(&mut self, length: u64, count: u64) {
        let step = 10_u64.pow(length.checked_ilog10().unwrap_or_default().saturating_sub(1));
        *self.0.entry(length / step * step).or_default() += count;
    }

    fn quantiles(&self) -> Quantiles {
        let total: u64 = self.0.values().sum();
        let at = |share: f64| {
            let mut left = (total as f64 * share) as u64;
            let reached = self.0.iter().find(|(_, count)| {
                let found = left < **count;
                left = left.saturating_sub(**count);
                found
            });
            reached.map_or(0, |(length, _)| *length)
        };
        let most = self.0.last_key_value().map_or(0, |(length, _)| *length);
        Quantiles { median: at(0.5), nine_tenths: at(0.9), most }
    }
}

impl Dialogue {
    fn new(id: String, record: &Record<'_>, language: &'static str) -> Self {
        let messages = record.conversation.messages.iter().map(|m| (m.role, m.text.to_string())).collect();
        Self { id, conversation_id: record.conversation.id.to_string(), language, messages }
    }

    fn text(&self) -> String {
        let mut out = format!("── {} · {} · {}\n", self.id, printable(&self.conversation_id), self.language);
        for (role, text) in self.messages.iter().take(SHOWN_MESSAGES) {
            let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
            if shown.len() < text.len() {
                shown.push('…');
            }
            let shown = printable(&shown).replace('\n', "\n            │ ");
            let _ = writeln!(out, "  {:<9} │ {shown}", role.name());
        }
        if self.messages.len() > SHOWN_MESSAGES {
            let _ = writeln!(out, "  … {} more messages", self.messages.len() - SHOWN_MESSAGES);
        }
        out
    }
}

/// What each shape saw, a line each.
fn candidates(candidates: &[FormatCandidate]) -> String {
    if candidates.is_empty() {
        return "            no shape saw a sign in the first records\n".to_owned();
    }
    let line = |candidate: &FormatCandidate| {
        let FormatCandidate { format, records, looked_at, seen } = candidate;
        format!("            {format:<10} {records} of {looked_at} records have {seen}\n")
    };
    candidates.iter().map(line).collect()
}

/// What all files hold.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    files: Vec<FileEntry>,
    #[serde(flatten)]
    counts: Counts,
    messages_a_conversation: Quantiles,
    characters_a_user_message: Quantiles,
    characters_an_assistant_message: Quantiles,
    dialogues: Vec<Dialogue>,
    /// One example of each kind of record that is joined, repeated or left out.
    examples: BTreeMap<&'static str, String>,
    /// What the reader should know.
    remarks: Vec<Remark>,
    #[serde(skip)]
    nothing_read: Option<String>,
    #[serde(skip)]
    is_why_shown: bool,
    #[serde(skip)]
    lengths: [Lengths; 3],
    #[serde(skip)]
    seen: HashSet<u64>,
    #[serde(skip)]
    shown: usize,
}

impl Inspection {
    /// An inspection of files, each with why it is taken for what it is; so many dialogues will be `shown`, and what each
    /// shape saw if `is_why_shown`.
    pub fn new(files: &[(InputFile, FormatEvidence)], shown: usize, is_why_shown: bool) -> Self {
        let entry = |(file, why): &(InputFile, FormatEvidence)| FileEntry {
            path: file.path.display().to_string(),
            format: file.format.name(),
            container: file.container.describe(),
            why: format!("{}: {}", file.format.describe(), why.text),
            bytes: file.size,
            candidates: why.candidates.clone(),
        };
        let none = Quantiles::default();
        Self {
            files: files.iter().map(entry).collect(),
            counts: Counts::default(),
            messages_a_conversation: none,
            characters_a_user_message: none,
            characters_an_assistant_message: none,
            dialogues: Vec::new(),
            examples: BTreeMap::new(),
            remarks: Vec::new(),
            nothing_read: None,
            is_why_shown,
            lengths: Default::default(),
            seen: HashSet::new(),
            shown,
        }
    }

    /// Adds what was found in the next chunk.
    pub fn add(&mut self, looked: Looked) {
        self.counts.add(looked.counts);
        let again = looked.fingerprints.into_iter().filter(|print| !self.seen.insert(*print));
        self.counts.read.duplicates += again.count() as u64;
        for (all, new) in self.lengths.iter_mut().zip(looked.lengths) {
            new.0.into_iter().for_each(|(length, count)| all.add(length, count));
        }
        let [each, user, assistant] = &self.lengths;
        self.messages_a_conversation = each.quantiles();
        self.characters_a_user_message = user.quantiles();
        self.characters_an_assistant_message = assistant.quantiles();
        for JoinExample { kind, text } in looked.examples {
            self.examples.entry(kind).or_insert(text);
        }
        let missing = self.shown.saturating_sub(self.dialogues.len());
        self.dialogues.extend(looked.dialogues.into_iter().take(missing));
    }

    /// Ends it: remarks on an input that the command line names so, as rule packs of these names would read it, and beside what
    /// the shipped score was measured on.
    ///
    /// # Errors
    /// If a pack cannot be read.
    pub fn end(&mut self, input: &str, packs: &[String], measured_on: &Reference) -> Result<(), Failure> {
        let files: Vec<&Path> = self.files.iter().map(|file| Path::new(&file.path)).collect();
        let Counts { read, details, later_turns, .. } = &self.counts;
        let reading = Reading { counts: read, details, turns: *later_turns, files: &files, input };
        self.nothing_read = reading.nothing();
        let mut found = reading.remarks();
        // Packs are read only where they can matter: it takes longer than a small file.
        if details.languages.keys().any(|code| code != UNDETERMINED) {
            let packs: Vec<Vec<&str>> = Pack::load(packs)?.iter().map(languages_of).collect();
            let reads = |language: &str| is_read(language, packs.iter().map(Vec::as_slice));
            found.extend(remarks::languages(details, *later_turns, &reads, None));
        }
        found.extend(remarks::unlike(measured_on, &self.counts.profile, None));
        self.remarks = found;
        Ok(())
    }

    /// Why there is no conversation at all; nothing if there is one.
    pub fn nothing_read(&self) -> Option<&str> {
        self.nothing_read.as_deref()
    }

    /// The inspection for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for file in &self.files {
            let _ = writeln!(out, "{}", printable(&file.path));
            let _ = writeln!(out, "  {:<9} {}; {}", file.format, file.container, printable(&file.why));
            if self.is_why_shown {
                out += &candidates(&file.candidates);
            }
        }
        let counts = &self.counts;
        let mut line = |label: &str, figure: u64, remark: &str| {
            let _ =
                writeln!(out, "{}", format!("{label:<24}{:>14}   {remark}", thousands(figure)).trim_end());
        };
        let of = |n: u64, what: &str| if n > 0 { format!("{} {what}", thousands(n)) } else { String::new() };
        line("conversations", counts.read.conversations, &of(counts.read.too_short, "more are too short"));
        if counts.read.duplicates > 0 {
            line("  duplicates", counts.read.duplicates, "of them stand in the input before");
        }
        let roles = format!(
            "{} by users, {} by assistants, {} others",
            thousands(counts.read.user_messages),
            thousands(counts.read.assistant_messages),
            thousands(counts.other_messages)
        );
        line("messages", counts.messages, &roles);
        if counts.shared_messages > 0 {
            line("  read before", counts.shared_messages, "stand in an earlier conversation, too");
        }
        if counts.read.other_language > 0 {
            line("left out", counts.read.other_language, "conversations in other languages");
        }
        line("later turns", counts.later_turns, "user messages after a first answer");
        if counts.read.wordless > 0 {
            line("  without text", counts.read.wordless, "of them: an image, a sound or a file, and no word");
        }
        if counts.blank_messages > 0 {
            line("  blank", counts.blank_messages, "messages of users and assistants without a word");
        }
        for (label, lengths) in [
            ("messages each", self.messages_a_conversation),
            ("characters, users", self.characters_a_user_message),
            ("characters, assistants", self.characters_an_assistant_message),
        ] {
            let Quantiles { median, nine_tenths, most } = lengths;
            let rest = format!(
                "the median; nine of ten up to {}, the longest {}",
                thousands(nine_tenths),
                thousands(most)
            );
            line(label, median, &rest);
        }
        for (label, count, kind, what) in [
            ("repeated", counts.read.repeated, "repeated", "calls whose messages stand in what is kept"),
            ("helper calls", counts.read.helpers, "helper", "and asides: no part of a chat"),
            ("without a chat", counts.read.without_chat, "", "records of something else"),
            ("joined", counts.read.joined, "joined", "records, each with others to one conversation"),
            ("not joined", counts.read.unjoined, "unjoined", "records that may belong together"),
        ] {
            if count > 0 {
                let example =
                    self.examples.get(kind).map(|text| format!("; {}", printable(text))).unwrap_or_default();
                line(label, count, &format!("{what}{example}"));
            }
        }
        for (what, n) in &counts.mended {
            line("put right", *n, &format!("conversations: {what}"));
        }
        let mut languages: Vec<_> = counts.languages.iter().collect();
        languages.sort_by_key(|(code, n)| (std::cmp::Reverse(**n), **code));
        for (code, n) in languages {
            line(&format!("language {code}"), *n, &share(*n, counts.read.conversations));
        }
        for (reason, n) in &counts.bad {
            line("cannot be used", *n, &printable(reason));
        }
        for dialogue in &self.dialogues {
            let _ = write!(out, "\n{}", dialogue.text());
        }
        out += &remarks::text(&self.remarks);
        out
    }
}

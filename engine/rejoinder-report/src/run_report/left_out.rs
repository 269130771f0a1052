//! What was left out, and why.

use std::collections::BTreeMap;
use std::path::Path;

use rejoinder_read::QuarantinedRecord;
use rejoinder_run::folder::{Manifest, PartKind};
use rejoinder_run::stats::ScanCounts;
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::is_read;
use schemars::JsonSchema;
use serde::Serialize;

use super::cut::cut_text;

/// Reasons in the list.
const REASONS: usize = 20;
/// Lines that are shown of the records set aside.
const LINES: usize = 10;
/// Languages in the list.
const LANGUAGES: usize = 20;
/// Units of a reason or a name.
const TEXT_UNITS: usize = 200;

/// What was left out, and why.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LeftOut {
    /// What was left out, or changed, by reason; nothing that did not occur.
    pub rows: Vec<LeftOutRow>,
    /// Records set aside, since they cannot be read.
    pub set_aside: u64,
    /// Why records were set aside, the commonest first; empty in an anonymous report, since reasons may quote records.
    pub reasons: Vec<ReasonRow>,
    /// The first records that were set aside; empty in an anonymous report.
    pub first: Vec<FileLine>,
    /// Languages that no rule pack in force is for, the most later turns first.
    pub unread_languages: Vec<UnreadLanguage>,
    /// Later turns in such languages that nothing looked at.
    pub not_looked_at: u64,
}

/// What was left out for one reason.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LeftOutRow {
    /// What was left out, and why.
    pub what: &'static str,
    /// How many.
    pub count: u64,
}

/// A reason, and how often it was met.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReasonRow {
    /// The reason.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// A record that was set aside.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileLine {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// Why the record was set aside.
    pub reason: String,
}

/// A language that no rule pack in force is for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnreadLanguage {
    /// The language's code; `und` where nobody knows the language.
    pub language: String,
    /// Later turns in this language.
    pub turns: u64,
}

impl LeftOut {
    /// What a run has left out.
    ///
    /// # Errors
    /// If the run's files cannot be read.
    pub(super) fn of(run: &RunDir, counts: &ScanCounts, anonymous: bool) -> Result<Self, RunError> {
        let read = &counts.stats.read;
        let rows = [
            ("conversations with fewer messages than `min-messages` asks for", read.too_short),
            ("conversations in other languages than `lang` asks for", read.other_language),
            ("conversations that stand in the input before", read.duplicates),
            ("conversations that a conversation of a later night goes on with", read.superseded),
            ("calls whose messages stand in a conversation that is kept", read.repeated),
            ("calls that an application makes for itself, and asides of agents", read.helpers),
            ("records without a chat", read.without_chat),
            ("records that may belong together and were left alone", read.unjoined),
            ("records joined with others to one conversation", read.joined),
            ("conversations with a token that is no JSON or no UTF-8, put right", read.put_right),
            ("later turns without a word: an image, a sound or a file", read.wordless),
        ];
        let met = rows.into_iter().filter(|(_, count)| *count > 0);
        let (reasons, first) = match anonymous {
            true => (Vec::new(), Vec::new()),
            false => (reasons(counts), first_lines(run)?),
        };
        Ok(Self {
            rows: met.map(|(what, count)| LeftOutRow { what, count }).collect(),
            set_aside: read.quarantined,
            reasons,
            first,
            unread_languages: unread(&run.manifest, counts),
            not_looked_at: counts.stats.not_looked_at,
        })
    }
}

fn reasons(counts: &ScanCounts) -> Vec<ReasonRow> {
    let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, count) in counts.details.files.values().flat_map(|file| &file.set_aside) {
        *by_reason.entry(reason).or_default() += count;
    }
    let mut rows: Vec<ReasonRow> = by_reason
        .into_iter()
        .map(|(reason, count)| ReasonRow { reason: cut_text(reason, TEXT_UNITS), count })
        .collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
    rows.truncate(REASONS);
    rows
}

fn first_lines(run: &RunDir) -> Result<Vec<FileLine>, RunError> {
    let mut lines = Vec::new();
    for (part, _) in run.parts()? {
        for row in run.rows::<QuarantinedRecord>(PartKind::Quarantine, part).take(LINES - lines.len()) {
            let row = row?;
            lines.push(FileLine {
                file: file_name(Path::new(&row.file)),
                line: row.line + 1,
                reason: cut_text(&row.reason, TEXT_UNITS),
            });
        }
        if lines.len() == LINES {
            break;
        }
    }
    Ok(lines)
}

fn unread(manifest: &Manifest, counts: &ScanCounts) -> Vec<UnreadLanguage> {
    let packs = || manifest.rules.iter().map(|rules| rules.lang.as_slice());
    let unread = counts.details.languages.iter().filter(|(language, _)| !is_read(language, packs()));
    let mut rows: Vec<UnreadLanguage> = unread
        .map(|(language, turns)| UnreadLanguage { language: language.clone(), turns: *turns })
        .collect();
    rows.sort_by(|a, b| b.turns.cmp(&a.turns).then_with(|| a.language.cmp(&b.language)));
    rows.truncate(LANGUAGES);
    rows
}

/// The last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    cut_text(&name.to_string_lossy(), TEXT_UNITS)
}

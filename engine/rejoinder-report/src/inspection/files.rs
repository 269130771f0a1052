//! What all files hold.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use rejoinder_read::language::UNDETERMINED;
use rejoinder_read::{FormatCandidate, FormatEvidence, InputFile, JoinExample};
use rejoinder_rules::{Pack, PackError};
use rejoinder_scan::{is_read, languages_of};
use rejoinder_score::Reference;
use serde::Serialize;

use super::chunk::{ChunkInspection, InspectionCounts};
use super::dialogue::Dialogue;
use super::lengths::{Lengths, Quantiles};
use crate::remarks::{self, ReadFigures, Remark};

/// How one file is read.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FileEntry {
    pub(super) path: String,
    pub(super) format: &'static str,
    pub(super) container: &'static str,
    pub(super) why: String,
    pub(super) bytes: u64,
    /// All shapes that saw a sign in the first records.
    pub(super) candidates: Vec<FormatCandidate>,
}

/// What all files hold.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    pub(super) files: Vec<FileEntry>,
    #[serde(flatten)]
    pub(super) counts: InspectionCounts,
    pub(super) messages_a_conversation: Quantiles,
    pub(super) characters_a_user_message: Quantiles,
    pub(super) characters_an_assistant_message: Quantiles,
    pub(super) dialogues: Vec<Dialogue>,
    /// One example of each kind of record that is joined, repeated or left out.
    pub(super) examples: BTreeMap<&'static str, String>,
    /// What the reader should know.
    pub(super) remarks: Vec<Remark>,
    #[serde(skip)]
    pub(super) nothing_read: Option<String>,
    #[serde(skip)]
    pub(super) is_why_shown: bool,
    #[serde(skip)]
    pub(super) lengths: [Lengths; 3],
    #[serde(skip)]
    pub(super) seen: HashSet<u64>,
    #[serde(skip)]
    pub(super) shown: usize,
}

impl Inspection {
    /// An inspection of files, each with the evidence for its format; so many dialogues will be `shown`, and what each shape
    /// saw if `is_why_shown`.
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
            counts: InspectionCounts::default(),
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
    pub fn add(&mut self, chunk: ChunkInspection) {
        self.counts.add(chunk.counts);
        let again = chunk.fingerprints.into_iter().filter(|print| !self.seen.insert(*print));
        self.counts.read.duplicates += again.count() as u64;
        for (all, new) in self.lengths.iter_mut().zip(chunk.lengths) {
            new.0.into_iter().for_each(|(length, count)| all.add(length, count));
        }
        let [each, user, assistant] = &self.lengths;
        self.messages_a_conversation = each.quantiles();
        self.characters_a_user_message = user.quantiles();
        self.characters_an_assistant_message = assistant.quantiles();
        for JoinExample { kind, text } in chunk.examples {
            self.examples.entry(kind).or_insert(text);
        }
        let missing = self.shown.saturating_sub(self.dialogues.len());
        self.dialogues.extend(chunk.dialogues.into_iter().take(missing));
    }

    /// Ends the inspection with remarks. `input` is the command line's name of the files, `packs` are the rule packs that a run
    /// would use, and `measured_on` is what the shipped score was measured on.
    ///
    /// # Errors
    /// If a pack cannot be read.
    pub fn end(&mut self, input: &str, packs: &[String], measured_on: &Reference) -> Result<(), PackError> {
        let files: Vec<&Path> = self.files.iter().map(|file| Path::new(&file.path)).collect();
        let InspectionCounts { read, details, later_turns, .. } = &self.counts;
        let (turns, has_nights) = (*later_turns, false);
        let reading = ReadFigures { counts: read, details, turns, files: &files, input, has_nights };
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
}

//! What the files of a run's folder are, as far as forgetting is concerned.

use std::path::{Component, Path};

use rejoinder_ledger::part;

use crate::folder::{ASKED, INPUT, LEDGER, LOCK_FILE, MANIFEST, MODEL, PartKind, REPLIES};
use crate::recall::audit;
use crate::shards::JOB;
use crate::status::{CRASH_FILE, FILE as STATUS};

/// What a file of a run's folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FolderPart {
    /// Rows about turns, each with its address.
    Rows,
    /// A database, or the log of one.
    Store,
    /// A page that a verb makes of the whole run.
    Page,
    /// A file of the run that holds no text of chats, or is treated by itself: the copy of the input.
    Own,
    /// Anything else: exports, batches, and what the operator has put there.
    Export,
}

/// The names of exports that are given none.
const EXPORTS: [&str; 7] = [
    "feedback.jsonl",
    "feedback.parquet",
    "review.json",
    "sft.jsonl",
    "kto.jsonl",
    "pairs.jsonl",
    "random.jsonl",
];
/// The page of a run.
const PAGE: &str = "report.html";
/// Files and folders of a run without text of chats, and the copy of the input.
const OWN: [&str; 10] = [
    MANIFEST,
    LOCK_FILE,
    "certificate.json",
    MODEL,
    ASKED,
    INPUT,
    STATUS,
    CRASH_FILE,
    "replies.sqlite.owners",
    JOB,
];

/// Whether a file is what a killed process has left of a file that the program writes into the run's folder. Files of the operator's own
/// with such an ending are not.
pub(super) fn is_half_written(folder: &Path, path: &Path) -> bool {
    if path.extension().is_none_or(|ending| ending != "tmp") {
        return false;
    }
    let whole = path.with_extension("");
    let is_json = whole.extension().is_some_and(|ending| ending == "json" || ending == "jsonl");
    match part_of(folder, &whole) {
        FolderPart::Rows => is_json,
        FolderPart::Page | FolderPart::Own => true,
        FolderPart::Store => false,
        FolderPart::Export => EXPORTS.iter().any(|name| whole == folder.join(name)),
    }
}

/// What the file or folder at `path` is in the run's folder.
pub(super) fn part_of(folder: &Path, path: &Path) -> FolderPart {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let Some(Component::Normal(name)) = below.components().next() else { return FolderPart::Own };
    let name = name.to_string_lossy();
    let mut kinds = PartKind::SCAN.into_iter().chain([PartKind::Judged]);
    let is_part = || below.file_name().is_some_and(|file| part::index(&file.to_string_lossy()).is_some());
    match &*name {
        name if kinds.any(|kind| kind.folder() == name) => match is_part() {
            true => FolderPart::Rows,
            false => FolderPart::Export,
        },
        "review" | audit::FILE | crate::faults::FILE => FolderPart::Rows,
        PAGE => FolderPart::Page,
        name if OWN.contains(&name) => FolderPart::Own,
        name if name.starts_with(LEDGER) || name.starts_with(REPLIES) => FolderPart::Store,
        _ => FolderPart::Export,
    }
}

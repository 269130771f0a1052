//! The labels that readers of a run have given so far, read beside whoever writes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rejoinder_core::{Answer, RecordId};
use rejoinder_export::labels::LabelWord;
use rejoinder_ledger::part;
use serde::Deserialize;

use super::error::ReviewError;
use super::log::LogLine;
use crate::error::RunError;
use crate::folder::{Lock, RunDir};
use crate::lines::retained;

/// Folder of the logs of labels, in a run's folder.
pub(super) const LABELS: &str = "review/labels";

/// The labels of one reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReaderLabels {
    /// The reader's name.
    pub reader: String,
    /// What the reader says of each turn; [`Answer::Unknown`] where the reader could not say.
    pub answers: BTreeMap<RecordId, Answer>,
}

/// The labels of all readers of a run, in the order of their names.
///
/// # Errors
/// If a log cannot be read.
pub fn reader_labels(run: &RunDir) -> Result<Vec<ReaderLabels>, ReviewError> {
    let folder = run.path.join(LABELS);
    let unreadable = |e: std::io::Error| RunError::io(format!("cannot read {}", folder.display()), &e);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(unreadable(e).into()),
    };
    let mut readers = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_none_or(|kind| kind != "jsonl") {
            continue;
        }
        let bytes = fs::read(&path).map_err(unreadable)?;
        let reader = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        readers.push(ReaderLabels { reader, answers: answers(&LogLines::read(&path, &bytes)?.lines) });
    }
    readers.sort_by(|a, b| a.reader.cmp(&b.reader));
    Ok(readers)
}

/// Takes the lines about conversations out of the logs of all readers; returns the number of lines.
///
/// # Errors
/// If a reader is at work, or a log cannot be read or written.
pub(crate) fn forget_labels(
    run: &RunDir,
    is_forgotten: &dyn Fn(Option<RecordId>, &str) -> bool,
) -> Result<u64, RunError> {
    /// The fields of a line that are needed.
    #[derive(Deserialize)]
    struct LineHead {
        conversation_id: String,
        id: Option<RecordId>,
    }
    let (folder, mut removed) = (run.path.join(LABELS), 0);
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let file = entry.path();
        let Some(reader) = file.file_stem().filter(|_| file.extension().is_some_and(|kind| kind == "jsonl"))
        else {
            continue;
        };
        let _lock = Lock::take_named(&folder, &format!("{}.lock", reader.to_string_lossy()))?;
        let stays = |line: &[u8]| {
            Ok::<_, RunError>(match serde_json::from_slice::<LineHead>(line) {
                Ok(head) => !is_forgotten(head.id, &head.conversation_id),
                // A last line that was torn when its writer was stopped is cut off, as by whoever opens the log.
                Err(_) => line.ends_with(b"\n"),
            })
        };
        let (kept, of_reader) = retained(&fs::read(&file)?, stays)?;
        if of_reader > 0 {
            part::write(&file, &kept)?;
            removed += of_reader;
        }
    }
    Ok(removed)
}

/// What the lines of a log say of each turn in the end.
fn answers(lines: &[LogLine]) -> BTreeMap<RecordId, Answer> {
    let mut answers = BTreeMap::new();
    for line in lines {
        match line.turn_and_word() {
            Some((id, LabelWord::Said(answer))) => {
                answers.insert(id, answer);
            }
            Some((id, LabelWord::Undone)) => {
                answers.remove(&id);
            }
            None => {}
        }
    }
    answers
}

/// The whole lines of a log.
pub(super) struct LogLines {
    pub(super) lines: Vec<LogLine>,
    /// The bytes of the whole lines; what comes after was torn when its writer was stopped.
    pub(super) size: usize,
    /// Whether the last whole line lacks its end.
    pub(super) lacks_end: bool,
}

impl LogLines {
    /// Reads the bytes of a log.
    ///
    /// # Errors
    /// The first line that cannot be read and is not torn.
    pub(super) fn read(file: &Path, bytes: &[u8]) -> Result<Self, ReviewError> {
        let mut read = Self { lines: Vec::new(), size: 0, lacks_end: false };
        for (number, piece) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let has_end = piece.ends_with(b"\n");
            if !piece.trim_ascii().is_empty() {
                match serde_json::from_slice::<LogLine>(piece) {
                    Ok(line) => read.lines.push(line.checked().map_err(|why| bad_line(file, number, &why))?),
                    Err(_) if !has_end => break,
                    Err(why) => return Err(bad_line(file, number, &why)),
                }
            }
            read.size += piece.len();
            read.lacks_end = !has_end;
        }
        Ok(read)
    }
}

fn bad_line(file: &Path, number: usize, why: &dyn std::fmt::Display) -> ReviewError {
    ReviewError::BadLine { file: file.to_owned(), line: number + 1, why: why.to_string() }
}

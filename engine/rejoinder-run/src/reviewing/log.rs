//! The log of one reader's labels: each label is a line at the end of a file, and is on the disk before anything else happens.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rejoinder_core::{Answer, ContentHash, Conversation, RecordId};
use rejoinder_export::labels::label_file::ConversationLabels;
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_export::labels::{LabelError, LabelRow, LabelWord};
use serde::{Deserialize, Serialize};

use super::error::ReviewError;
use super::readers::{LABELS, LogLines, ReaderLabels};
use crate::error::RunError;
use crate::folder::{FolderError, Lock, RunDir};

/// Seconds for one turn above which the reader was surely doing something else.
const MOST_SECONDS: f64 = 300.0;

/// A turn that is labelled, as a log names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTarget {
    /// The address of the turn.
    pub id: RecordId,
    conversation_id: String,
    /// Hash of the conversation: two conversations with one id are told apart by it.
    content: String,
}

impl LabelTarget {
    /// A turn of a conversation.
    pub fn of(id: RecordId, conversation: &Conversation<'_>) -> Self {
        let content = ContentHash::of(conversation).hex();
        Self { id, conversation_id: conversation.id.to_string(), content }
    }

    /// The id of the turn's conversation.
    pub fn conversation_id(&self) -> &str {
        &self.conversation_id
    }
}

/// What a reader says of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewLabel {
    /// What the turn holds; [`Answer::Unknown`] if the reader could not say.
    pub answer: Answer,
    /// The feedback, verbatim, where the reader has marked it.
    pub span: Option<String>,
    /// How long the reader took.
    pub seconds: Option<f64>,
}

impl ReviewLabel {
    /// The word for the label in files: `UR1` … `UR5`, `none` or `unsure`.
    pub const fn word(&self) -> &'static str {
        LabelWord::Said(self.answer).name()
    }
}

/// A line of a log: a line of a file of labels, with keys of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LogLine {
    #[serde(flatten)]
    labels: ConversationLabels,
    /// The turn; none in a line that was added by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<RecordId>,
    #[serde(default)]
    reader: String,
    #[serde(default)]
    at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    /// Hash of the conversation.
    #[serde(default)]
    content: String,
}

impl LogLine {
    /// The line, if all its labels say something that files of labels know.
    pub(super) fn checked(self) -> Result<Self, LabelError> {
        self.labels.labels.iter().try_for_each(|row| row.word().map(drop))?;
        Ok(self)
    }

    fn row(&self) -> Option<&LabelRow> {
        let index = self.id?.message_index as usize;
        self.labels.labels.iter().find(|row| row.turn == Some(index))
    }

    /// The turn with the line's id, and what the line says of it.
    pub(super) fn turn_and_word(&self) -> Option<(RecordId, LabelWord)> {
        Some((self.id?, self.row()?.word().ok()?))
    }

    fn standing(self, number: u64) -> Option<StandingLabel> {
        let (id, LabelWord::Said(answer)) = self.turn_and_word()? else { return None };
        let span = self.row().and_then(|row| row.span.clone());
        let Self { labels, seconds, content, .. } = self;
        let target = LabelTarget { id, conversation_id: labels.conversation_id, content };
        let label = ReviewLabel { answer, span, seconds };
        Some(StandingLabel { number, target, selection: labels.selection, label })
    }
}

/// A label that was not taken back.
#[derive(Debug)]
struct StandingLabel {
    /// Grows from label to label.
    number: u64,
    target: LabelTarget,
    selection: TurnSelection,
    label: ReviewLabel,
}

/// The labels of one reader about turns of a run. While the log is open, no other process writes it.
#[derive(Debug)]
pub struct LabelLog {
    reader: String,
    path: PathBuf,
    file: File,
    /// The bytes of the lines.
    size: u64,
    labels: HashMap<RecordId, StandingLabel>,
    number: u64,
    /// For each id of a conversation the hash of its content.
    contents: HashMap<String, String>,
    _lock: Lock,
}

impl LabelLog {
    /// Opens the log of a reader, or begins it. A last line that was torn when its writer was stopped is cut off.
    ///
    /// # Errors
    /// If the name cannot be a reader's, another process writes the log, a line cannot be read, or the file cannot be written.
    pub fn open(run: &RunDir, reader: &str) -> Result<Self, ReviewError> {
        Self::open_in(&run.path.join(LABELS), reader)
    }

    pub(super) fn open_in(folder: &Path, reader: &str) -> Result<Self, ReviewError> {
        check_name(reader)?;
        let path = folder.join(format!("{reader}.jsonl"));
        let failed = |e: std::io::Error| RunError::io(format!("cannot open {}", path.display()), &e);
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = Lock::take_named(folder, &format!("{reader}.lock")).map_err(|error| match error {
            RunError::Folder(FolderError::Held { holder, .. }) => {
                ReviewError::ReaderAtWork(reader.to_owned(), holder)
            }
            error => error.into(),
        })?;
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let LogLines { lines, size, lacks_end } = LogLines::read(&path, &bytes)?;
        let size = size as u64;
        file.set_len(size).and_then(|()| file.seek(SeekFrom::Start(size))).map_err(failed)?;
        let (labels, contents) = Default::default();
        let reader = reader.to_owned();
        let mut log = Self { reader, path, file, size, labels, number: 0, contents, _lock: lock };
        if lacks_end {
            log.append(b"\n")?;
        }
        lines.into_iter().for_each(|line| log.take_up(line));
        Ok(log)
    }

    /// The reader's name.
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the reader says of a turn.
    pub fn of(&self, id: RecordId) -> Option<&ReviewLabel> {
        self.labels.get(&id).map(|standing| &standing.label)
    }

    /// What the reader says of each turn, in no order.
    pub fn labels(&self) -> impl Iterator<Item = (RecordId, &ReviewLabel)> {
        self.labels.iter().map(|(id, standing)| (*id, &standing.label))
    }

    /// The same as other readers' labels are read.
    pub fn reader_labels(&self) -> ReaderLabels {
        let answers = self.labels().map(|(id, label)| (id, label.answer)).collect();
        ReaderLabels { reader: self.reader.clone(), answers }
    }

    /// How long the reader takes for a turn: the median; `None` where nothing was measured. A turn for which the reader took
    /// more than five minutes counts as five.
    pub fn seconds_each(&self) -> Option<f64> {
        let taken = self.labels.values().filter_map(|standing| standing.label.seconds);
        let mut taken: Vec<f64> = taken.map(|seconds| seconds.min(MOST_SECONDS)).collect();
        taken.sort_by(f64::total_cmp);
        taken.get(taken.len() / 2).copied()
    }

    /// Adds a label of a turn, in the place of an earlier one. The label is on the disk when this returns.
    ///
    /// # Errors
    /// If another conversation with the same id was labelled, or the file cannot be written; then the log is as it was before.
    pub fn add(
        &mut self,
        target: &LabelTarget,
        selection: TurnSelection,
        label: ReviewLabel,
    ) -> Result<(), ReviewError> {
        let known = self.contents.get(&target.conversation_id);
        if known.is_some_and(|known| *known != target.content) {
            return Err(ReviewError::SharedId(target.conversation_id.clone()));
        }
        // A turn that one of several draws holds is a turn of that draw, whoever drew it once more.
        let before = self.labels.get(&target.id).map_or(selection, |standing| standing.selection);
        self.write(target, selection.min(before), LabelWord::Said(label.answer), label.span, label.seconds)
    }

    /// Takes back the last label that stands, and returns its turn; `None` where no label stands.
    ///
    /// # Errors
    /// If the file cannot be written; then the log is as it was before.
    pub fn undo(&mut self) -> Result<Option<RecordId>, ReviewError> {
        let Some(last) = self.labels.values().max_by_key(|standing| standing.number) else { return Ok(None) };
        let (target, selection) = (last.target.clone(), last.selection);
        self.write(&target, selection, LabelWord::Undone, None, None)?;
        Ok(Some(target.id))
    }

    fn write(
        &mut self,
        target: &LabelTarget,
        selection: TurnSelection,
        word: LabelWord,
        span: Option<String>,
        seconds: Option<f64>,
    ) -> Result<(), ReviewError> {
        let turn = Some(target.id.message_index as usize);
        let row = LabelRow { turn, feedback_turn: None, category: word.name().to_owned(), span };
        let line = LogLine {
            labels: ConversationLabels {
                conversation_id: target.conversation_id.clone(),
                selection,
                complete: false,
                labels: vec![row],
            },
            id: Some(target.id),
            reader: self.reader.clone(),
            at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            seconds: seconds
                .filter(|seconds| seconds.is_finite())
                .map(|seconds| (seconds * 10.0).round() / 10.0),
            content: target.content.clone(),
        };
        let mut json = serde_json::to_vec(&line).expect("a line is plain data");
        json.push(b'\n');
        self.append(&json)?;
        self.take_up(line);
        Ok(())
    }

    /// Appends bytes to the file, all of them or none.
    fn append(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        if let Err(e) = written {
            // A line that is not whole must not stand in the way of the next one. If the file cannot be cut either, the next
            // to open the log cuts it.
            let cut = self.file.set_len(self.size);
            let _ = cut.and_then(|()| self.file.seek(SeekFrom::Start(self.size)));
            return Err(RunError::io(format!("cannot write {}", self.path.display()), &e));
        }
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Takes up what a line says that stands in the file.
    fn take_up(&mut self, line: LogLine) {
        let Some((id, word)) = line.turn_and_word() else { return };
        match word {
            LabelWord::Undone => {
                self.labels.remove(&id);
            }
            LabelWord::Said(_) => {
                self.number += 1;
                if let Some(standing) = line.standing(self.number) {
                    let target = &standing.target;
                    if !target.content.is_empty() {
                        self.contents.insert(target.conversation_id.clone(), target.content.clone());
                    }
                    self.labels.insert(id, standing);
                }
            }
        }
    }
}

/// Refuses a name that cannot be a reader's.
fn check_name(reader: &str) -> Result<(), ReviewError> {
    let is_sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let begins = reader.starts_with(|c: char| c.is_ascii_alphanumeric());
    match begins && reader.len() <= 40 && reader.chars().all(is_sound) {
        true => Ok(()),
        false => Err(ReviewError::ReaderName(reader.to_owned())),
    }
}

//! Files that hold rows of many conversations, wherever they lie: exports, labels, batches. Rows about the conversations go; the others
//! stay, line for line.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rejoinder_core::RecordId;
use rejoinder_export::export::parquet::{is_parquet, retain_rows};
use rejoinder_ledger::part;
use serde::Serialize;
use serde_json::Value;

use super::target::ForgottenTarget;
use crate::error::RunError;
use crate::lines::retained;

/// The file that tells programs what a data set is.
const DATA_SET: &str = "rejoinder.json";
/// The files that an export writes into the folder of a data set.
const OF_DATA_SET: [&str; 5] =
    ["data/train.jsonl", "data/validation.jsonl", "README.md", "report.md", DATA_SET];

/// A file that held rows of the conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedFile {
    /// The file, or the folder of a data set.
    pub file: PathBuf,
    /// The number of rows of the conversations.
    pub rows: u64,
    /// Whether the whole file went, and can be made again.
    pub is_removed: bool,
}

/// What was found in files.
#[derive(Debug, Default)]
pub(super) struct FoundRows {
    /// Files with rows of the conversations.
    pub(super) changed: Vec<ChangedFile>,
    /// Files that hold rows alone, where each row tells its conversation.
    pub(super) understood: BTreeSet<PathBuf>,
}

/// Takes rows out of files.
pub(super) struct ExportedRows<'t> {
    pub(super) target: &'t ForgottenTarget,
    /// The keys of the requests about the conversations, by which batches name them.
    pub(super) requests: &'t BTreeSet<String>,
    /// Whether files are changed; else the rows are only counted.
    pub(super) writes: bool,
}

impl ExportedRows<'_> {
    /// Takes the rows out of a file, or out of all files of a folder, but for those that `leaves_alone` names. Files that are of no known
    /// form stay as they are.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub(super) fn remove(
        &self,
        path: &Path,
        leaves_alone: &dyn Fn(&Path) -> bool,
        found: &mut FoundRows,
    ) -> Result<(), RunError> {
        if leaves_alone(path) || path.is_symlink() {
            return Ok(());
        }
        let failed = |e: io::Error| RunError::io(format!("cannot take rows out of {}", path.display()), &e);
        if !path.is_dir() {
            let RowsOfFile { rows, are_understood } = self.of_file(path, self.writes).map_err(failed)?;
            if rows > 0 {
                found.changed.push(ChangedFile { file: path.to_owned(), rows, is_removed: false });
            }
            if are_understood {
                found.understood.insert(path.to_owned());
            }
            return Ok(());
        }
        if path.join(DATA_SET).is_file() {
            let rows = self.of_data_set(path, &mut found.understood).map_err(failed)?;
            if rows > 0 {
                found.changed.push(ChangedFile { file: path.to_owned(), rows, is_removed: true });
            }
            return Ok(());
        }
        let entries = fs::read_dir(path).map_err(failed)?.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = entries.collect::<io::Result<Vec<_>>>().map_err(failed)?;
        paths.sort();
        paths.iter().try_for_each(|path| self.remove(path, leaves_alone, found))
    }

    /// Removes the files of a data set with rows of the conversations: card and hashes would no longer be true. Notes the files that are
    /// `understood`.
    fn of_data_set(&self, folder: &Path, understood: &mut BTreeSet<PathBuf>) -> io::Result<u64> {
        let files = OF_DATA_SET.map(|name| folder.join(name));
        let files: Vec<&PathBuf> = files.iter().filter(|file| file.is_file()).collect();
        let mut rows = 0;
        for file in &files {
            let of_file = self.of_file(file, false)?;
            rows += of_file.rows;
            let is_of_rows = file.extension().is_some_and(|ending| ending == "jsonl");
            if of_file.are_understood || !is_of_rows {
                understood.insert((*file).clone());
            }
        }
        if rows > 0 && self.writes {
            files.into_iter().try_for_each(fs::remove_file)?;
        }
        Ok(rows)
    }

    /// Takes the rows out of one file.
    fn of_file(&self, path: &Path, writes: bool) -> io::Result<RowsOfFile> {
        let stays = |row: &Value| !self.is_about(row);
        let are_understood = Cell::new(true);
        let file = File::open(path)?;
        if is_parquet(&file)? {
            let rows = retain_rows(file, io::sink(), |row| {
                are_understood.set(are_understood.get() && self.is_told_apart(row));
                stays(row)
            })?;
            if rows > 0 && writes {
                let file = File::open(path)?;
                part::write_with(path, |out| retain_rows(file, out, stays).map(drop))?;
            }
            return Ok(RowsOfFile { rows, are_understood: are_understood.get() });
        }
        let bytes = fs::read(path)?;
        let (kept, rows) = match bytes.trim_ascii_start().first() {
            Some(b'[') => self.of_list(&bytes, &are_understood),
            Some(b'{') => retained(&bytes, |line| {
                let row = serde_json::from_slice::<Value>(line).unwrap_or_default();
                are_understood
                    .set(are_understood.get() && (self.is_told_apart(&row) || line.trim_ascii().is_empty()));
                Ok::<_, io::Error>(stays(&row))
            })?,
            _ => (Vec::new(), 0),
        };
        if rows > 0 && writes {
            part::write(path, &kept)?;
        }
        Ok(RowsOfFile { rows, are_understood: are_understood.get() && !kept.is_empty() })
    }

    /// A list of tasks for people without those about the conversations, as exports write it.
    fn of_list(&self, bytes: &[u8], are_understood: &Cell<bool>) -> (Vec<u8>, u64) {
        let Ok(mut tasks) = serde_json::from_slice::<Vec<Value>>(bytes) else { return (Vec::new(), 0) };
        are_understood.set(tasks.iter().all(|task| self.is_told_apart(task)));
        let before = tasks.len();
        tasks.retain(|task| !self.is_about(task));
        let kept = serde_json::to_vec_pretty(&tasks).expect("tasks are plain data");
        (kept, (before - tasks.len()) as u64)
    }

    /// Whether a row of any export is about one of the conversations.
    fn is_about(&self, row: &Value) -> bool {
        let is_request = row["custom_id"].as_str().is_some_and(|key| self.requests.contains(key));
        let is_own = |id: &str| {
            self.target.redacted_ids.contains(id) && place_of(row).is_some_and(|turn| self.target.holds(turn))
        };
        is_request || conversation_of(row).is_some_and(|id| self.target.has_id(id) || is_own(id))
    }

    /// Whether a row tells which conversation it is about. The placeholder of an export without personal data is the id of many; then the
    /// place of the turn tells.
    fn is_told_apart(&self, row: &Value) -> bool {
        conversation_of(row)
            .is_some_and(|id| !self.target.redacted_ids.contains(id) || place_of(row).is_some())
    }
}

/// What the rows of a file are.
struct RowsOfFile {
    /// The rows of the conversations.
    rows: u64,
    /// Whether each row of the file tells its conversation.
    are_understood: bool,
}

/// The id of the conversation that a row of any export is about. Tasks of Label Studio have the row within, and records of Argilla have
/// the turn's number behind the id.
fn conversation_of(row: &Value) -> Option<&str> {
    let of_record = || Some(row["fields"].as_object().and(row["id"].as_str())?.rsplit_once('#')?.0);
    let of_row = row["conversation_id"].as_str().or_else(|| row["data"]["conversation_id"].as_str());
    of_row.or_else(of_record)
}

/// The place of the turn that a row is about, where an export tells it.
fn place_of(row: &Value) -> Option<RecordId> {
    row["id"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn removed(content: &str, id: &str) -> (u64, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export");
        fs::write(&file, content).unwrap();
        let mut target = ForgottenTarget::default();
        target.ids.insert(id.to_owned());
        let requests = BTreeSet::from(["key".to_owned()]);
        let rows = ExportedRows { target: &target, requests: &requests, writes: true };
        let mut found = FoundRows::default();
        rows.remove(folder.path(), &|_| false, &mut found).unwrap();
        (found.changed.iter().map(|file| file.rows).sum(), fs::read_to_string(&file).unwrap())
    }

    #[test]
    fn rows_of_all_exports_are_told_by_the_conversation_and_the_others_stay_byte_for_byte() {
        let id = "an \"id\"\n#ü";
        let other = r#"{ "conversation_id":"other",  "x": 1 }"#;
        for row in [
            json!({ "conversation_id": id, "prompt": [] }),
            json!({ "data": { "conversation_id": id, "dialogue": [] } }),
            json!({ "id": format!("{id}#4"), "fields": { "chat": [] } }),
            json!({ "custom_id": "key", "body": {} }),
        ] {
            for lines in
                [format!("{row}\n{other}\n"), format!("{other}\n{row}\n{other}"), format!("{other}\n{row}")]
            {
                let (rows, left) = removed(&lines, id);
                assert_eq!(
                    (rows, left),
                    (1, lines.replacen(&format!("{row}\n"), "", 1).replace(&row.to_string(), ""))
                );
            }
            let tasks =
                serde_json::to_string_pretty(&json!([row, { "data": { "conversation_id": "b" } }])).unwrap();
            let alone =
                serde_json::to_string_pretty(&json!([{ "data": { "conversation_id": "b" } }])).unwrap();
            assert_eq!(removed(&tasks, id), (1, alone));
        }
        for stays in [other, "[1, 2]", "words", "", "{\n  \"conversation_id\": 1\n}"] {
            assert_eq!(removed(stays, id), (0, stays.to_owned()));
        }
    }
}

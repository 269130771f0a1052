//! The folder of what one judge was asked: its notes, its ledger, its replies and its lock.

use std::fs;
use std::path::{Path, PathBuf};

use rejoinder_judge::{JudgeConfig, ServerCapabilities};
use rejoinder_ledger::{Ledger, ReplyStore, part};
use serde::{Deserialize, Serialize};

use super::error::AskingError;
use crate::error::RunError;
use crate::folder::{FolderError, Lock};

/// Version of the layout.
const FORMAT: u32 = 1;
const NOTES: &str = "asking.json";
const LOCK: &str = "ask.lock";
const LEDGER: &str = "ledger.sqlite";
const REPLIES: &str = "replies.sqlite";
/// The file of results.
pub(super) const ANSWERS: &str = "answers.jsonl";
/// What the ledger calls the id of its folder.
const ID_FACT: &str = "asking";

/// The folder of what one judge was asked, which nobody else works on until this value is dropped.
pub(super) struct AskingFolder {
    path: PathBuf,
    notes: Notes,
    /// What was spent, over the folder's whole life.
    pub(super) ledger: Ledger,
    _lock: Lock,
}

/// Who is asked, and what was found out about its server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notes {
    format: u32,
    /// The id of the folder; its ledger says the same.
    id: String,
    /// Version of the engine that made the folder.
    engine: String,
    /// The judge, as the keys of its replies name it.
    judge: JudgeName,
    findings: Option<ServerCapabilities>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JudgeName {
    endpoint: String,
    model: String,
    revision: Option<String>,
}

impl JudgeName {
    fn of(judge: &JudgeConfig) -> Self {
        Self { endpoint: judge.endpoint(), model: judge.model.clone(), revision: judge.revision.clone() }
    }

    /// What differs, in words.
    fn changes(&self, now: &Self) -> Vec<String> {
        let revision = |judge: &Self| judge.revision.clone().unwrap_or_else(|| "none".to_owned());
        let pairs = [
            ("model", self.model.clone(), now.model.clone()),
            ("revision", revision(self), revision(now)),
            ("identity or base-url", self.endpoint.clone(), now.endpoint.clone()),
        ];
        let differing = pairs.into_iter().filter(|(_, then, now)| then != now);
        differing.map(|(what, then, now)| format!("{what}: {then}, now {now}")).collect()
    }
}

impl AskingFolder {
    /// Opens the folder of a judge, or makes it.
    ///
    /// # Errors
    /// If another process works on it, it holds something else or the answers of another judge, or it cannot be written.
    pub(super) fn open(path: &Path, judge: &JudgeConfig) -> Result<Self, AskingError> {
        if path.is_file() {
            return Err(AskingError::IsFile(path.to_owned()));
        }
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let is_begun = names.iter().any(|name| name == NOTES);
        if !is_begun && !names.iter().all(|name| is_of_beginning(name)) {
            return Err(AskingError::HoldsOther(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(|e| RunError::io(format!("cannot make {}", path.display()), &e))?;
        let lock = Lock::take_named(path, LOCK).map_err(|error| match error {
            RunError::Folder(FolderError::Held { folder, holder }) => AskingError::Held { folder, holder },
            other => other.into(),
        })?;
        // Another process may have made it meanwhile.
        match path.join(NOTES).exists() {
            true => Self::open_locked(path, judge, lock),
            false => Self::begin(path, judge, lock),
        }
    }

    fn open_locked(path: &Path, judge: &JudgeConfig, lock: Lock) -> Result<Self, AskingError> {
        let file = path.join(NOTES);
        let unusable = |why: String| AskingError::Notes(file.clone(), why);
        let text = fs::read_to_string(&file).map_err(|e| unusable(e.to_string()))?;
        let notes = read_notes(&text).map_err(unusable)?;
        let ledger = Ledger::open(&path.join(LEDGER))?;
        if ledger.get(ID_FACT)?.as_deref() != Some(&notes.id) {
            return Err(AskingError::ForeignLedger(path.join(LEDGER)));
        }
        let changes = notes.judge.changes(&JudgeName::of(judge));
        if !changes.is_empty() {
            return Err(AskingError::OtherJudge { folder: path.to_owned(), changes });
        }
        Ok(Self { path: path.to_owned(), notes, ledger, _lock: lock })
    }

    fn begin(path: &Path, judge: &JudgeConfig, lock: Lock) -> Result<Self, AskingError> {
        let ledger = Ledger::create(&path.join(LEDGER))?;
        let notes = Notes {
            format: FORMAT,
            id: format!("{:032x}", fastrand::u128(..)),
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            judge: JudgeName::of(judge),
            findings: None,
        };
        ledger.put(ID_FACT, &notes.id)?;
        let folder = Self { path: path.to_owned(), notes, ledger, _lock: lock };
        // Last of all: a folder without notes is made anew.
        folder.write_notes()?;
        Ok(folder)
    }

    /// What was found out about the judge's server; `None` if that is not known, or not all that this config needs.
    pub(super) fn findings(&self, judge: &JudgeConfig) -> Option<&ServerCapabilities> {
        self.notes.findings.as_ref().filter(|findings| findings.are_about(judge))
    }

    /// Keeps what was found out about the judge's server.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn keep_findings(&mut self, findings: ServerCapabilities) -> Result<(), RunError> {
        self.notes.findings = Some(findings);
        self.write_notes()
    }

    fn write_notes(&self) -> Result<(), RunError> {
        let mut json = serde_json::to_vec_pretty(&self.notes).expect("notes are plain data");
        json.push(b'\n');
        Ok(part::write(&self.path.join(NOTES), &json)?)
    }

    /// Opens the replies: the folder's own file, or the one of this path, which others may share.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub(super) fn replies(&self, shared: Option<&Path>) -> Result<ReplyStore, RunError> {
        Ok(match shared {
            // The folder's own file is under the folder's lock.
            None => ReplyStore::open(&self.path.join(REPLIES))?,
            Some(path) => ReplyStore::open_shared(path)?,
        })
    }

    /// The path of the file of results.
    pub(super) fn answers(&self) -> PathBuf {
        self.path.join(ANSWERS)
    }
}

/// Reads notes of this layout.
fn read_notes(text: &str) -> Result<Notes, String> {
    #[derive(Deserialize)]
    struct Layout {
        format: u32,
    }
    let Layout { format } = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if format != FORMAT {
        return Err(format!("it has layout {format}, and {FORMAT} is known here"));
    }
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// Whether a name is that of a file that a folder has before its notes.
fn is_of_beginning(name: &str) -> bool {
    name == LOCK || name.starts_with(LEDGER) || name == "asking.json.tmp"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(model: &str) -> JudgeConfig {
        JudgeConfig::new("http://127.0.0.1:1/v1", model).for_given_requests()
    }

    #[test]
    fn a_folder_is_one_judges_and_one_hands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("asked");
        let open = |judge: &JudgeConfig| AskingFolder::open(&path, judge);
        let mut first = open(&judge("m")).unwrap();
        assert!(matches!(open(&judge("m")), Err(AskingError::Held { .. })));
        let findings = ServerCapabilities::assumed(&judge("m"));
        first.keep_findings(findings.clone()).unwrap();
        drop(first);
        assert_eq!(open(&judge("m")).unwrap().findings(&judge("m")), Some(&findings));
        let refused = open(&judge("n")).map(drop).unwrap_err().to_string();
        assert!(refused.ends_with("model: m, now n"), "{refused}");
        // Pace and prices may change, and so may the address of a judge that has a name.
        let same = JudgeConfig {
            base_urls: vec!["http://127.0.0.1:2/v1".to_owned()],
            identity: Some("http://127.0.0.1:1/v1".to_owned()),
            max_tokens: 3,
            ..judge("m")
        };
        open(&same).unwrap();
    }

    #[test]
    fn a_folder_that_holds_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("manifest.json"), "{}").unwrap();
        assert!(matches!(AskingFolder::open(path, &judge("m")), Err(AskingError::HoldsOther(_))));
        assert_eq!(fs::read_dir(path).unwrap().count(), 1);
        fs::remove_file(path.join("manifest.json")).unwrap();
        // What a killed process leaves that had only just begun.
        fs::write(path.join(LOCK), "{").unwrap();
        drop(Ledger::create(&path.join(LEDGER)).unwrap());
        drop(AskingFolder::open(path, &judge("m")).unwrap());
        for (name, content) in [(NOTES, "{}"), (NOTES, r#"{"format":2}"#)] {
            fs::write(path.join(name), content).unwrap();
            assert!(matches!(AskingFolder::open(path, &judge("m")), Err(AskingError::Notes(..))));
        }
    }

    #[test]
    fn another_ledger_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(AskingFolder::open(folder.path(), &judge("m")).unwrap());
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(LEDGER) {
                fs::remove_file(path).unwrap();
            }
        }
        drop(Ledger::create(&folder.path().join(LEDGER)).unwrap());
        let refused = AskingFolder::open(folder.path(), &judge("m"));
        assert!(matches!(refused, Err(AskingError::ForeignLedger(_))));
    }
}

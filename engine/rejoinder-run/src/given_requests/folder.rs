//! The folder of what one judge was asked: its ledger, its replies, its results and its lock.

use std::fs;
use std::path::{Path, PathBuf};

use rejoinder_judge::{JudgeConfig, ServerCapabilities};
use rejoinder_ledger::{Ledger, ReplyStore};

use super::error::AskingError;
use crate::error::RunError;
use crate::folder::{FolderError, Lock};

const LOCK: &str = "ask.lock";
const LEDGER: &str = "ledger.sqlite";
const REPLIES: &str = "replies.sqlite";
const ANSWERS: &str = "answers.jsonl";
/// What the ledger calls what was found out about the judge's server.
const FINDINGS: &str = "capabilities";

/// The folder of what one judge was asked, which nobody else works on until this value is dropped.
pub(super) struct AskingFolder {
    path: PathBuf,
    /// What was spent, over the folder's whole life.
    pub(super) ledger: Ledger,
    _lock: Lock,
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
        let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
        if !is_empty && !path.join(LOCK).exists() {
            return Err(AskingError::HoldsOther(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(|e| RunError::io(format!("cannot make {}", path.display()), &e))?;
        let lock = Lock::take_named(path, LOCK).map_err(|error| match error {
            RunError::Folder(FolderError::Held { folder, holder }) => AskingError::Held { folder, holder },
            other => other.into(),
        })?;
        let ledger = Ledger::create(&path.join(LEDGER))?;
        let folder = Self { path: path.to_owned(), ledger, _lock: lock };
        folder.check_judge(judge)?;
        Ok(folder)
    }

    /// Refuses another judge than the one that the ledger knows: as the keys of replies name it. A new ledger gets to know the judge.
    fn check_judge(&self, judge: &JudgeConfig) -> Result<(), AskingError> {
        let revision = judge.revision.clone().unwrap_or_else(|| "none".to_owned());
        let names = [
            ("model", judge.model.clone()),
            ("revision", revision),
            ("identity or base-url", judge.endpoint()),
        ];
        let (mut changes, mut unknown) = (Vec::new(), Vec::new());
        for (what, now) in &names {
            match self.ledger.get(what)? {
                None => unknown.push((what, now)),
                Some(then) if then != *now => changes.push(format!("{what}: {then}, now {now}")),
                Some(_) => {}
            }
        }
        if !changes.is_empty() {
            return Err(AskingError::OtherJudge { folder: self.path.clone(), changes });
        }
        // The names stand in the ledger before anything is asked.
        if !unknown.is_empty() && [REPLIES, ANSWERS].iter().any(|name| self.path.join(name).exists()) {
            return Err(AskingError::ForeignLedger(self.path.join(LEDGER)));
        }
        unknown.into_iter().try_for_each(|(what, now)| Ok(self.ledger.put(what, now)?))
    }

    /// What was found out about the judge's server; `None` if that is not known, or not all that this config needs.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(super) fn findings(&self, judge: &JudgeConfig) -> Result<Option<ServerCapabilities>, AskingError> {
        let known = self.ledger.get(FINDINGS)?;
        // What another version wrote is found out anew.
        let known: Option<ServerCapabilities> = known.and_then(|json| serde_json::from_str(&json).ok());
        Ok(known.filter(|findings| findings.are_about(judge)))
    }

    /// Keeps what was found out about the judge's server.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub(super) fn keep_findings(&self, findings: &ServerCapabilities) -> Result<(), AskingError> {
        let json = serde_json::to_string(findings).expect("findings are plain data");
        Ok(self.ledger.put(FINDINGS, &json)?)
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
        let first = open(&judge("m")).unwrap();
        assert!(matches!(open(&judge("m")), Err(AskingError::Held { .. })));
        let findings = ServerCapabilities::assumed(&judge("m"));
        first.keep_findings(&findings).unwrap();
        drop(first);
        assert_eq!(open(&judge("m")).unwrap().findings(&judge("m")).unwrap(), Some(findings));
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
    }

    #[test]
    fn a_ledger_that_was_emptied_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let asked = AskingFolder::open(folder.path(), &judge("m")).unwrap();
        drop(asked.replies(None).unwrap());
        drop(asked);
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(LEDGER) {
                fs::remove_file(path).unwrap();
            }
        }
        let refused = AskingFolder::open(folder.path(), &judge("m"));
        assert!(matches!(refused, Err(AskingError::ForeignLedger(_))));
    }
}

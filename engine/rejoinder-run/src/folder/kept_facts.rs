//! What a run keeps beside its parts: counts, findings, and what was asked before the scan.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::PathBuf;

use rejoinder_core::RecordId;
use rejoinder_judge::{AskProgress, ServerTime};
use rejoinder_ledger::{ReplyStore, part};

use super::run_dir::{ASKED, RunDir, from_json};
use crate::error::RunError;
use crate::judging::LetterCheck;
use crate::recall::Curves;
use crate::stats::{ExtraRequests, JudgeStats, ScanCounts, ScanStats};

/// What the ledger calls the requests beside the first ones.
const EXTRA: &str = "extra requests";
/// What the ledger calls how long the server has worked.
const SERVER_TIME: &str = "server time";
/// What the ledger calls what came of asking with the letters in another order.
const LETTERS: &str = "letters";

impl RunDir {
    /// Turns that the judge was asked about before the scan.
    pub fn asked(&self) -> Result<HashSet<RecordId>, RunError> {
        let file = self.path.join(ASKED);
        match fs::read(&file) {
            Ok(json) => {
                serde_json::from_slice(&json).map_err(|e| RunError::Io(format!("{}: {e}", file.display())))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(HashSet::new()),
            Err(e) => Err(RunError::io(format!("cannot read {}", file.display()), &e)),
        }
    }

    /// Keeps which turns the judge was asked about before the scan.
    pub(crate) fn keep_asked(&self, asked: &[RecordId]) -> Result<(), RunError> {
        let json = serde_json::to_vec(asked).expect("ids are plain data");
        Ok(part::write(&self.path.join(ASKED), &json)?)
    }

    /// The counts of the whole scan, as far as it is committed.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn scan_counts(&self) -> Result<ScanCounts, RunError> {
        let mut total = ScanCounts::default();
        for part in self.ledger.parts()? {
            total += from_json(&part.summary)?;
        }
        Ok(total)
    }

    /// The numbers of the whole scan, as far as it is committed.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn scan_stats(&self) -> Result<ScanStats, RunError> {
        Ok(self.scan_counts()?.stats)
    }

    /// What the judge's replies made of the undecided turns at the last collection.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn judge_stats(&self) -> Result<JudgeStats, RunError> {
        self.ledger.get("judged")?.map_or(Ok(JudgeStats::default()), |json| from_json(&json))
    }

    /// Whether replies were collected.
    pub(crate) fn has_judge_stats(&self) -> Result<bool, RunError> {
        Ok(self.ledger.get("judged")?.is_some())
    }

    /// Why answers of the judge were of no use, and for how many turns, at the last collection.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn unverified_reasons(&self) -> Result<BTreeMap<String, u64>, RunError> {
        self.ledger.get("unverified")?.map_or(Ok(BTreeMap::new()), |json| from_json(&json))
    }

    /// Keeps the counts of the judge's replies, and the reasons why replies are of no use.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn set_judge_stats(
        &self,
        stats: &JudgeStats,
        reasons: &BTreeMap<String, u64>,
    ) -> Result<(), RunError> {
        let json = |error: Result<String, serde_json::Error>| error.expect("counts are plain data");
        self.ledger.put("unverified", &json(serde_json::to_string(reasons)))?;
        Ok(self.ledger.put("judged", &json(serde_json::to_string(stats)))?)
    }

    /// Which requests of this run were made beside the first ones.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn asked_requests(&self) -> Result<ExtraRequests, RunError> {
        self.ledger.get(EXTRA)?.map_or(Ok(ExtraRequests::default()), |json| from_json(&json))
    }

    /// Adds to the requests of this run that were made beside the first ones.
    ///
    /// # Errors
    /// If the ledger cannot be read or written.
    pub fn add_asked_requests(&self, asked: &AskProgress) -> Result<(), RunError> {
        let known = self.asked_requests()?;
        let first = asked.answered + asked.refused + asked.empty + asked.failed;
        self.set_asked_requests(ExtraRequests {
            apart: known.apart + asked.apart,
            again: known.again + asked.attempts.saturating_sub(first),
        })
    }

    /// Keeps which requests of this run were made beside the first ones.
    pub(crate) fn set_asked_requests(&self, extra: ExtraRequests) -> Result<(), RunError> {
        Ok(self.ledger.put(EXTRA, &serde_json::to_string(&extra).expect("counts are plain data"))?)
    }

    /// How long the judge's server has worked for this run.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn server_time(&self) -> Result<ServerTime, RunError> {
        self.ledger.get(SERVER_TIME)?.map_or(Ok(ServerTime::default()), |json| from_json(&json))
    }

    /// Adds to how long the judge's server has worked for this run.
    ///
    /// # Errors
    /// If the ledger cannot be read or written.
    pub fn add_server_time(&self, more: ServerTime) -> Result<(), RunError> {
        let mut time = self.server_time()?;
        time += more;
        self.set_server_time(time)
    }

    /// Keeps how long the judge's server has worked for this run.
    pub(crate) fn set_server_time(&self, time: ServerTime) -> Result<(), RunError> {
        Ok(self.ledger.put(SERVER_TIME, &serde_json::to_string(&time).expect("sums are plain data"))?)
    }

    /// Keeps what came of asking with the letters in another order.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn keep_letters(&self, letters: &LetterCheck) -> Result<(), RunError> {
        let json = serde_json::to_string(letters).expect("counts are plain data");
        Ok(self.ledger.put(LETTERS, &json)?)
    }

    /// What came of asking with the letters in another order; all zero where nobody did.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn letters(&self) -> Result<LetterCheck, RunError> {
        self.ledger.get(LETTERS)?.map_or(Ok(LetterCheck::default()), |json| from_json(&json))
    }

    /// The certificate of the last audit; `None` if there was no audit.
    ///
    /// # Errors
    /// If the certificate cannot be read.
    pub fn certificate(&self) -> Result<Option<serde_json::Value>, RunError> {
        let file = self.path.join("certificate.json");
        let unreadable =
            |e: &dyn std::fmt::Display| RunError::io(format!("cannot read {}", file.display()), e);
        match fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|e| unreadable(&e)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(unreadable(&e)),
        }
    }

    /// The file of the replies: the run's own one, or the shared one that the config names.
    pub fn reply_file(&self) -> PathBuf {
        let shared = self.manifest.config.judge.replies.clone();
        shared.unwrap_or_else(|| self.own_replies())
    }

    /// Lets the run begin with what an earlier run has spent, and with what that found out by asking: for the same judge also with what
    /// came of asking with the letters in another order.
    ///
    /// # Errors
    /// If a ledger cannot be read or written.
    pub(crate) fn take_over_asking(&self, earlier: &Self) -> Result<(), RunError> {
        let letters = self.manifest.judge.as_ref().map(|_| LETTERS);
        let mut facts = Vec::new();
        for name in [EXTRA, SERVER_TIME].into_iter().chain(letters) {
            facts.extend(earlier.ledger.get(name)?.map(|value| (name, value)));
        }
        Ok(self.ledger.take_over(earlier.ledger.spent()?, &facts)?)
    }

    /// Opens the replies: the run's own file, or the shared one that the config names. A reader of the run makes no file.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn replies(&self) -> Result<ReplyStore, RunError> {
        let path = self.reply_file();
        Ok(match (self.lock.is_some(), path.exists()) {
            // The run's own file is under the run's lock.
            (true, _) if path == self.own_replies() => ReplyStore::open(&path)?,
            (true, _) => ReplyStore::open_shared(&path)?,
            (false, true) => ReplyStore::open_to_read(&path)?,
            (false, false) => ReplyStore::in_memory()?,
        })
    }

    /// Whether the replies lie in the run's own file.
    pub(crate) const fn has_own_replies(&self) -> bool {
        self.manifest.config.judge.replies.is_none()
    }

    /// Opens the replies as [`Self::replies`] does, and makes no file where none is.
    pub(crate) fn kept_replies(&self) -> Result<ReplyStore, RunError> {
        if self.reply_file().exists() { self.replies() } else { Ok(ReplyStore::in_memory()?) }
    }

    /// Keeps what asking takes by the score, for each purpose.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn keep_curves(&self, curves: &Curves) -> Result<(), RunError> {
        let json = serde_json::to_string(curves).expect("figures are plain data");
        Ok(self.ledger.put("curves", &json)?)
    }

    /// What asking takes by the score, for each purpose; empty where no cut was searched for.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn curves(&self) -> Result<Curves, RunError> {
        self.ledger.get("curves")?.map_or(Ok(Curves::new()), |json| from_json(&json))
    }
}

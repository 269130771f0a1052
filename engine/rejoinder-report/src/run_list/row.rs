//! A folder in a folder of runs, in figures.

use std::time::SystemTime;

use rejoinder_run::run_list::{EntryContent, RunEntry};
use rejoinder_run::status::{AmountFigures, JudgeNeed, NextStep};
use rejoinder_run::{FolderError, RunError};
use serde::Serialize;

use crate::numbers::{counted, thousands};
use crate::run_status::{CertifiedRecall, JobReport, RunStatusReport, command};

/// A folder in a folder of runs. Times are seconds since 1970.
#[derive(Clone, Debug, Serialize)]
pub struct RunRow {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: String,
    /// What the folder is.
    pub kind: EntryKind,
    /// What is wrong with it; absent where nothing is.
    pub why: Option<String>,
    /// When the run began; absent where the file system does not tell.
    pub begun: Option<u64>,
    /// When a file of it was last changed.
    pub changed: Option<u64>,
    /// The bytes of all its files.
    pub bytes: u64,
    /// The run; absent where its figures cannot be told.
    pub run: Option<Box<RunStatusReport>>,
    /// The job of shards; absent where it is none.
    pub job: Option<JobReport>,
}

/// What a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A run.
    Run,
    /// A job of shards that are not merged yet.
    Job,
    /// A run that is about to begin.
    Beginning,
    /// A run that lacks something, or whose figures cannot be told.
    Damaged,
    /// What a removal has left that was killed.
    RemovedInPart,
    /// No run.
    Other,
}

impl RunRow {
    /// What a look at a folder tells.
    pub fn of(entry: &RunEntry) -> Self {
        let seconds =
            |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map(|t| t.as_secs()).ok();
        let mut row = Self {
            name: entry.path.file_name().unwrap_or(entry.path.as_os_str()).to_string_lossy().into_owned(),
            folder: entry.path.display().to_string(),
            kind: EntryKind::Run,
            why: None,
            begun: entry.begun.and_then(seconds),
            changed: entry.space.changed.and_then(seconds),
            bytes: entry.space.bytes(),
            run: None,
            job: None,
        };
        match &entry.content {
            EntryContent::Run(look) => row.run = Some(Box::new(RunStatusReport::of(look))),
            EntryContent::Job(look) => {
                row.kind = EntryKind::Job;
                row.job = Some(JobReport::of(look));
            }
            EntryContent::Damaged(look, lost) => {
                row.kind = EntryKind::Damaged;
                row.why = Some(lost.to_string());
                let mut run = RunStatusReport::of(look);
                // What the judge's replies make is written anew from them; nothing else is.
                let is_judged = matches!(lost, RunError::Folder(FolderError::Lost { is_judged: true, .. }));
                let judge = || command(NextStep::Judge(JudgeNeed::Nothing), &run.run_dir);
                run.next = is_judged.then(judge);
                row.run = Some(Box::new(run));
            }
            EntryContent::Beginning(error) => {
                row.kind = EntryKind::Beginning;
                row.why = Some(error.to_string());
            }
            EntryContent::RemovedInPart => {
                row.kind = EntryKind::RemovedInPart;
                row.why = Some("its removal was killed".to_owned());
            }
            EntryContent::Other(error) => {
                row.kind = if entry.is_run() { EntryKind::Damaged } else { EntryKind::Other };
                row.why = Some(error.to_string());
            }
        }
        row
    }

    /// What the folder is, or how the run is, in a word.
    pub(super) fn state(&self) -> &'static str {
        match (self.kind, &self.run) {
            (EntryKind::Run, Some(run)) => crate::run_status::state(run.state),
            (EntryKind::Job, _) => "job",
            (EntryKind::Damaged, _) => "damaged",
            (EntryKind::Beginning, _) => "beginning",
            (EntryKind::RemovedInPart, _) => "removed",
            (EntryKind::Run | EntryKind::Other, _) => "no run",
        }
    }

    /// What the reader should know beside the figures, each in a few words.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.why.clone().into_iter().collect();
        if self.kind == EntryKind::RemovedInPart {
            notes.push(format!("rejoinder runs rm {}", self.folder));
        }
        if let Some(job) = &self.job {
            notes.push(job.counted());
        }
        if let Some(run) = &self.run {
            let AmountFigures { tokens, money, .. } = run.spent;
            if tokens > 0 {
                notes.push(format!("{} tokens", thousands(tokens)));
            }
            if money > 0.0 {
                notes.push(format!("{money:.2} in money"));
            }
            notes.extend(run.certificate.as_ref().map(CertifiedRecall::text));
            if self.kind == EntryKind::Run && run.waiting > 0 {
                notes.push(format!("{} waiting", counted(run.waiting, "turn")));
            }
            if run.waiting > 0 || !run.scanned || self.kind == EntryKind::Damaged {
                notes.extend(run.next.clone());
            }
        }
        notes
    }
}

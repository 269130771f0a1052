//! The folders in a folder of runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::space::FolderSpace;
use crate::error::RunError;
use crate::folder::{FolderError, LEDGER, RunDir};
use crate::status::{JobLook, RunLook, RunState};

/// A folder in a folder of runs.
pub struct RunEntry {
    /// The folder.
    pub path: PathBuf,
    /// What the folder is.
    pub content: EntryContent,
    /// What the folder takes.
    pub space: FolderSpace,
    /// When the run began, where the file system tells.
    pub begun: Option<SystemTime>,
}

/// What a folder is.
pub enum EntryContent {
    /// A run.
    Run(Box<RunLook>),
    /// A job of shards that are not merged yet.
    Job(JobLook),
    /// A run whose figures can be told, and which lacks something: what.
    Damaged(Box<RunLook>, RunError),
    /// A run that is about to begin.
    Beginning(RunError),
    /// What a removal has left that was killed.
    RemovedInPart,
    /// Nothing whose figures can be told, and why.
    Other(RunError),
}

impl RunEntry {
    /// Looks at a folder, beside whoever works on it.
    pub fn at(path: &Path) -> Self {
        let begun = fs::metadata(path.join(LEDGER)).and_then(|ledger| ledger.created()).ok();
        let space = FolderSpace::of(path);
        Self { path: path.to_owned(), content: EntryContent::at(path), space, begun }
    }

    /// Whether the folder is a run, or was one.
    pub fn is_run(&self) -> bool {
        !matches!(&self.content, EntryContent::Other(RunError::Folder(FolderError::NoRun { .. })))
    }
}

impl EntryContent {
    fn at(path: &Path) -> Self {
        if RunDir::is_removed_in_part(path) {
            return Self::RemovedInPart;
        }
        if JobLook::is_job(path) {
            return JobLook::at(path).map_or_else(Self::Other, Self::Job);
        }
        match RunLook::at(path) {
            // Files of a run at work come and go.
            Ok(look) if look.state == RunState::Running => Self::Run(Box::new(look)),
            Ok(look) => match look.run.check_sizes() {
                Ok(()) => Self::Run(Box::new(look)),
                Err(lost) => Self::Damaged(Box::new(look), lost),
            },
            Err(error @ RunError::Folder(FolderError::Beginning { .. })) => Self::Beginning(error),
            Err(error) => Self::Other(error),
        }
    }
}

/// Looks at each folder in a folder, in the order of their names.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<RunEntry>, RunError> {
    let failed = |e| RunError::io(format!("cannot read {}", folder.display()), &e);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths.iter().map(|path| RunEntry::at(path)).collect())
}

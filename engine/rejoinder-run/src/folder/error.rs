//! What is wrong with a run's folder.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// What is wrong with a run's folder, or with what the run was made of.
#[derive(Debug)]
pub enum FolderError {
    /// A file has the name that the folder should get.
    IsFile(PathBuf),
    /// The folder holds something else than a run.
    HoldsOther(PathBuf),
    /// The folder holds a run already.
    HoldsRun(PathBuf),
    /// All numbers for folders are taken.
    Full(PathBuf),
    /// The folder is what is left of a run that failed before it had begun.
    NotBegun(PathBuf),
    /// A process begins a run in the folder, and reads its input first.
    Beginning {
        /// The folder.
        folder: PathBuf,
        /// The process.
        holder: LockHolder,
    },
    /// The folder is that of a job whose shards are not merged yet.
    NotMerged(PathBuf),
    /// The run is a shard of a job that is merged: what the shard held is in the job's folder.
    Merged {
        /// The shard's folder.
        shard: PathBuf,
        /// The job's folder.
        job: PathBuf,
    },
    /// The folder is what is left of a run whose removal was killed.
    RemovedInPart(PathBuf),
    /// The run is a shard of a job, and what is wanted takes the whole.
    IsShard(PathBuf),
    /// Conversations of the run are being forgotten, or that was interrupted.
    HalfForgotten(PathBuf),
    /// The folder is not that of a run.
    NoRun {
        /// The folder.
        folder: PathBuf,
        /// Why its manifest cannot be read.
        why: String,
    },
    /// This engine cannot read the manifest.
    Manifest {
        /// The manifest's file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The folder has another layout.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// The folder's layout.
        format: u32,
        /// The layout that this engine knows.
        known: u32,
    },
    /// The ledger at this path belongs to another run.
    ForeignLedger(PathBuf),
    /// A file of a part does not hold what was written.
    Lost {
        /// The run's folder.
        folder: PathBuf,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
        /// Whether the file can be written anew from the stored replies.
        is_judged: bool,
    },
    /// Another process works on the folder.
    Held {
        /// The folder.
        folder: PathBuf,
        /// Which process that is, as far as the lock tells.
        holder: Option<LockHolder>,
    },
    /// The run's scan has not come to its end.
    NotScanned(PathBuf),
    /// An input file is missing.
    InputGone(PathBuf),
    /// An input file was not found under another root; why.
    InputNotUnder(String),
    /// What the run was made of has changed.
    Changed {
        /// The run's folder.
        folder: PathBuf,
        /// What differs, in words.
        changes: Vec<String>,
    },
    /// The waiting turns were written down for another way of asking; what differs, in words.
    SpooledOtherwise(Vec<String>),
}

/// The process that works on a run's folder, as the file of the lock says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The process's number.
    pub process: u32,
    /// The machine's name.
    pub machine: String,
    /// When the work began, in seconds since 1970.
    pub since: u64,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, machine, since } = self;
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(*since);
        write!(f, "process {process} on {machine}, since {}", humantime::format_rfc3339_seconds(since))
    }
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsFile(path) => write!(f, "{} is a file", path.display()),
            Self::HoldsOther(path) => write!(f, "{} holds something already that is no run", path.display()),
            Self::HoldsRun(path) => write!(f, "{} holds a run already", path.display()),
            Self::Full(path) => write!(f, "the folder {} is full", path.display()),
            Self::NotBegun(path) => {
                write!(f, "{} is what is left of a run that failed before it had begun", path.display())
            }
            Self::Beginning { folder, holder } => {
                write!(f, "a run is about to begin in {}: {holder}", folder.display())
            }
            Self::NotMerged(path) => {
                write!(f, "{} is a job of shards that are not merged yet", path.display())
            }
            Self::Merged { shard, job } => {
                write!(f, "{} is merged into {}, and is only read", shard.display(), job.display())
            }
            Self::RemovedInPart(path) => {
                write!(f, "{} is what is left of a run whose removal was interrupted", path.display())
            }
            Self::IsShard(path) => {
                write!(f, "{} is one shard of a job, and this takes the whole", path.display())
            }
            Self::HalfForgotten(path) => {
                write!(f, "a conversation of {} is only half forgotten", path.display())
            }
            Self::NoRun { folder, why } => write!(f, "{} is no run directory: {why}", folder.display()),
            Self::Manifest { file, why } => {
                write!(f, "{} cannot be used by this engine: {why}", file.display())
            }
            Self::Layout { folder, format, known } => {
                write!(f, "{} has layout {format}; this engine knows {known}", folder.display())
            }
            Self::ForeignLedger(file) => write!(
                f,
                "{} is not the ledger of this run: it was emptied, or put in its place. What was spent and which parts are \
                 whole stands there alone: bring it back from a copy, or begin a new run",
                file.display()
            ),
            Self::Lost { file, what, .. } => {
                write!(f, "{} {what}: results would lack a part", file.display())
            }
            Self::Held { folder, holder } => {
                write!(f, "another process works on {}", folder.display())?;
                holder.as_ref().map_or(Ok(()), |holder| write!(f, ": {holder}"))
            }
            Self::NotScanned(path) => write!(f, "the scan of {} was interrupted", path.display()),
            Self::InputGone(path) => write!(f, "the input {} is not there", path.display()),
            Self::InputNotUnder(why) => write!(f, "the input {why}"),
            Self::Changed { folder, changes } => write!(
                f,
                "what {} was made of has changed:\n  {}\nbring it back, or begin a new run",
                folder.display(),
                changes.join("\n  ")
            ),
            Self::SpooledOtherwise(changes) => write!(
                f,
                "the turns that wait were written down for another way of asking:\n  {}\nbegin a new run to change it",
                changes.join("\n  ")
            ),
        }
    }
}

impl std::error::Error for FolderError {}

//! Why a job of shards cannot be begun, gone on with or merged.

use std::fmt;
use std::path::PathBuf;

use super::number::ShardNumber;
use crate::folder::LockHolder;

/// Why a job of shards cannot be begun, gone on with or merged.
#[derive(Debug)]
pub enum ShardError {
    /// The folder holds no job.
    NoJob(PathBuf),
    /// The file of the job cannot be used.
    Unusable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The job was made of something else.
    Different {
        /// The folder of the job.
        folder: PathBuf,
        /// What differs, in words.
        changes: Vec<String>,
    },
    /// The folder of a shard holds one of another job.
    Foreign(PathBuf),
    /// The shards cannot be merged.
    NotReady {
        /// The folder of the job.
        folder: PathBuf,
        /// The number of all shards.
        shards: u32,
        /// What is wrong, shard by shard.
        problems: Vec<(ShardNumber, ShardProblem)>,
    },
}

/// Why a shard cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShardProblem {
    /// The shard was not begun.
    Missing,
    /// The scan of the shard has not come to its end.
    Unfinished,
    /// Another process works on the shard.
    AtWork(Option<LockHolder>),
    /// The folder holds the shard of another job.
    Foreign,
    /// The shard was made of something else; what differs, in words.
    Different(Vec<String>),
    /// The folder cannot be read as a shard; why.
    Unreadable(String),
}

impl fmt::Display for ShardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJob(folder) => {
                write!(f, "{} holds no job of shards: it has no job.json", folder.display())
            }
            Self::Unusable { file, why } => {
                write!(f, "{} cannot be used by this engine: {why}", file.display())
            }
            Self::Different { folder, changes } => {
                write!(f, "the job in {} was begun with something else:", folder.display())?;
                changes.iter().try_for_each(|change| write!(f, "\n  {change}"))
            }
            Self::Foreign(folder) => write!(f, "{} holds a shard of another job", folder.display()),
            Self::NotReady { folder, shards, problems } => {
                write!(f, "{} of {shards} shards in {} cannot be merged:", problems.len(), folder.display())?;
                problems.iter().try_for_each(|(shard, problem)| write!(f, "\n  {shard} {problem}"))
            }
        }
    }
}

impl fmt::Display for ShardProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("was not begun"),
            Self::Unfinished => f.write_str("was interrupted"),
            Self::AtWork(None) => f.write_str("is at work"),
            Self::AtWork(Some(holder)) => write!(f, "is at work: {holder}"),
            Self::Foreign => f.write_str("is a shard of another job"),
            Self::Different(changes) => write!(f, "was made of something else: {}", changes.join("; ")),
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
        }
    }
}

impl std::error::Error for ShardError {}

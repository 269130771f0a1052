//! Why requests are not asked.

use std::fmt;
use std::path::PathBuf;

use rejoinder_judge::batch::GivenLineError;

use crate::error::RunError;
use crate::folder::LockHolder;

/// A line that is no request to be asked.
#[derive(Debug)]
pub struct BadLine {
    /// The number of the line, from 1.
    pub number: u64,
    /// What is wrong with it.
    pub why: BadLineReason,
}

/// What is wrong with a line.
#[derive(Debug)]
pub enum BadLineReason {
    /// The line is no request, or one that cannot be asked here.
    Request(GivenLineError),
    /// The line is no UTF-8.
    NotUtf8,
    /// The line is longer than so many bytes.
    TooLong(u64),
    /// This id stands in a line before.
    SecondId {
        /// The id.
        id: String,
        /// The number of that line.
        first: u64,
    },
}

impl BadLine {
    /// The place as `LINE` or `LINE:COLUMN`.
    fn place(&self) -> String {
        match &self.why {
            BadLineReason::Request(why) if why.column().is_some() => {
                format!("{}:{}", self.number, why.column().unwrap_or_default())
            }
            _ => self.number.to_string(),
        }
    }
}

impl fmt::Display for BadLineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(why) => why.fmt(f),
            Self::NotUtf8 => f.write_str("the line is no UTF-8"),
            Self::TooLong(limit) => write!(f, "the line is longer than {limit} bytes"),
            Self::SecondId { id, first } => write!(
                f,
                "the custom_id `{id}` stands in line {first} already: each request needs one of its own, by which its answer is known"
            ),
        }
    }
}

/// Why requests are not asked.
#[derive(Debug)]
pub enum AskingError {
    /// The config names no judge, or a ledger, a store or a judge failed.
    Run(RunError),
    /// The file of requests cannot be read; why.
    Unreadable(PathBuf, std::io::Error),
    /// What should be a file of requests is something that can be read only once, or a folder.
    NoFile(PathBuf),
    /// Lines of the file are no requests that can be asked.
    BadLines {
        /// The file.
        file: PathBuf,
        /// The first of these lines.
        lines: Vec<BadLine>,
        /// The number of further ones.
        more: u64,
    },
    /// The file holds no request.
    NoRequest(PathBuf),
    /// A file has the name that the folder should get.
    IsFile(PathBuf),
    /// The folder holds something else.
    HoldsOther(PathBuf),
    /// Another process works on the folder.
    Held {
        /// The folder.
        folder: PathBuf,
        /// Which process that is, as far as the lock tells.
        holder: Option<LockHolder>,
    },
    /// The ledger at this path does not know what the folder holds.
    ForeignLedger(PathBuf),
    /// The folder holds the answers of another judge.
    OtherJudge {
        /// The folder.
        folder: PathBuf,
        /// What differs, in words.
        changes: Vec<String>,
    },
}

impl fmt::Display for AskingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(error) => error.fmt(f),
            Self::Unreadable(file, error) => write!(f, "cannot read {}: {error}", file.display()),
            Self::NoFile(path) => {
                write!(f, "{} is no file: requests are read several times", path.display())
            }
            Self::BadLines { file, lines, more } => {
                for line in lines {
                    writeln!(f, "{}:{}: {}", file.display(), line.place(), line.why)?;
                }
                if *more > 0 {
                    writeln!(f, "and {more} more lines")?;
                }
                f.write_str("nothing was asked: put these lines right first")
            }
            Self::NoRequest(file) => write!(f, "{} holds no request", file.display()),
            Self::IsFile(path) => write!(f, "{} is a file", path.display()),
            Self::HoldsOther(path) => {
                write!(f, "{} holds something already that is not for answers", path.display())
            }
            Self::Held { folder, holder } => {
                write!(f, "another process asks in {}", folder.display())?;
                holder.as_ref().map_or(Ok(()), |holder| write!(f, ": {holder}"))
            }
            Self::ForeignLedger(file) => write!(
                f,
                "{} is not the ledger of this folder: it was emptied, or put in its place. What was spent stands there alone: bring it \
                 back from a copy, or name another folder",
                file.display()
            ),
            Self::OtherJudge { folder, changes } => write!(
                f,
                "{} holds the answers of another judge:\n  {}",
                folder.display(),
                changes.join("\n  ")
            ),
        }
    }
}

impl std::error::Error for AskingError {}

impl<E: Into<RunError>> From<E> for AskingError {
    fn from(error: E) -> Self {
        Self::Run(error.into())
    }
}

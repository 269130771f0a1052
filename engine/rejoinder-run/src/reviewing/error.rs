//! Why turns cannot be drawn for a person, or a label cannot be kept.

use std::path::PathBuf;
use std::{error, fmt};

use rejoinder_core::printable;

use crate::error::RunError;
use crate::folder::LockHolder;

/// Why turns cannot be drawn for a person, or a label cannot be kept.
#[derive(Debug)]
pub enum ReviewError {
    /// The run or its input cannot be used.
    Run(RunError),
    /// The name of a reader cannot be the name of a file.
    ReaderName(String),
    /// Another process writes the labels of this reader: the reader, and who holds the log, where that is known.
    ReaderAtWork(String, Option<LockHolder>),
    /// A line of a log of labels cannot be read.
    BadLine {
        /// The log.
        file: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with the line.
        why: String,
    },
    /// Two different conversations have this id, by which labels come back.
    SharedId(String),
    /// A span is not a part of the turn.
    SpanNotInTurn,
}

impl fmt::Display for ReviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(error) => error.fmt(f),
            Self::ReaderName(name) => write!(
                f,
                "`{}` cannot be the name of a reader: a name has 1 to 40 letters of ASCII, digits, `-`, `_` and `.`, and begins with a \
                 letter or a digit",
                printable(name)
            ),
            Self::ReaderAtWork(reader, holder) => {
                write!(f, "the labels of reader `{reader}` are being written by another process")?;
                match holder {
                    Some(holder) => write!(f, " ({holder})"),
                    None => Ok(()),
                }
            }
            Self::BadLine { file, line, why } => {
                write!(f, "{}:{line}: no line of a log of labels: {why}", file.display())
            }
            Self::SharedId(id) => RunError::SharedId(id.clone()).fmt(f),
            Self::SpanNotInTurn => f.write_str("the marked text does not occur in the turn"),
        }
    }
}

impl error::Error for ReviewError {}

impl<E: Into<RunError>> From<E> for ReviewError {
    fn from(error: E) -> Self {
        Self::Run(error.into())
    }
}

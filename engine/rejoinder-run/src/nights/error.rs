//! Why a run cannot go on with an earlier one.

use std::fmt;
use std::path::PathBuf;

/// Why a run cannot go on with an earlier one.
#[derive(Debug)]
pub enum NightError {
    /// All files are those of the earlier run, and nothing else has changed either.
    NothingNew {
        /// The folder of the earlier run.
        earlier: PathBuf,
        /// Turns of the earlier run that wait for the judge.
        waiting: u64,
    },
    /// An input file of the earlier run is not there.
    InputGone {
        /// The folder of the earlier run.
        earlier: PathBuf,
        /// The file.
        file: PathBuf,
        /// The file of the earlier run's replies.
        replies: PathBuf,
    },
    /// An input file of the earlier run holds something else, and is not among the new files.
    InputChanged {
        /// The folder of the earlier run.
        earlier: PathBuf,
        /// The file.
        file: PathBuf,
    },
    /// Another purpose or recall is wanted than that of the cut that the earlier run has found.
    OtherRecall {
        /// The folder of the earlier run.
        earlier: PathBuf,
        /// The file of the earlier run's replies.
        replies: PathBuf,
    },
}

impl fmt::Display for NightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingNew { earlier, .. } => write!(
                f,
                "nothing is new: {} has read all of these files, with the same engine, rules, plugins and config",
                earlier.display()
            ),
            Self::InputGone { earlier, file, .. } => {
                write!(f, "{} has read {}, which is not there", earlier.display(), file.display())
            }
            Self::InputChanged { earlier, file } => {
                write!(f, "{} holds something else than when {} read it", file.display(), earlier.display())
            }
            Self::OtherRecall { earlier, .. } => write!(
                f,
                "the cut that {} has found keeps the recall that it was told to keep; for another recall or purpose it must be searched \
                 anew",
                earlier.display()
            ),
        }
    }
}

impl std::error::Error for NightError {}

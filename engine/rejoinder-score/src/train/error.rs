//! Why nothing could be trained.

use std::fmt;

/// Why nothing could be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainError {
    /// Too few conversations have judged turns.
    TooFewConversations {
        /// How many have.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// All judged turns are feedback, or none is.
    OneKind,
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewConversations { found, needed } => {
                write!(f, "{found} conversations have judged turns; training takes {needed}")
            }
            Self::OneKind => {
                f.write_str("all judged turns are feedback, or none is: there is nothing to tell apart")
            }
        }
    }
}

impl std::error::Error for TrainError {}

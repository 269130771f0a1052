//! How labelled turns were chosen. A figure about a corpus follows only from turns that were chosen without regard to what the
//! figure counts: of turns that a run has found, all were found.

use serde::{Deserialize, Serialize};

/// How the labelled turns of a conversation were chosen, from what says most of a corpus to what says least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drawn {
    /// Without regard to what a run finds in them.
    #[default]
    Whole,
    /// By the audit of a run: so many of what it accepted and so many of what it passed over, for `audit` to put together.
    Audit,
    /// Because a run had found feedback: what else there is was not looked for.
    Found,
    /// Nobody says.
    Unknown,
}

impl Drawn {
    /// The word that files have for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Audit => "audit",
            Self::Found => "found",
            Self::Unknown => "unknown",
        }
    }

    /// What a file's word says; one that is missing or not known says nothing.
    pub fn of(word: Option<&str>) -> Self {
        [Self::Whole, Self::Audit, Self::Found]
            .into_iter()
            .find(|drawn| word == Some(drawn.name()))
            .unwrap_or(Self::Unknown)
    }

    /// Whether such turns say how much of the feedback was found: recall, shares, curves.
    pub const fn gives_recall(self) -> bool {
        matches!(self, Self::Whole)
    }

    /// Whether such turns say how much of what was found is feedback: precision.
    pub const fn gives_precision(self) -> bool {
        matches!(self, Self::Whole | Self::Found)
    }
}

//! How labelled turns were chosen. A figure about a corpus follows only from turns that were chosen without regard to what the
//! figure counts: of turns that a run has found, all were found.

use serde::{Deserialize, Serialize};

/// How the labelled turns of a conversation were chosen, from what says most of a corpus to what says least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TurnSelection {
    /// The turns were chosen without regard to what a run finds in them.
    #[default]
    #[serde(rename = "whole")]
    Independent,
    /// The audit of a run drew the turns: some that the run accepted and some that the run passed over. Only the audit can put both
    /// together.
    Audit,
    /// The turns were chosen because a run had found feedback in them; nobody looked for other feedback.
    #[serde(rename = "found")]
    FoundByRun,
    /// The turns were chosen because of what a run thought of them, such as those that waited, or those about which the rules and
    /// the score disagree.
    Chosen,
    /// Nobody says how the turns were chosen.
    Unknown,
}

impl TurnSelection {
    /// The word for the selection in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Independent => "whole",
            Self::Audit => "audit",
            Self::FoundByRun => "found",
            Self::Chosen => "chosen",
            Self::Unknown => "unknown",
        }
    }

    /// The selection that a file's word names; a word that is missing or not known says nothing.
    pub fn of(word: Option<&str>) -> Self {
        [Self::Independent, Self::Audit, Self::FoundByRun, Self::Chosen]
            .into_iter()
            .find(|selection| word == Some(selection.name()))
            .unwrap_or(Self::Unknown)
    }

    /// Whether such turns say how much of the feedback was found: recall, shares, curves.
    pub const fn gives_recall(self) -> bool {
        matches!(self, Self::Independent)
    }

    /// Whether such turns say how much of what was found is feedback: precision.
    pub const fn gives_precision(self) -> bool {
        matches!(self, Self::Independent | Self::FoundByRun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_names_have_the_same_words() {
        for (selection, word) in [
            (TurnSelection::Independent, "whole"),
            (TurnSelection::Audit, "audit"),
            (TurnSelection::FoundByRun, "found"),
            (TurnSelection::Chosen, "chosen"),
            (TurnSelection::Unknown, "unknown"),
        ] {
            assert_eq!((selection.name(), serde_json::to_value(selection).unwrap()), (word, word.into()));
            assert_eq!(TurnSelection::of(Some(word)), selection);
        }
    }
}

//! Which turns of a run are drawn for a person to read.

use rejoinder_core::Category;
use rejoinder_export::labels::selection::TurnSelection;
use serde::{Deserialize, Serialize};

use crate::outcome::TurnOutcome;
use crate::reading_sample::TurnFilter;
use crate::recall::audit::AuditDrawRequest;

/// Turns that a person reads where nobody says how many.
pub const REVIEW_TURNS: usize = 200;

/// Which turns of a run are drawn for a person to read. A size is the most turns that are drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "kind")]
pub enum ReviewDraw {
    /// Of all later turns, evenly.
    Uniform {
        /// The most turns.
        size: usize,
    },
    /// Of the turns in which the run has found feedback of these categories, evenly.
    Categories {
        /// The categories.
        categories: Vec<Category>,
        /// The most turns.
        size: usize,
    },
    /// Of the turns that rules and plugins accepted, evenly.
    Accepted {
        /// The most turns.
        size: usize,
    },
    /// Of the turns that rules and plugins rejected, or never marked, evenly.
    Rejected {
        /// The most turns.
        size: usize,
    },
    /// Of the turns that wait for the judge, evenly.
    Waiting {
        /// The most turns.
        size: usize,
    },
    /// Of the turns that the judge settled, evenly.
    Judged {
        /// The most turns.
        size: usize,
    },
    /// The turns about which rules, score and judge disagree most.
    Disputed {
        /// The most turns.
        size: usize,
    },
    /// The draw of the run's audit, which is made and kept if the run was not audited before. A number that is not given is as in the
    /// draw before, or as usual.
    Audit {
        /// Rejected turns.
        rejected: Option<usize>,
        /// Accepted turns.
        accepted: Option<usize>,
    },
    /// The turns about which a calibration asks that wants what the run wants, on the usual terms.
    Calibration {
        /// The most turns.
        size: usize,
    },
}

impl ReviewDraw {
    /// A short name, also that of the draw's file.
    pub fn name(&self) -> String {
        match self {
            Self::Uniform { size } => format!("uniform-{size}"),
            Self::Categories { categories, size } => {
                let codes: Vec<String> = Category::ALL
                    .iter()
                    .filter(|c| categories.contains(c))
                    .map(|c| c.code().to_lowercase())
                    .collect();
                format!("{}-{size}", codes.join("-"))
            }
            Self::Accepted { size } => format!("accepted-{size}"),
            Self::Rejected { size } => format!("rejected-{size}"),
            Self::Waiting { size } => format!("waiting-{size}"),
            Self::Judged { size } => format!("judged-{size}"),
            Self::Disputed { size } => format!("disputed-{size}"),
            Self::Audit { .. } => "audit".to_owned(),
            Self::Calibration { size } => format!("calibration-{size}"),
        }
    }

    /// How the turns are chosen, for a file of labels.
    pub const fn selection(&self) -> TurnSelection {
        match self {
            Self::Uniform { .. } | Self::Calibration { .. } => TurnSelection::Independent,
            Self::Audit { .. } => TurnSelection::Audit,
            Self::Categories { .. } | Self::Accepted { .. } | Self::Judged { .. } => {
                TurnSelection::FoundByRun
            }
            Self::Rejected { .. } | Self::Waiting { .. } | Self::Disputed { .. } => TurnSelection::Chosen,
        }
    }

    /// How a turn with an outcome is chosen, for a file of labels: among judged turns, those without feedback were not found.
    pub const fn selection_of(&self, outcome: TurnOutcome) -> TurnSelection {
        match (self.selection(), outcome.category()) {
            (TurnSelection::FoundByRun, None) => TurnSelection::Chosen,
            (selection, _) => selection,
        }
    }

    /// What the draw takes turns from, in words.
    pub fn from(&self) -> String {
        match self {
            Self::Uniform { .. } => "all later turns".to_owned(),
            Self::Categories { categories, .. } => {
                let codes: Vec<&str> =
                    Category::ALL.iter().filter(|c| categories.contains(c)).map(|c| c.code()).collect();
                format!("the turns in which the run found {}", codes.join(" or "))
            }
            Self::Accepted { .. } => "the turns that rules and plugins accepted".to_owned(),
            Self::Rejected { .. } => "the turns that rules and plugins rejected or never marked".to_owned(),
            Self::Waiting { .. } => "the turns that wait for the judge".to_owned(),
            Self::Judged { .. } => "the turns that the judge settled".to_owned(),
            Self::Disputed { .. } => "the turns about which rules, score and judge disagree".to_owned(),
            Self::Audit { .. } => {
                "the turns that the run passed over, and those that it accepted without the judge".to_owned()
            }
            Self::Calibration { .. } => "all later turns, as a calibration draws them".to_owned(),
        }
    }

    /// The turns that fit, and the most that are drawn; `None` where the draw is no even one.
    pub(super) fn filter(&self) -> Option<(TurnFilter, usize)> {
        let all = TurnFilter::default();
        Some(match self {
            Self::Uniform { size } => (all, *size),
            Self::Categories { categories, size } => {
                (TurnFilter { categories: categories.clone(), ..all }, *size)
            }
            Self::Accepted { size } => (TurnFilter { accepted: true, ..all }, *size),
            Self::Rejected { size } => (TurnFilter { rejected: true, ..all }, *size),
            Self::Waiting { size } => (TurnFilter { waiting: true, ..all }, *size),
            Self::Judged { size } => (TurnFilter { judged: true, ..all }, *size),
            Self::Disputed { .. } | Self::Audit { .. } | Self::Calibration { .. } => return None,
        })
    }

    /// The draw of an audit that is wanted, where one is.
    pub(super) const fn audit_request(&self, seed: Option<u64>) -> Option<AuditDrawRequest> {
        match self {
            Self::Audit { rejected, accepted } => {
                Some(AuditDrawRequest { rejected: *rejected, accepted: *accepted, seed })
            }
            _ => None,
        }
    }
}

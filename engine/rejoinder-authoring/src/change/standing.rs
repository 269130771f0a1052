//! How a later turn stands before the judge is asked, and how it stands before and after a change.

use rejoinder_cascade::{Decision, DecisionReason};
use rejoinder_core::{Category, Purpose};
use serde::Serialize;

/// How a later turn stands before the judge is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The turn is feedback of this category.
    Accepted(Category),
    /// The turn waits for the judge.
    Waiting,
    /// The turn is no feedback.
    Rejected,
    /// No pack in force reads the turn's language.
    NotLookedAt,
}

/// A [`Standing`] without the category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StandingKind {
    /// Accepted, as whatever category.
    Accepted,
    /// Waiting for the judge.
    Waiting,
    /// Rejected.
    Rejected,
    /// Not looked at.
    NotLookedAt,
}

/// How a turn stands before and after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transition {
    /// Before the change.
    pub before: Standing,
    /// After the change.
    pub after: Standing,
}

/// A [`Transition`] without the categories; both kinds are [`StandingKind::Accepted`] where the category alone has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ChangeKind {
    /// Before the change.
    pub before: StandingKind,
    /// After the change.
    pub after: StandingKind,
}

impl Standing {
    /// The standing that a decision with its reason leads to.
    pub const fn of(ground: DecisionReason) -> Self {
        match (ground, ground.decision()) {
            (DecisionReason::NotLookedAt, _) => Self::NotLookedAt,
            (_, Decision::Accepted(category)) => Self::Accepted(category),
            (_, Decision::Rejected) => Self::Rejected,
            (_, Decision::Undecided) => Self::Waiting,
        }
    }

    /// The standing without the category.
    pub const fn kind(self) -> StandingKind {
        match self {
            Self::Accepted(_) => StandingKind::Accepted,
            Self::Waiting => StandingKind::Waiting,
            Self::Rejected => StandingKind::Rejected,
            Self::NotLookedAt => StandingKind::NotLookedAt,
        }
    }

    /// The category of an accepted turn.
    pub const fn category(self) -> Option<Category> {
        match self {
            Self::Accepted(category) => Some(category),
            _ => None,
        }
    }

    /// The category of a turn that is accepted as something that is wanted.
    pub fn found(self, purpose: Purpose) -> Option<Category> {
        self.category().filter(|category| purpose.wants(*category))
    }
}

impl StandingKind {
    /// The word for it in output for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Waiting => "waiting",
            Self::Rejected => "rejected",
            Self::NotLookedAt => "not-looked-at",
        }
    }
}

impl Transition {
    /// Whether the turn is decided otherwise. A turn that is no longer looked at is.
    pub fn is_change(self) -> bool {
        self.before != self.after
    }

    /// The transition without the categories.
    pub const fn kind(self) -> ChangeKind {
        ChangeKind { before: self.before.kind(), after: self.after.kind() }
    }
}

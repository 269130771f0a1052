//! What a voter (a rule or a plugin) says about a later turn.

use crate::Category;

/// A voter's verdict on one later turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// The voter has nothing to say.
    #[default]
    Abstain,
    /// The turn is feedback of this category.
    Accept(Category),
    /// The turn looks like feedback and is not.
    Reject,
    /// The turn may be feedback: ask the judge.
    Escalate,
}

impl Verdict {
    /// The verdict's name (`accept`, `reject`, `escalate` or `abstain`), and the code of the accepted category or nothing.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Accept(category) => ("accept", category.code()),
            Self::Reject => ("reject", ""),
            Self::Escalate => ("escalate", ""),
            Self::Abstain => ("abstain", ""),
        }
    }
}

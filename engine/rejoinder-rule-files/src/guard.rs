//! Guards: what must hold of the rules of a file together, or of one rule, whoever changes them.

use serde::{Deserialize, Serialize};

/// What must hold of some rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// The limits, in the order of the keys.
    pub limits: Vec<GuardLimit>,
}

impl Guard {
    /// Whether nothing is guarded.
    pub const fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }
}

/// A limit of a guard, and where the limit stands in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuardLimit {
    /// The limit.
    pub limit: Limit,
    /// 1-based line of the limit's value.
    pub line: usize,
    /// 1-based column of the limit's value.
    pub column: usize,
}

/// A limit that some rules must keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Limit {
    /// At most this share of the later turns waits for the judge and is hit by one of the rules.
    MaxEscalationShare(f64),
    /// At most this share of the later turns is accepted by the rules.
    MaxAcceptShare(f64),
    /// At least so much of what the rules accept, or hit and leave to the judge, is right.
    MinPrecision(PrecisionFloor),
    /// Asking about the turns that wait and that the rules hit takes at most this money in a thousand later turns.
    MaxCostPer1000(f64),
}

impl Limit {
    /// The keys of all limits, in the order in which limits stand in a [`Guard`].
    pub const KEYS: [&'static str; 4] =
        ["max-escalation-share", "max-accept-share", "min-precision", "max-cost-per-1000"];

    /// The key in rule files.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::MaxEscalationShare(_) => Self::KEYS[0],
            Self::MaxAcceptShare(_) => Self::KEYS[1],
            Self::MinPrecision(_) => Self::KEYS[2],
            Self::MaxCostPer1000(_) => Self::KEYS[3],
        }
    }

    /// The share or the amount of money that the limit names.
    pub const fn value(&self) -> f64 {
        match self {
            Self::MaxEscalationShare(value) | Self::MaxAcceptShare(value) | Self::MaxCostPer1000(value) => {
                *value
            }
            Self::MinPrecision(floor) => floor.share,
        }
    }
}

/// The least precision that some rules must have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrecisionFloor {
    /// The least share of the turns, in (0, 1].
    pub share: f64,
    /// Which figure must reach the share.
    pub bound: PrecisionBound,
    /// What is right about a turn.
    pub of: PrecisionOf,
    /// Whose answers count; `None` = the labels where there are some, else the judge.
    pub against: Option<GuardOracle>,
}

/// Which figure of a precision must reach the share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrecisionBound {
    /// The exact lower bound at 95 %, one-sided.
    #[default]
    Lower,
    /// The share among the answers that there are.
    Measured,
}

impl PrecisionBound {
    /// All bounds, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Lower, Self::Measured];
    /// The names in rule files.
    pub const NAMES: [&'static str; 2] = ["lower", "measured"];

    /// The name in rule files.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// What is right about a turn that a guard covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrecisionOf {
    /// The turn is feedback.
    #[default]
    Feedback,
    /// The turn is feedback of the category of a rule for which the guard covers the turn.
    Category,
}

impl PrecisionOf {
    /// Both, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Feedback, Self::Category];
    /// The names in rule files.
    pub const NAMES: [&'static str; 2] = ["feedback", "category"];

    /// The name in rule files.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Whose answers a precision is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GuardOracle {
    /// Labels beside the turns.
    Labels,
    /// The judge of a run.
    Judge,
}

impl GuardOracle {
    /// Both, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Labels, Self::Judge];
    /// The names in rule files.
    pub const NAMES: [&'static str; 2] = ["labels", "judge"];

    /// The name in rule files.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A guard in force, and what it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleGuard {
    /// The rule file in which the guard stands.
    pub file: String,
    /// The rule that is guarded; `None` = all rules of the file together.
    pub rule: Option<String>,
    /// What must hold.
    pub guard: Guard,
}

impl RuleGuard {
    /// Where a limit of the guard stands.
    pub fn place(&self, limit: &GuardLimit) -> String {
        format!("{}:{}:{}", self.file, limit.line, limit.column)
    }
}

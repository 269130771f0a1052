//! What a check of a guard finds.

use rejoinder_rules::{GuardOracle, Limit, PrecisionOf};
use serde::Serialize;

/// How a limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuardStanding {
    /// The limit is kept.
    Kept,
    /// The limit is broken.
    Broken,
    /// There is too little to tell by.
    Unproven,
}

/// How one limit of a guard stands, and by which figure.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardResult {
    /// The rule file of the guard.
    pub file: String,
    /// The rule that is guarded; `None` = all rules of the file together.
    pub rule: Option<String>,
    /// Where the limit stands: file, line and column.
    pub place: String,
    /// The line of the file, and the column in it, both from 1.
    pub line_column: [usize; 2],
    /// The limit.
    pub limit: Limit,
    /// How the limit stands.
    pub standing: GuardStanding,
    /// The figure that the limit is compared with.
    pub figure: GuardFigure,
}

/// The figure that a limit is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum GuardFigure {
    /// So many later turns of so many.
    Share {
        /// The turns that the limit is about.
        turns: u64,
        /// All later turns.
        of: u64,
    },
    /// A precision.
    Precision(PrecisionFigure),
    /// The money of a thousand later turns.
    Cost(CostFigure),
}

/// How many of the turns that a guard covers in one way are right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CoveredKind {
    /// The turns.
    pub turns: u64,
    /// Turns whose answer is known.
    pub known: u64,
    /// Turns that are right.
    pub right: u64,
    /// Conversations of the known turns.
    pub conversations: u64,
    /// Turns with an answer that does not count, since they were chosen for what a run thought of them, and others have none.
    pub chosen: u64,
}

/// How precise the rules of a guard are.
///
/// Accepted and waiting turns are answered about to different parts; each kind counts by its number of turns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PrecisionFigure {
    /// Whose answers count.
    #[serde(serialize_with = "oracle_name")]
    pub oracle: GuardOracle,
    /// What is right about a turn.
    #[serde(serialize_with = "right_name")]
    pub of: PrecisionOf,
    /// The share that is right; `None` where nothing is known of a kind of turns.
    pub measured: Option<f64>,
    /// The lower bound of that share at 95 %, one-sided, by conversation; `None` also for a run that does not tell conversations.
    pub lower: Option<f64>,
    /// The turns that the rules accept.
    pub accepted: CoveredKind,
    /// The turns that the rules hit and that wait for the judge.
    pub waiting: CoveredKind,
    /// The answers of different conversations about each kind of turns without which no lower bound reaches the limit; `None` where the limit needs no bound.
    pub needed: Option<u64>,
}

/// What asking about covered turns takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CostFigure {
    /// The money of a thousand later turns; `None` where the config has no prices, or there are no turns.
    pub per_thousand: Option<f64>,
    /// The covered turns that wait.
    pub waiting: u64,
    /// All later turns.
    pub turns: u64,
}

fn right_name<S: serde::Serializer>(of: &PrecisionOf, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(of.name())
}

fn oracle_name<S: serde::Serializer>(oracle: &GuardOracle, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(oracle.name())
}

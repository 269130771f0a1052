//! Guards: what rule files say must hold of their rules, counted while turns are scanned and judged, and checked.
//!
//! A guard **covers** a later turn if one of its rules accepts the turn, or hits the turn and the turn waits for the judge. All limits are
//! about covered turns, so that a guard speaks of what rules lead to, with the score in force.

mod check;
mod corpus;
mod counts;
mod coverage;
mod figures;
mod known;
mod run;
mod tally;

pub use check::{GuardPrices, check};
pub use corpus::GuardedCorpus;
pub use counts::{GuardCounter, TurnAnswers};
pub use coverage::GuardCoverage;
pub(crate) use coverage::coverage;
pub use figures::{CostFigure, CoveredKind, GuardFigure, GuardResult, GuardStanding, PrecisionFigure};
pub use known::KnownAnswers;
pub use tally::{AnswerCounts, AnswerSpread, ChosenAnswers, CoveredAnswers, GuardTallies, GuardTally};

#[cfg(test)]
mod tests;

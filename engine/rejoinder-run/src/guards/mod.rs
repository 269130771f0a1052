//! Guards: what rule files say must hold of their rules, counted while turns are scanned and judged, and checked.
//!
//! A guarded rule **marks** a later turn if the rule accepts the turn, or hits the turn and the turn waits for the judge. All limits are
//! about marked turns, so that a guard speaks of what rules lead to, with the score in force.

mod check;
mod corpus;
mod counts;
mod figures;
mod mark;
mod run;
mod tally;

pub use check::{GuardPrices, check};
pub use corpus::GuardedCorpus;
pub use counts::{GuardCounter, TurnAnswers};
pub use figures::{CostFigure, GuardFigure, GuardResult, GuardStanding, MarkedKind, PrecisionFigure};
pub use mark::GuardMark;
pub(crate) use mark::marks;
pub use tally::{AnswerCounts, GuardTallies, GuardTally, MarkedAnswers};

#[cfg(test)]
mod tests;

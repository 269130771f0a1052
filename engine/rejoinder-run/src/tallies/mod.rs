//! What the scan counts for whoever wants to see the whole of a run: feedback by language, model, source and month, what each rule and
//! plugin does, turns to show as examples, turns over which rules and score disagree, and places where reading may begin.
//!
//! All of it is a function of input, config and replies, and lies in the ledger beside the parts: a report of a run needs not read the
//! input again. What the judge adds is counted where its replies are collected.

mod disputes;
mod examples;
mod groups;
mod judged;
mod kept;
mod part;
mod provenance;
mod removal;
mod row_standing;
mod rules;

pub use disputes::DisputedTurn;
pub use examples::KeptExamples;
pub use groups::{DivisionTally, GroupTallies, GroupTally};
pub(crate) use judged::{JudgedTallies, PartJudgements};
pub use kept::RunTallies;
pub(crate) use part::{ChunkTallier, ChunkTallies, PartTallier, PartTallies};
pub(crate) use provenance::Divisions;
pub use row_standing::RowStanding;
pub use rules::{PluginTally, RuleCounter, RuleTallies, RuleTally};

//! Rule files: what an author writes in TOML, read into rules and checked as a compiler would.
//!
//! [`parse`] reads a rule file into [`Rule`]s, with a [diagnostic](rejoinder_core::diagnostic) for every mistake. What is
//! costly about a rule, above all the literals that every match of a regex must hold, is worked out here; the rules of the
//! shipped packs are read when the engine is built, and kept in the form that [`serde`] gives them.
#![forbid(unsafe_code)]

pub mod codes;
mod condition;
mod condition_relations;
mod fact;
mod lints;
mod literals;
mod pattern;
mod rule;
mod schema;
mod shadow;
mod shadow_pattern;
mod stand_in;
mod toml_reader;

pub use condition::{AnswerTrait, Condition, Measurement};
pub use fact::{FactCondition, FactDeclaration, FactKind, FactReading, FactValue, FactWord, GivenFact};
pub use lints::{RuleSource, conflicts};
pub use pattern::{Pattern, SearchRoom};
pub use rule::{Expectation, MatchPosition, Route, Rule, RuleTest, RuleTests};
pub use schema::{NameReference, RuleFile, StoredRuleFile, folded_phrase, parse};
pub use shadow::TurnText;

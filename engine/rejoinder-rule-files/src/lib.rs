//! Rule files: what an author writes in TOML, read into rules and checked as a compiler would.
//!
//! [`parse`] reads a rule file into [`Rule`]s, with a [diagnostic](rejoinder_core::diagnostic) for every mistake. What is
//! costly about a rule, above all the literals that every match of a regex must hold, is worked out here; the rules of the
//! shipped packs are read when the engine is built, and kept in the form that [`serde`] gives them.
#![forbid(unsafe_code)]

mod capitals;
pub mod codes;
mod column;
mod condition;
mod condition_relations;
mod dialogue_words;
mod fact;
mod format_text;
mod guard;
mod json_schema;
mod keys;
mod lints;
mod literals;
mod named_rule;
mod pattern;
mod place;
mod reading;
mod rule;
mod schema;
mod shadow;
mod shadow_pattern;
mod stand_in;
mod toml_reader;
mod toml_text;
mod unfoldable;

pub use column::{ColumnCondition, ColumnValues};
pub use condition::{AnswerTrait, Condition, Measurement};
pub use dialogue_words::{DialoguePart, DialogueWords, WordPlace};
pub use fact::{FactCondition, FactDeclaration, FactKind, FactReading, FactValue, FactWord, GivenFact};
pub use format_text::format_text;
pub use guard::{
    Guard, GuardLimit, GuardOracle, Limit, PrecisionBound, PrecisionFloor, PrecisionOf, RuleGuard,
};
pub use json_schema::json_schema;
pub use lints::{RuleSource, conflicts};
pub use literals::folded_core;
pub use named_rule::{NamedRule, Quorum};
pub use pattern::{Pattern, SearchRoom};
pub use reading::TextReading;
pub use rule::{Expectation, MatchPosition, Route, Rule, RuleTest, RuleTests};
pub use schema::{NameReference, RuleFile, StoredRuleFile, folded_phrase, parse};
pub use shadow::TurnText;
pub use toml_text::{toml_regex, toml_string};

//! Rules in force: packs of rule files, compiled into one scan, explained, and tested in place.
//!
//! [`pack`] gathers [rule files](rejoinder_rule_files) into a [`RuleSet`], whose literals (phrases, and those that every match of a
//! regex must hold) form one Aho-Corasick automaton. A [`Scanner`] marks the turns of a conversation with hits. [`testing`] runs
//! the dialogues that authors put beside their rules.
#![forbid(unsafe_code)]

mod building;
mod compile;
mod dialogue_search;
mod dialogue_texts;
mod explain;
mod facts;
mod guards;
mod literals;
mod observer;
pub mod pack;
mod scan;
mod selector;
pub mod testing;
mod written;

pub use compile::{ColumnName, FactName, RuleSet};
pub use explain::{ConditionCheck, RuleMatch, RuleTrial};
pub use guards::Guards;
pub use observer::RuleTimes;
pub use pack::{FoundPacks, Pack, PackError, PackIdentity, RulesInForce, UnreadableFile};
pub use rejoinder_rule_files::{
    AnswerTrait, ColumnCondition, ColumnValues, Condition, DialoguePart, DialogueWords, Expectation,
    FactCondition, FactDeclaration, FactKind, FactReading, FactValue, FactWord, Guard, GuardLimit,
    GuardOracle, Limit, MatchPosition, Measurement, NameReference, NamedRule, Pattern, PrecisionBound,
    PrecisionFloor, PrecisionOf, Quorum, Route, Rule, RuleFile, RuleGuard, RuleTest, RuleTests, TextReading,
    codes, format_text, json_schema, parse, toml_regex, toml_string,
};
pub use scan::Scanner;
pub use selector::Selector;

//! Rules in force: packs of rule files, compiled into one scan, explained, and tested in place.
//!
//! [`pack`] gathers [rule files](rejoinder_rule_files) into a [`RuleSet`], whose literals (phrases, and those that every match of a
//! regex must hold) form one Aho-Corasick automaton. A [`Scanner`] marks the turns of a conversation with hits. [`testing`] runs
//! the dialogues that authors put beside their rules.
#![forbid(unsafe_code)]

mod compile;
mod explain;
mod facts;
mod observer;
pub mod pack;
mod scan;
mod selector;
pub mod testing;

pub use compile::{FactName, RuleSet};
pub use explain::{ConditionCheck, RuleMatch, RuleTrial};
pub use observer::RuleTimes;
pub use pack::{FoundPacks, Pack, PackError, PackIdentity, RulesInForce, UnreadableFile};
pub use rejoinder_rule_files::{
    AnswerTrait, Condition, Expectation, FactCondition, FactDeclaration, FactKind, FactReading, FactValue,
    FactWord, MatchPosition, Measurement, NameReference, Pattern, Route, Rule, RuleFile, RuleTest, RuleTests,
    codes, parse,
};
pub use scan::Scanner;
pub use selector::Selector;

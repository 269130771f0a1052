//! Rules: what an author writes in TOML, checked as a compiler would, compiled into one scan, and tested in place.
//!
//! [`parse`] reads a rule file into [`Rule`]s, with a [diagnostic](rejoinder_core::diagnostic) for every mistake. [`pack`]
//! gathers files into a [`RuleSet`], whose literals (phrases, and those that every match of a regex must hold) form one
//! Aho-Corasick automaton. A [`Scanner`] marks the turns of a conversation with hits. [`testing`] runs the dialogues that
//! authors put beside their rules.
#![forbid(unsafe_code)]

mod automaton;
mod compile;
mod condition;
mod explain;
mod facts;
mod lints;
mod literals;
mod observer;
pub mod pack;
mod pattern;
mod rule;
mod scan;
mod schema;
mod shadow;
mod shadow_pattern;
mod stand_in;
pub mod testing;
mod toml_reader;

pub use compile::RuleSet;
pub use condition::{AnswerTrait, Condition, Measurement};
pub use explain::{ConditionCheck, RuleMatch, RuleTrial};
pub use observer::RuleTimes;
pub use pack::{Pack, PackError};
pub use pattern::Pattern;
pub use rule::{Expectation, MatchPosition, Route, Rule, RuleTest};
pub use scan::Scanner;
pub use schema::{NameReference, RuleFile, parse};

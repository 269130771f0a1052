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
mod witness;

pub use compile::RuleSet;
pub use condition::{AnswerTrait, Condition, Measured};
pub use explain::{Check, Match, Trial};
pub use pack::{Pack, PackError};
pub use pattern::Pattern;
pub use rule::{At, Expect, Route, Rule, RuleTest};
pub use scan::Scanner;
pub use schema::{Reference, RuleFile, parse};
pub use witness::Costs;

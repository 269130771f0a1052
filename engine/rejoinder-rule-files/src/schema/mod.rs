//! The rule file's schema: TOML text in, rules and *all* errors out.

mod conditions;
mod file;
mod guard;
mod matchers;
mod rule;
mod rule_test;

pub use file::{NameReference, RuleFile, StoredRuleFile, parse};
pub use matchers::folded_phrase;

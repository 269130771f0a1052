//! The rule file's schema: TOML text in, rules and *all* errors out.

mod conditions;
mod file;
mod matchers;
mod rule;
mod rule_test;

pub(crate) use file::FORMAT;
pub use file::{NameReference, RuleFile, StoredRuleFile, parse};
pub(crate) use matchers::LONGEST_PHRASE;
pub use matchers::folded_phrase;

#[cfg(test)]
mod keys_tests;

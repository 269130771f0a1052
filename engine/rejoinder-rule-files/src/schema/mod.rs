//! The rule file's schema: TOML text in, rules and *all* errors out.

mod conditions;
mod dialogue_words;
mod file;
mod guard;
mod lists;
mod matchers;
mod named_rules;
mod rule;
mod rule_test;
mod where_columns;

pub(crate) use file::FORMAT;
pub use file::{NameReference, RuleFile, StoredRuleFile, parse};
pub(crate) use matchers::LONGEST_PHRASE;
pub use matchers::folded_phrase;

#[cfg(test)]
mod tests;

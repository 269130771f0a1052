//! Warnings about rules that work but are slow, useless, untested, or do something else than their author means.

mod cancelled;
mod check;
mod conflicts;
mod containment;
mod control_characters;
mod lists;
mod own_words;
mod phrase_search;
mod phrase_texts;
mod plain_regex;
mod shadows;
mod tests_of_rules;

pub(crate) use check::{ALWAYS_HOLDS, Spans, check};
pub use conflicts::{RuleSource, conflicts};
pub(crate) use control_characters::{ControlCharacter, TextKind};
pub(crate) use lists::{FileLists, ListSpans};

#[cfg(test)]
mod golden_tests;

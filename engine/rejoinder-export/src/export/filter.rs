//! Examples that should not be trained on, and how many each filter left out.

use std::collections::{HashMap, HashSet};
use std::fmt;

use rejoinder_core::language::Language;
use rejoinder_core::{Role, dialogue};

use super::blocked_phrases::BlockedPhrases;
use super::example::Example;
use super::held_out::HeldOutText;
use rejoinder_read::Record;
use rejoinder_read::condition::{self, Condition};

/// A filter of examples: what an example is left out for.
#[derive(Debug)]
pub enum Filter {
    /// The record does not meet the condition.
    Where(Condition),
    /// The record meets the condition.
    Except(Condition),
    /// The prompt or the answer holds one of the phrases.
    Phrases(BlockedPhrases),
    /// The answer declines to do what was asked.
    Refusals,
    /// The user wrote in another language than these.
    Languages(Vec<Language>),
    /// The prompt and the answer together have more characters.
    MaxChars(usize),
    /// The answer has fewer characters.
    MinAnswerChars(usize),
    /// The prompt or the answer shares a run of words with a text that must stay unseen.
    Overlap(HeldOutText),
    /// An earlier example has the same prompt, answers and label.
    Duplicates(HashSet<[u8; 32]>),
    /// Enough earlier examples have the same value of a column.
    Cap(ColumnCap),
}

/// The most examples that may share a value of a column. Records without the column share nothing.
#[derive(Debug)]
pub struct ColumnCap {
    column: String,
    most: u64,
    counts: HashMap<String, u64>,
}

impl ColumnCap {
    /// At most `most` examples for each value of `column`.
    pub fn new(column: impl Into<String>, most: u64) -> Self {
        Self { column: column.into(), most, counts: HashMap::new() }
    }

    fn keeps(&mut self, record: &Record<'_>) -> bool {
        let Some(value) = condition::column_values(record, &self.column).into_iter().next() else {
            return true;
        };
        let count = self.counts.entry(value.to_string()).or_default();
        *count += 1;
        *count <= self.most
    }
}

impl Filter {
    /// Whether the filter keeps an example, which comes from `record`.
    fn keeps(&mut self, example: &Example, record: &Record<'_>) -> bool {
        let mut texts = example.texts();
        match self {
            Self::Where(condition) => condition.holds(record),
            Self::Except(condition) => !condition.holds(record),
            Self::Phrases(phrases) => !texts.any(|text| phrases.occur_in(text)),
            Self::Refusals => !dialogue::refuses(&example.completion),
            Self::Languages(languages) => {
                let messages = &record.conversation.messages;
                let user = messages.iter().filter(|m| m.role == Role::User).map(|m| &*m.text);
                Language::of(user).is_some_and(|language| languages.contains(&language))
            }
            Self::MaxChars(most) => texts.map(|text| text.chars().count()).sum::<usize>() <= *most,
            Self::MinAnswerChars(least) => example.answer_chars() >= *least,
            Self::Overlap(overlap) => !texts.any(|text| overlap.occurs_in(text)),
            Self::Duplicates(seen) => seen.insert(example.hash(true)),
            Self::Cap(cap) => cap.keeps(record),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Where(condition) => write!(f, "not {condition}"),
            Self::Except(condition) => write!(f, "{condition}"),
            Self::Phrases(phrases) => write!(f, "one of {} blocked phrases", phrases.count()),
            Self::Refusals => f.write_str("the answer declines"),
            Self::Languages(languages) => {
                let codes: Vec<_> = languages.iter().map(|language| language.code()).collect();
                write!(f, "not written in {}", codes.join(", "))
            }
            Self::MaxChars(most) => write!(f, "longer than {most} characters"),
            Self::MinAnswerChars(least) => write!(f, "an answer shorter than {least} characters"),
            Self::Overlap(overlap) => write!(f, "shares {} words with held-out text", overlap.words()),
            Self::Duplicates(_) => f.write_str("a duplicate"),
            Self::Cap(cap) => write!(f, "more than {} with the same {}", cap.most, cap.column),
        }
    }
}

/// Filters in the order in which they are applied. An example counts for the first filter that leaves it out.
#[derive(Debug, Default)]
pub struct Filters {
    filters: Vec<(Filter, u64)>,
}

impl Filters {
    /// Adds a filter, which is applied last.
    pub fn add(&mut self, filter: Filter) {
        self.filters.push((filter, 0));
    }

    /// Whether all filters keep an example, which comes from `record`.
    pub fn keep(&mut self, example: &Example, record: &Record<'_>) -> bool {
        for (filter, removed) in &mut self.filters {
            if !filter.keeps(example, record) {
                *removed += 1;
                return false;
            }
        }
        true
    }

    /// The words for each filter, and the number of examples that the filter left out.
    pub fn report(&self) -> Vec<(String, u64)> {
        self.filters.iter().map(|(filter, removed)| (filter.to_string(), *removed)).collect()
    }
}

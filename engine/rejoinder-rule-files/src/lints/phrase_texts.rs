//! The phrases of rules, searchable inside each other.

use std::ops::Range;

use super::phrase_search::PhraseSearch;
use crate::rule::Rule;

/// The phrases of rules, each once, searchable inside each other.
pub(super) struct PhraseTexts<'r> {
    search: PhraseSearch<'r>,
    /// By rule: the numbers of its phrases, in their order.
    of_rules: Vec<Vec<usize>>,
}

impl<'r> PhraseTexts<'r> {
    /// The phrases of `rules`.
    pub(super) fn of(rules: &[&'r Rule]) -> Self {
        let mut search = PhraseSearch::new();
        let mut numbers = |rule: &&'r Rule| rule.phrases.iter().map(|phrase| search.number(phrase)).collect();
        let of_rules = rules.iter().map(&mut numbers).collect();
        Self { search, of_rules }
    }

    /// How many different phrases there are.
    pub(super) const fn count(&self) -> usize {
        self.search.count()
    }

    /// The numbers of a rule's phrases, in their order.
    pub(super) fn of_rule(&self, rule: usize) -> &[usize] {
        &self.of_rules[rule]
    }

    /// The phrases that stand in `outer` at word boundaries, with their places; `outer` is one of them.
    pub(super) fn inside(&self, outer: &str) -> Vec<(usize, Range<usize>)> {
        self.search.inside(outer)
    }
}

//! The phrases of rules, searchable inside each other.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rejoinder_core::fold::is_word_boundary;

use crate::rule::Rule;

/// The phrases of rules, each once, searchable inside each other.
pub(super) struct PhraseTexts {
    /// `None` where there are no phrases.
    automaton: Option<AhoCorasick>,
    /// By rule: the numbers of its phrases, in their order.
    of_rules: Vec<Vec<usize>>,
    /// How many different phrases there are.
    count: usize,
}

impl PhraseTexts {
    /// The phrases of `rules`.
    pub(super) fn of(rules: &[&Rule]) -> Self {
        let (mut numbers, mut texts) = (HashMap::<&str, usize>::new(), Vec::new());
        let mut number = |phrase| {
            *numbers.entry(phrase).or_insert_with(|| {
                texts.push(phrase);
                texts.len() - 1
            })
        };
        let of_rules = rules.iter().map(|rule| rule.phrases.iter().map(|p| number(p)).collect()).collect();
        // Each phrase is searched once: what would make that faster takes longer to build.
        let kind = Some(AhoCorasickKind::NoncontiguousNFA);
        let automaton = AhoCorasick::builder().kind(kind).match_kind(MatchKind::Standard).build(&texts).ok();
        Self { automaton: automaton.filter(|_| !texts.is_empty()), of_rules, count: texts.len() }
    }

    /// How many different phrases there are.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// The numbers of a rule's phrases, in their order.
    pub(super) fn of_rule(&self, rule: usize) -> &[usize] {
        &self.of_rules[rule]
    }

    /// The phrases that stand in `outer` at word boundaries, with their places; `outer` is one of them.
    pub(super) fn inside<'a>(&'a self, outer: &'a str) -> impl Iterator<Item = (usize, Range<usize>)> + 'a {
        let found = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(outer));
        let at_boundaries =
            found.filter(|m| is_word_boundary(outer, m.start()) && is_word_boundary(outer, m.end()));
        at_boundaries.map(|m| (m.pattern().as_usize(), m.range()))
    }
}

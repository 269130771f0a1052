//! The phrases of rules, searchable inside each other.

use std::cell::OnceCell;
use std::ops::Range;

use super::phrase_search::PhraseSearch;
use crate::rule::Rule;

/// A phrase that stands in another one: its number, and its place.
pub(super) type InnerPhrase = (usize, Range<usize>);

/// The phrases of rules, each once, searchable inside each other.
pub(super) struct PhraseTexts<'r> {
    search: PhraseSearch<'r>,
    /// By rule: the numbers of its phrases, in their order.
    of_rules: Vec<Vec<usize>>,
    /// By number of a phrase: what stands in it, once somebody asks: many rules may have the phrases of one list.
    inside: Vec<OnceCell<Box<[InnerPhrase]>>>,
}

impl<'r> PhraseTexts<'r> {
    /// The phrases of `rules`, each rule's followed by what `more` gives of the rule.
    pub(super) fn of(rules: &[&'r Rule], more: impl Fn(usize) -> Vec<&'r str>) -> Self {
        let mut search = PhraseSearch::new();
        let mut numbers = |(index, rule): (usize, &&'r Rule)| {
            let phrases = rule.phrases.iter().map(String::as_str).chain(more(index));
            phrases.map(|phrase| search.number(phrase)).collect()
        };
        let of_rules = rules.iter().enumerate().map(&mut numbers).collect();
        let inside = vec![OnceCell::new(); search.count()];
        Self { search, of_rules, inside }
    }

    /// How many different phrases there are.
    pub(super) const fn count(&self) -> usize {
        self.search.count()
    }

    /// The numbers of a rule's phrases, in their order.
    pub(super) fn of_rule(&self, rule: usize) -> &[usize] {
        &self.of_rules[rule]
    }

    /// The phrases that stand at word boundaries in a text that may be none of them.
    pub(super) fn inside_other(&self, outer: &str) -> Vec<InnerPhrase> {
        self.search.inside(outer)
    }

    /// The phrases that stand at word boundaries in `outer`, the phrase of a number, with their places; it is one of them.
    pub(super) fn inside(&self, number: usize, outer: &str) -> &[InnerPhrase] {
        self.inside[number].get_or_init(|| self.search.inside(outer).into())
    }
}

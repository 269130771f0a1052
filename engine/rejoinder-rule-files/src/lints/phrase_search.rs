//! The search for phrases inside of phrases.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use rejoinder_core::fold::is_word_boundary;

/// Up to so many word boundaries, the texts between any two of them are looked up one by one.
const FEW: usize = 24;

/// Phrases, each with its number, searchable inside of one another.
pub(super) struct PhraseSearch<'p> {
    phrases: Vec<&'p str>,
    numbers: HashMap<&'p str, usize>,
    /// Whether some phrase begins or ends with a space.
    has_outer_space: bool,
    /// Finds the phrases inside of long ones, once there is a long one.
    automaton: OnceCell<Option<AhoCorasick>>,
}

impl<'p> PhraseSearch<'p> {
    /// No phrase.
    pub(super) fn new() -> Self {
        let (phrases, numbers) = (Vec::new(), HashMap::new());
        Self { phrases, numbers, has_outer_space: false, automaton: OnceCell::new() }
    }

    /// The number of a phrase, a new one if the phrase is new: all phrases are numbered before any is searched for.
    pub(super) fn number(&mut self, phrase: &'p str) -> usize {
        *self.numbers.entry(phrase).or_insert_with(|| {
            self.phrases.push(phrase);
            self.has_outer_space |= phrase.starts_with(' ') || phrase.ends_with(' ');
            self.phrases.len() - 1
        })
    }

    /// How many phrases there are.
    pub(super) const fn count(&self) -> usize {
        self.phrases.len()
    }

    /// The numbers of the phrases that stand in `outer` at word boundaries, with their places: by their ends, and of those with one end
    /// the longest first.
    pub(super) fn inside(&self, outer: &str) -> Vec<(usize, Range<usize>)> {
        let places = outer.char_indices().map(|(at, _)| at).chain([outer.len()]);
        let boundaries: Vec<usize> = places.filter(|&at| is_word_boundary(outer, at)).collect();
        if boundaries.len() > FEW {
            return self.inside_long(outer);
        }
        let mut found = Vec::new();
        for (place, &end) in boundaries.iter().enumerate() {
            if !self.has_outer_space && outer[..end].ends_with(' ') {
                continue;
            }
            for &start in &boundaries[..place] {
                let inner = &outer[start..end];
                if self.has_outer_space || !inner.starts_with(' ') {
                    found.extend(self.numbers.get(inner).map(|&number| (number, start..end)));
                }
            }
        }
        found
    }

    fn inside_long(&self, outer: &str) -> Vec<(usize, Range<usize>)> {
        let automaton = self
            .automaton
            .get_or_init(|| AhoCorasick::builder().match_kind(MatchKind::Standard).build(&self.phrases).ok());
        let found = automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(outer));
        let at_boundaries =
            found.filter(|m| is_word_boundary(outer, m.start()) && is_word_boundary(outer, m.end()));
        at_boundaries.map(|m| (m.pattern().as_usize(), m.range())).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn looking_up_finds_what_the_automaton_finds(
            phrases in prop::collection::vec("[ab谢.]( ?[ab谢']){0,4}| a|b ", 1..8),
            outer in "[ab谢 .']{0,14}",
        ) {
            let mut search = PhraseSearch::new();
            let numbers: Vec<usize> = phrases.iter().map(|phrase| search.number(phrase)).collect();
            prop_assert_eq!(search.number(&phrases[0]), numbers[0]);
            prop_assert_eq!(search.inside(&outer), search.inside_long(&outer));
        }
    }
}

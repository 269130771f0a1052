//! The words that rules look for in other texts than the turn, compiled into one automaton, so that a text is read once for all rules.

use std::collections::HashMap;
use std::ops::Range;

use rejoinder_core::automaton::{Automaton, LineFeed};
use rejoinder_core::fold::{is_word_boundary, may_compose};
use rejoinder_rule_files::{
    Condition, DialogueWords, Pattern, Rule, SearchRoom, TextReading, TurnText, folded_core,
};

use crate::written;

/// The searches of all conditions on words in other texts.
#[derive(Debug)]
pub(crate) struct DialogueSearch {
    automaton: Automaton,
    /// By number of a condition.
    conditions: Vec<ConditionLiterals>,
}

/// The numbers of the literals that a condition's words need.
#[derive(Debug)]
struct ConditionLiterals {
    /// By phrase.
    phrases: Vec<u32>,
    /// By regex; `None` if the regex runs on every text.
    regexes: Vec<Option<Vec<u32>>>,
}

/// A text of the dialogue, folded, with the literals that stand in it.
#[derive(Debug)]
pub(crate) struct SearchedText {
    pub(crate) folded: TurnText,
    may_compose: bool,
    /// By number of a literal that stands in the text: its first place at word boundaries, if there is one.
    literals: HashMap<u32, Option<Range<usize>>>,
}

impl DialogueSearch {
    /// The searches of some rules, whose conditions are told their numbers.
    pub(crate) fn of(rules: &mut [Rule]) -> Self {
        let mut all: Vec<&DialogueWords> = Vec::new();
        let mut next = 0;
        for rule in rules {
            for condition in &mut rule.conditions {
                let Condition::Dialogue(words) = condition else { continue };
                words.number = next;
                next += 1;
                all.push(words);
            }
        }
        let phrase = |words: &DialogueWords, phrase: &str| match words.reading {
            TextReading::Folded => phrase.to_owned(),
            TextReading::AsWritten => folded_core(phrase),
        };
        let phrases = |words: &DialogueWords| -> Vec<String> {
            words.phrases.iter().map(|text| phrase(words, text)).collect()
        };
        let of_regexes = |words: &DialogueWords| -> Vec<String> {
            words.regexes.iter().filter_map(Pattern::literals).flatten().map(str::to_owned).collect()
        };
        let mut literals: Vec<String> =
            all.iter().flat_map(|words| phrases(words).into_iter().chain(of_regexes(words))).collect();
        literals.sort_unstable();
        literals.dedup();
        let number = |literal: &str| {
            literals.binary_search_by(|known| known.as_str().cmp(literal)).map_or(0, |place| place as u32)
        };
        let conditions = all.iter().map(|words| ConditionLiterals {
            phrases: phrases(words).iter().map(|text| number(text)).collect(),
            regexes: words
                .regexes
                .iter()
                .map(|regex| Some(regex.literals()?.map(number).collect()))
                .collect(),
        });
        let conditions = conditions.collect();
        Self { automaton: Automaton::new(&literals, LineFeed::Space), conditions }
    }

    /// Reads a text for the searches.
    pub(crate) fn read(&self, text: &str) -> SearchedText {
        let mut folded = TurnText::default();
        folded.fold(text);
        let mut literals: HashMap<u32, Option<Range<usize>>> = HashMap::new();
        let read = folded.text();
        for (end, found) in self.automaton.ends(read.as_bytes()) {
            for literal in found {
                let place = literals.entry(literal).or_insert(None);
                let range = end - self.automaton.len_of(literal)..end;
                if place.is_none() && is_word_boundary(read, range.start) && is_word_boundary(read, range.end)
                {
                    *place = Some(range);
                }
            }
        }
        SearchedText { may_compose: may_compose(text), folded, literals }
    }

    /// What matches of a condition's words in a text: the place of a phrase, or behind the phrases that of a regex, and where it
    /// matches, in bytes of the text as the condition reads it. Phrases go before regexes.
    pub(crate) fn find(
        &self,
        words: &DialogueWords,
        written: &str,
        text: &SearchedText,
        room: &SearchRoom,
    ) -> Option<(usize, Range<usize>)> {
        let ConditionLiterals { phrases, regexes } = &self.conditions[words.number as usize];
        let is_there = |literal: &u32| text.may_compose || text.literals.contains_key(literal);
        let place = |(place, literal): (usize, &u32)| {
            let range = match words.reading {
                TextReading::Folded => text.literals.get(literal)?.clone(),
                TextReading::AsWritten if is_there(literal) => {
                    written::phrase(written, &words.phrases[place], |_| true)
                }
                TextReading::AsWritten => None,
            };
            Some((place, range?))
        };
        let phrase =
            phrases.iter().enumerate().filter_map(place).min_by_key(|(_, range)| (range.end, range.start));
        phrase.or_else(|| {
            regexes.iter().zip(&words.regexes).enumerate().find_map(|(place, (literals, regex))| {
                let is_open = literals.as_ref().is_none_or(|literals| {
                    let composes = text.may_compose && !words.reading.is_folded();
                    composes || literals.iter().any(|literal| text.literals.contains_key(literal))
                });
                let found = is_open.then(|| regex.find_in(written, &text.folded, room)).flatten()?;
                Some((phrases.len() + place, found))
            })
        })
    }
}

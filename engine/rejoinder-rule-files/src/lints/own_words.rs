//! The words that a rule itself holds, and what of a turn they make up.

use std::collections::HashSet;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use rejoinder_core::fold::{Folded, is_word_boundary, is_word_char, words};

use crate::pattern::{Pattern, SearchRoom};
use crate::rule::{Rule, RuleTest};
use crate::shadow::TurnText;

/// A class of more characters of words than this stands for any word.
const MOST_SPELLED: usize = 16;
/// Words that begin with so many equal characters look alike.
const ALIKE: usize = 4;

/// The words of a rule's phrases and regexes.
pub(super) struct OwnWords<'r> {
    rule: &'r Rule,
    /// The regexes without their escapes.
    sources: Vec<String>,
}

impl<'r> OwnWords<'r> {
    /// The words of a rule.
    pub(super) fn of(rule: &'r Rule) -> Self {
        Self { rule, sources: rule.patterns().map(without_escapes).collect() }
    }

    /// Whether the turn under test is made of the rule's own words and nothing else.
    pub(super) fn make_up(&self, test: &RuleTest) -> bool {
        let folded = turn_under_test(test);
        let text = folded.text().replace('\n', " ");
        let mut own: Vec<std::ops::Range<usize>> = Vec::new();
        for phrase in &self.rule.phrases {
            let ends = |at: usize| is_word_boundary(&text, at) && is_word_boundary(&text, at + phrase.len());
            let found = text.match_indices(phrase.as_str()).filter(|&(at, _)| ends(at));
            own.extend(found.map(|(at, _)| at..at + phrase.len()));
        }
        let is_within = |own: &[std::ops::Range<usize>], word: &str| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            let mut covered = start;
            // Places that overlap may cover a word together.
            while let Some(range) = own.iter().find(|range| range.contains(&covered)) {
                covered = range.end;
            }
            covered >= start + word.len()
        };
        let mut left = words(&text).filter(|word| !is_within(&own, word)).peekable();
        if left.peek().is_none() {
            return words(&text).next().is_some();
        }
        if !left.all(|word| self.sources.iter().any(|source| source.contains(word))) {
            return false;
        }
        let mut turn = TurnText::default();
        turn.fold(&text);
        for regex in self.rule.regexes.iter().filter(|regex| is_spelled_out(regex)) {
            // Nothing fits, so that all matches are met.
            regex.find_where(&turn, &SearchRoom::default(), |found| {
                own.push(found.clone());
                false
            });
        }
        words(&text).all(|word| is_within(&own, word))
    }

    /// Whether the turn under test holds one of the rule's words, or one that begins like it; `true` where the rule has none.
    pub(super) fn look_like(&self, test: &RuleTest) -> bool {
        let folded = turn_under_test(test);
        let (phrases, sources) = (self.rule.phrases.iter(), self.sources.iter());
        let mut own = HashSet::new();
        for text in phrases.chain(sources) {
            let before = own.len();
            own.extend(words(text).filter(|word| word.chars().all(is_word_char) || word.contains('\'')));
            // One of signs alone, or a regex for any words: what looks like it cannot be told.
            if own.len() == before && words(text).next().is_none() {
                return true;
            }
        }
        let is_alike = |one: &str, other: &str| {
            one.chars().zip(other.chars()).take(ALIKE).filter(|(one, other)| one == other).count() == ALIKE
        };
        words(folded.text()).any(|word| {
            own.contains(word)
                || own.iter().any(|own| is_alike(own, word) || own.contains(word) && word.len() > 2)
        })
    }
}

fn turn_under_test(test: &RuleTest) -> Folded {
    let last = test.dialogue.last().map_or("", String::as_str);
    Folded::new(last.strip_prefix("U:").unwrap_or(last).trim())
}

/// The text of a regex without backslashes and the letters behind them, in lower case.
fn without_escapes(source: &str) -> String {
    let mut characters = source.chars();
    let mut text = String::with_capacity(source.len());
    while let Some(c) = characters.next() {
        if c != '\\' {
            text.extend(c.to_lowercase());
        } else if let Some(escaped) = characters.next() {
            text.push(if escaped.is_alphanumeric() { ' ' } else { escaped });
        }
    }
    text
}

/// Whether each match of a regex consists of words that stand in the regex, and other words may stand around it.
fn is_spelled_out(regex: &Pattern) -> bool {
    let Ok(hir) = ParserBuilder::new().case_insensitive(true).build().parse(regex.as_str()) else {
        return false;
    };
    let properties = hir.properties();
    let is_whole = properties.look_set_prefix().contains(Look::Start)
        && properties.look_set_suffix().contains(Look::End);
    !is_whole && has_no_wildcard(&hir)
}

fn has_no_wildcard(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => true,
        HirKind::Class(Class::Unicode(class)) => {
            let characters = class.iter().flat_map(|range| range.start()..=range.end());
            characters.filter(|c| is_word_char(*c)).take(MOST_SPELLED + 1).count() <= MOST_SPELLED
        }
        HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Repetition(repetition) => has_no_wildcard(&repetition.sub),
        HirKind::Capture(capture) => has_no_wildcard(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(has_no_wildcard),
    }
}

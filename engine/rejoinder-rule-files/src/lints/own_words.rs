//! The words that a rule itself holds, and what of a turn they make up.

use std::collections::HashSet;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use rejoinder_core::fold::{Folded, is_unsegmented, is_word_boundary, is_word_char, words};

use crate::pattern::{Pattern, SearchRoom};
use crate::rule::{Rule, RuleTest};
use crate::shadow::TurnText;

/// A class of more characters of words than this stands for any word.
const MOST_SPELLED: usize = 16;
/// Words that begin with so many equal characters look alike.
const ALIKE: usize = 3;
/// A letter that no word holds, for a place of a regex where several characters can stand.
const ANY: char = '\u{A66E}';

/// The words of a rule's phrases and regexes.
pub(super) struct OwnWords<'r> {
    rule: &'r Rule,
    /// The words of the regexes, with [`ANY`] where several characters can stand.
    sources: Vec<String>,
}

impl<'r> OwnWords<'r> {
    /// The words of a rule.
    pub(super) fn of(rule: &'r Rule) -> Self {
        Self { rule, sources: rule.patterns().map(plain_text).collect() }
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
            own.extend(pieces(text).filter(|word| word.chars().any(|c| c != ANY)));
            // One of signs alone, or a regex for any words: what looks like it cannot be told.
            if own.len() == before && words(text).next().is_none() {
                return true;
            }
        }
        let mut turn = pieces(folded.text());
        turn.any(|word| own.contains(word) || own.iter().any(|own| is_alike(own, word)))
            || self.match_in(folded.text())
    }

    /// Whether a phrase or regex of the rule matches in a turn.
    fn match_in(&self, folded: &str) -> bool {
        let mut turn = TurnText::default();
        turn.fold(folded);
        let mut regexes = self.rule.regexes.iter();
        self.rule.phrases.iter().any(|phrase| folded.contains(phrase.as_str()))
            || regexes.any(|regex| regex.find(&turn, &SearchRoom::default()).is_some())
    }
}

/// Whether a word of a rule and one of a turn look alike: they begin alike, or the one stands in the other.
fn is_alike(own: &str, word: &str) -> bool {
    let is_same = |(own, other): &(char, char)| own == other || *own == ANY;
    let common = own.chars().zip(word.chars()).take_while(is_same).count();
    let [own_length, length] = [own, word].map(|word| word.chars().count());
    common >= ALIKE || (common == length && own_length == length) || (length >= ALIKE && own.contains(word))
}

/// The words of a text, those with an apostrophe in pieces: of "l'avance" what it shares with "d'avance".
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    words(text).flat_map(|word| word.split('\'')).filter(|piece| !piece.is_empty())
}

fn turn_under_test(test: &RuleTest) -> Folded {
    let last = test.dialogue.last().map_or("", String::as_str);
    Folded::new(last.strip_prefix("U:").unwrap_or(last).trim())
}

/// The words of a regex, in lower case: without escapes, with [`ANY`] for a class and for a group of single characters.
fn plain_text(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '\\' => {
                let escaped = rest[length..].chars().next();
                length += escaped.map_or(0, char::len_utf8);
                text.push(escaped.filter(|c| !c.is_alphanumeric()).unwrap_or(' '));
            }
            '[' => {
                // A bracket that comes first belongs to the class.
                let lead = if rest.starts_with("[^") { 3 } else { 2 };
                let inner =
                    rest.char_indices().skip(lead).find(|&(at, c)| c == ']' && !rest[..at].ends_with('\\'));
                length = inner.map_or(rest.len(), |(at, _)| at + 1);
                let class = &rest[1..length];
                // Of a script without spaces each character is a word.
                match class.contains(is_unsegmented) {
                    true => text.extend(class.chars().filter(|c| is_word_char(*c))),
                    false => text.push(if is_of_letters(class) { ANY } else { ' ' }),
                }
            }
            '(' => {
                let choices = rest.find(')').map(|end| (end, rest[1..end].trim_start_matches("?:")));
                let is_single =
                    |choice: &str| choice.chars().count() == 1 && choice.chars().all(is_word_char);
                match choices.filter(|(_, choices)| choices.split('|').all(is_single)) {
                    Some((end, _)) => {
                        length = end + 1;
                        text.push(ANY);
                    }
                    None => text.push(' '),
                }
            }
            '?' if text.ends_with(|c| is_word_char(c) || c == '\'') => {}
            _ => text.extend(c.to_lowercase()),
        }
        rest = &rest[length..];
    }
    text
}

/// Whether a class names letters; its bracket may be part of it.
fn is_of_letters(class: &str) -> bool {
    let mut before = ' ';
    !class.starts_with('^')
        && class.chars().any(|c| {
            let is_letter = is_word_char(c) && before != '\\';
            before = c;
            is_letter
        })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_words_of_a_regex_are_those_that_a_reader_sees() {
        let seen =
            |source: &str| words(&plain_text(source)).map(|word| word.replace(ANY, "*")).collect::<Vec<_>>();
        assert_eq!(seen(r"^\W*(?:n(?:ã|a)o|g[eé]nial)\b"), ["n*o", "g*nial"]);
        assert_eq!(seen(r"(?i)\bstimmt'?s[^]x] Errors?[,. ]+\b"), ["i", "stimmt's", "errors"]);
    }

    #[test]
    fn words_that_begin_alike_look_alike() {
        for (own, word) in [("pero", "però"), ("thanks", "thankless"), ("no", "no"), ("not", "nothing")] {
            assert!(is_alike(own, word), "{own} and {word}");
        }
        assert!(!is_alike("no", "nope") && !is_alike("why", "who"));
    }

    proptest! {
        #[test]
        fn any_source_has_words(source in any::<String>(), odd in r"[\\\[\]()|?a]{0,12}") {
            plain_text(&source);
            plain_text(&odd);
        }
    }
}

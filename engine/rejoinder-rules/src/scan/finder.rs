//! The search: literals first, then the regexes behind them.

use std::ops::Range;

use rejoinder_core::fold::{is_word_boundary, is_word_char, may_compose};

use super::matches::Matches;
use crate::compile::{RuleSet, Trial};
use crate::facts::TurnFacts;
use crate::literals::{Literals, Targets};
use crate::observer::ScanObserver;
use crate::written;
use rejoinder_rule_files::{MatchPosition, SearchRoom, TurnText};

/// The search for what matches in one turn.
pub(super) struct Finder<'s> {
    pub(super) set: &'s RuleSet,
    pub(super) text: &'s TurnText,
    /// The turn as written.
    pub(super) written: &'s str,
    pub(super) matches: &'s mut Matches,
    pub(super) room: &'s SearchRoom,
}

impl Finder<'_> {
    /// Finds for each rule its first match in the folded turn; blank turns match nothing.
    pub(super) fn find(mut self, facts: &TurnFacts<'_>, observer: &mut impl ScanObserver) {
        if self.text.text().trim().is_empty() {
            return;
        }
        self.match_literals(observer);
        self.match_regexes(facts, observer);
        for &rule in &self.set.wordless {
            self.matches.add(rule, 0..self.text.text().len());
        }
        self.matches.touched.sort_unstable();
    }

    fn match_literals(&mut self, observer: &mut impl ScanObserver) {
        let begun = observer.now();
        let [ascii, beyond] = &self.set.literals;
        self.match_these(0, ascii, observer);
        if !self.text.is_ascii() {
            self.match_these(1, beyond, observer);
            if !self.set.written.is_empty() && may_compose(self.written) {
                self.matches.open_all(&self.set.written);
            }
            self.matches.sort_gates();
        }
        observer.literals(begun);
    }

    fn match_these(&mut self, which: usize, literals: &Literals, observer: &mut impl ScanObserver) {
        let automaton = &literals.automaton;
        for (end, found) in automaton.ends(self.text.text().as_bytes()) {
            for literal in found {
                let range = end - automaton.len_of(literal)..end;
                let Targets { phrases, gates } = literals.targets(literal);
                if !gates.is_empty() {
                    self.matches.open(which, literal as usize, gates, &range);
                }
                if !phrases.is_empty() {
                    self.match_phrase(range, phrases, observer);
                }
            }
        }
    }

    fn match_phrase(&mut self, range: Range<usize>, rules: &[u32], observer: &mut impl ScanObserver) {
        let text = self.text.text();
        if !is_word_boundary(text, range.start) || !is_word_boundary(text, range.end) {
            return;
        }
        for &rule in rules {
            // The first to end, and of those that end together the longest, whichever automaton found it.
            let found = self.matches.spans[rule as usize].as_ref();
            if found.is_some_and(|found| (found.end, found.start) <= (range.end, range.start)) {
                continue;
            }
            if stands_at(self.set.positions[rule as usize], text, &range) {
                self.matches.add(rule, range.clone());
            } else {
                observer.misplaced(rule, range.clone());
            }
        }
    }

    fn match_regexes(&mut self, facts: &TurnFacts<'_>, observer: &mut impl ScanObserver) {
        let text = self.text.text();
        let gates = std::mem::take(&mut self.matches.gates);
        let open = gates.iter().map(|&gate| &self.set.gated[gate as usize]);
        for &trial in self.set.ungated.iter().chain(open) {
            let (Trial::Regex(index, _) | Trial::AsWritten(index)) = trial;
            if self.matches.spans[index as usize].is_some() {
                continue;
            }
            let rule = self.set.rule(index);
            // Most regexes are spared by a word count.
            if !observer.wants_all()
                && !rule.conditions.iter().filter(|c| facts.is_cheap(c)).all(|c| facts.holds(c))
            {
                continue;
            }
            let mut elsewhere = None;
            let read = if let Trial::AsWritten(_) = trial { self.written } else { text };
            let fits = |range: &Range<usize>| {
                let fits = stands_at(rule.at, read, range);
                if !fits {
                    elsewhere.get_or_insert(range.clone());
                }
                fits
            };
            let found = observer.at_rule(index, || match trial {
                Trial::Regex(_, regex) => rule.regexes[regex as usize].find_where(self.text, self.room, fits),
                Trial::AsWritten(_) => written::first_match(rule, self.written, fits),
            });
            let folded = |range: Range<usize>| match trial {
                Trial::Regex(..) => range,
                Trial::AsWritten(_) => self.text.folded().folded_range(range),
            };
            match (found.map(folded), elsewhere.map(folded)) {
                (Some(span), _) => self.matches.add(index, span),
                (None, Some(range)) => observer.misplaced(index, range),
                (None, None) => {}
            }
        }
        self.matches.gates = gates;
        self.matches.close_gates();
    }
}

/// Whether no word stands on the sides of `range` that `at` forbids.
fn stands_at(at: MatchPosition, text: &str, range: &Range<usize>) -> bool {
    let free_before = || !text[..range.start].chars().any(is_word_char);
    let free_after = || !text[range.end..].chars().any(is_word_char);
    match at {
        MatchPosition::Anywhere => true,
        MatchPosition::Start => free_before(),
        MatchPosition::End => free_after(),
        MatchPosition::Whole => free_before() && free_after(),
    }
}

//! The prefilter: marks one later turn with the hits of all rules.
//!
//! One pass of the automaton over the folded turn finds phrases and gates regexes; regexes run only behind their
//! gates; conditions on the dialogue are worked out only for rules that matched, and at most once a turn.

use std::ops::Range;

use rejoinder_core::fold::{is_unsegmented, is_word_boundary, is_word_char};
use rejoinder_core::{Conversation, Hit};

use crate::compile::{RuleSet, Target};
use crate::explain::{Check, Match, Trial};
use crate::facts::{ConversationFacts, TurnFacts};
use crate::rule::At;
use crate::shadow::TurnText;
use crate::witness::{Costs, Misplaced, Witness};

/// A worker's scratch space for scanning; the rule set itself is shared.
#[derive(Debug)]
pub struct Scanner<'r> {
    set: &'r RuleSet,
    text: TurnText,
    flat: String,
    matches: Matches,
    hits: Vec<Hit>,
    facts: ConversationFacts,
}

/// What matched in the turn at hand.
#[derive(Debug)]
struct Matches {
    /// Per rule: the first span that matched, in folded bytes.
    spans: Vec<Option<Range<usize>>>,
    /// Rules with a match; sorted once all are found.
    touched: Vec<u32>,
    /// Regexes whose gates are open.
    gates: Vec<(u32, u32)>,
}

impl Matches {
    fn add(&mut self, rule: u32, span: Range<usize>) {
        self.spans[rule as usize] = Some(span);
        self.touched.push(rule);
    }
}

impl<'r> Scanner<'r> {
    /// A scanner for `set`.
    pub fn new(set: &'r RuleSet) -> Self {
        Self {
            set,
            text: TurnText::default(),
            flat: String::new(),
            matches: Matches { spans: vec![None; set.rules().len()], touched: Vec::new(), gates: Vec::new() },
            hits: Vec::new(),
            facts: ConversationFacts::default(),
        }
    }

    /// Begins a conversation: call it before the first [`Scanner::scan`] of each.
    pub fn begin(&mut self, conversation: &Conversation<'_>) {
        self.facts.begin(conversation);
    }

    /// The hits in message `turn`, in the order of the rules; at most one a rule, its first match.
    ///
    /// # Panics
    /// If `turn` is not an index into the messages, or [`Scanner::begin`] was not called for this conversation.
    pub fn scan(&mut self, conversation: &Conversation<'_>, turn: usize) -> &[Hit] {
        self.scan_as(conversation, turn, &mut ())
    }

    /// As [`Scanner::scan`]; adds what it cost to `costs`.
    ///
    /// # Panics
    /// As [`Scanner::scan`], and if `costs` were made for another rule set.
    pub fn scan_timed(&mut self, conversation: &Conversation<'_>, turn: usize, costs: &mut Costs) -> &[Hit] {
        self.scan_as(conversation, turn, costs)
    }

    fn scan_as(
        &mut self,
        conversation: &Conversation<'_>,
        turn: usize,
        witness: &mut impl Witness,
    ) -> &[Hit] {
        let text = &*conversation.messages[turn].text;
        self.hits.clear();
        self.text.fold(text);
        let facts = TurnFacts::new(conversation, &self.facts, turn, &self.text);
        let found =
            Finder { set: self.set, text: &self.text, flat: &mut self.flat, matches: &mut self.matches };
        found.find(&facts, witness);
        for &index in &self.matches.touched {
            let Some(span) = self.matches.spans[index as usize].take() else { continue };
            let conditions = &self.set.rule(index).conditions;
            if witness.at_rule(index, || conditions.iter().all(|c| facts.holds(c))) {
                let original = self.text.folded().original_range(text, sentence(self.text.text(), &span));
                self.hits.push(Hit { rule: index, start: original.start as u32, end: original.end as u32 });
            }
        }
        self.matches.touched.clear();
        &self.hits
    }

    /// What every rule makes of message `turn`, in the order of the rules: whether it matched, and each of its
    /// conditions with what was measured. The rules with `hit` set are those of [`Scanner::scan`].
    ///
    /// # Panics
    /// As [`Scanner::scan`].
    pub fn explain(&mut self, conversation: &Conversation<'_>, turn: usize) -> Vec<Trial<'r>> {
        let text = &*conversation.messages[turn].text;
        self.text.fold(text);
        let facts = TurnFacts::new(conversation, &self.facts, turn, &self.text);
        let mut misplaced = Misplaced::default();
        let found =
            Finder { set: self.set, text: &self.text, flat: &mut self.flat, matches: &mut self.matches };
        found.find(&facts, &mut misplaced);
        self.matches.touched.clear();
        let folded = self.text.text();
        let mut trials = Vec::new();
        for (index, rule) in (0..).zip(self.set.rules()) {
            let matched = match self.matches.spans[index as usize].take() {
                Some(span) if rule.has_matcher() => Match::Found(folded[span.clone()].to_owned(), span),
                Some(span) => Match::Wordless(span),
                None => misplaced
                    .of(index)
                    .map_or(Match::Nowhere, |span| Match::Misplaced(folded[span].to_owned())),
            };
            let checks: Vec<Check<'r>> = rule
                .conditions
                .iter()
                .map(|condition| {
                    let measured = facts.measure(condition);
                    let holds = condition.holds(&measured);
                    Check { condition, actual: measured.describe(folded), holds }
                })
                .collect();
            let span = matched.span().filter(|_| checks.iter().all(|c| c.holds)).map(|span| {
                let range = self.text.folded().original_range(text, sentence(folded, span));
                range.start as u32..range.end as u32
            });
            trials.push(Trial { rule: index, matched, checks, hit: span });
        }
        trials
    }
}

/// The search for what matches in one turn.
struct Finder<'s> {
    set: &'s RuleSet,
    text: &'s TurnText,
    flat: &'s mut String,
    matches: &'s mut Matches,
}

impl Finder<'_> {
    /// Finds for each rule its first match in the folded turn; blank turns match nothing.
    fn find(mut self, facts: &TurnFacts<'_>, witness: &mut impl Witness) {
        if self.text.text().trim().is_empty() {
            return;
        }
        self.match_literals(witness);
        self.match_regexes(facts, witness);
        for &rule in &self.set.wordless {
            self.matches.add(rule, 0..self.text.text().len());
        }
        self.matches.touched.sort_unstable();
    }

    fn match_literals(&mut self, witness: &mut impl Witness) {
        let Some(automaton) = &self.set.automaton else { return };
        let text = self.text.text();
        // Phrases know white space as one space only; the two texts have the same offsets.
        let haystack = if text.contains('\n') {
            self.flat.clear();
            self.flat.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
            &*self.flat
        } else {
            text
        };
        let begun = witness.now();
        for found in automaton.find_overlapping_iter(haystack) {
            for target in &self.set.targets[found.pattern().as_usize()] {
                match *target {
                    Target::Phrase(rule) => {
                        let fits = self.matches.spans[rule as usize].is_none()
                            && is_word_boundary(haystack, found.start())
                            && is_word_boundary(haystack, found.end());
                        if !fits {
                            continue;
                        }
                        if stands_at(self.set.rule(rule).at, haystack, &found.range()) {
                            self.matches.add(rule, found.range());
                        } else {
                            witness.misplaced(rule, found.range());
                        }
                    }
                    Target::Gate { rule, regex } => {
                        if !self.matches.gates.contains(&(rule, regex)) {
                            self.matches.gates.push((rule, regex));
                        }
                    }
                }
            }
        }
        witness.literals(begun);
    }

    fn match_regexes(&mut self, facts: &TurnFacts<'_>, witness: &mut impl Witness) {
        let text = self.text.text();
        let gates = std::mem::take(&mut self.matches.gates);
        for &(index, regex) in self.set.ungated.iter().chain(&gates) {
            if self.matches.spans[index as usize].is_some() {
                continue;
            }
            let rule = self.set.rule(index);
            // Most regexes are spared by a word count or the language.
            if !witness.wants_all()
                && !rule.conditions.iter().filter(|c| c.is_cheap()).all(|c| facts.holds(c))
            {
                continue;
            }
            let regex = &rule.regexes[regex as usize];
            let mut elsewhere = None;
            let found = witness.at_rule(index, || {
                regex.find_where(self.text, |range| {
                    let fits = stands_at(rule.at, text, range);
                    if !fits {
                        elsewhere.get_or_insert(range.clone());
                    }
                    fits
                })
            });
            match (found, elsewhere) {
                (Some(span), _) => self.matches.add(index, span),
                (None, Some(range)) => witness.misplaced(index, range),
                (None, None) => {}
            }
        }
        self.matches.gates = gates;
        self.matches.gates.clear();
    }
}

/// Whether no word stands on the sides of `range` that `at` forbids.
fn stands_at(at: At, text: &str, range: &Range<usize>) -> bool {
    let free_before = || !text[..range.start].chars().any(is_word_char);
    let free_after = || !text[range.end..].chars().any(is_word_char);
    match at {
        At::Anywhere => true,
        At::Start => free_before(),
        At::End => free_after(),
        At::Whole => free_before() && free_after(),
    }
}

/// The sentence, or run of sentences, that holds `range`, without white space at its ends: what a reader would
/// call the feedback. A sentence ends at a line feed, at `。`, or at `.!?` before white space or a character of a script
/// without spaces (where a full-width mark was folded).
fn sentence(text: &str, range: &Range<usize>) -> Range<usize> {
    // Whether a sentence ends with the character `c` that stands before `at`.
    let ends_with = |c: char, at: usize| match c {
        '\n' | '。' => true,
        '.' | '!' | '?' => {
            text[at..].chars().next().is_none_or(|next| next.is_whitespace() || is_unsegmented(next))
        }
        _ => false,
    };
    let before = text[..range.start].char_indices().rev();
    let start = before
        .map(|(at, c)| (at + c.len_utf8(), c))
        .find(|&(end, c)| ends_with(c, end))
        .map_or(0, |(end, _)| end);
    // A match may end with the mark that ends its sentence.
    let from = text[..range.end].char_indices().next_back().map_or(range.end, |(at, _)| at).max(start);
    let after = text[from..].char_indices().map(|(at, c)| (from + at + c.len_utf8(), c));
    let end = after
        .filter(|&(end, _)| end >= range.end)
        .find(|&(end, c)| ends_with(c, end))
        .map_or(text.len(), |(end, _)| end);
    let inner = &text[start..end];
    let lead = inner.len() - inner.trim_start().len();
    start + lead..start.max(start + inner.trim_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_the_sentence_around_the_match() {
        let span = |text: &str, word: &str| {
            let at = text.find(word).unwrap();
            text[sentence(text, &(at..at + word.len()))].to_owned()
        };
        assert_eq!(span("good morning. the problem is back. why?", "problem"), "the problem is back.");
        assert_eq!(span("costs 3.50 now! no.", "50"), "costs 3.50 now!");
        assert_eq!(span("谢谢!再来一句", "谢谢"), "谢谢!");
        assert_eq!(span("谢谢!再来一句", "再来"), "再来一句");
        assert_eq!(span("well.\nno!", "no!"), "no!");
    }
}

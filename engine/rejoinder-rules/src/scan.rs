//! The prefilter: marks one later turn with the hits of all rules.
//!
//! A pass of an automaton over the folded turn finds phrases and opens the gates of regexes; regexes run only behind open
//! gates; conditions on the dialogue are worked out only for rules that matched, and at most once a turn.

use std::ops::Range;

use rejoinder_core::fold::{is_unsegmented, is_word_boundary, is_word_char};
use rejoinder_core::language::Language;
use rejoinder_core::{Conversation, Hit};

use crate::compile::{Literals, RuleSet, Targets};
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
    matches: Matches,
    hits: Vec<Hit>,
    facts: ConversationFacts,
}

/// What matched in the turn at hand.
#[derive(Debug)]
struct Matches {
    /// By rule: the first span that matched, in folded bytes.
    spans: Vec<Option<Range<usize>>>,
    /// Rules with a match; sorted once all are found.
    touched: Vec<u32>,
    /// Numbers of the regexes whose gates are open, in the order of their opening.
    gates: Vec<u32>,
    /// By number: the end and the beginning of the first literal that opened the gate; [`CLOSED`] if none did.
    opened: Vec<(u32, u32)>,
    /// Literals that opened their gates, and whether one has, for each of the automata.
    openers: [Vec<u32>; 2],
    is_opener: [Vec<bool>; 2],
}

const CLOSED: (u32, u32) = (u32::MAX, u32::MAX);

impl Matches {
    fn add(&mut self, rule: u32, span: Range<usize>) {
        if self.spans[rule as usize].replace(span).is_none() {
            self.touched.push(rule);
        }
    }

    /// Opens the gates of a literal of an automaton that was found at `range`.
    fn open(&mut self, automaton: usize, literal: usize, gates: &[u32], range: &Range<usize>) {
        if std::mem::replace(&mut self.is_opener[automaton][literal], true) {
            return;
        }
        self.openers[automaton].push(literal as u32);
        let here = (range.end as u32, range.start as u32);
        for &gate in gates {
            let opened = &mut self.opened[gate as usize];
            if *opened == CLOSED {
                self.gates.push(gate);
            }
            *opened = here.min(*opened);
        }
    }

    /// Puts the gates in the order of their opening, where more than one automaton was at it.
    fn sort_gates(&mut self) {
        let opened = &self.opened;
        self.gates.sort_unstable_by_key(|&gate| (opened[gate as usize], gate));
    }

    fn close_gates(&mut self) {
        for (openers, is_opener) in self.openers.iter_mut().zip(&mut self.is_opener) {
            openers.drain(..).for_each(|literal| is_opener[literal as usize] = false);
        }
        self.gates.drain(..).for_each(|gate| self.opened[gate as usize] = CLOSED);
    }
}

impl<'r> Scanner<'r> {
    /// A scanner for `set`.
    pub fn new(set: &'r RuleSet) -> Self {
        Self {
            set,
            text: TurnText::default(),
            matches: Matches {
                spans: vec![None; set.rules().len()],
                touched: Vec::new(),
                gates: Vec::new(),
                opened: vec![CLOSED; set.gated.len()],
                openers: Default::default(),
                is_opener: set.literals.each_ref().map(|l| vec![false; l.targets.len()]),
            },
            hits: Vec::new(),
            facts: ConversationFacts::default(),
        }
    }

    /// Begins a conversation: call it before the first [`Scanner::scan`] of each.
    pub fn begin(&mut self, conversation: &Conversation<'_>) {
        self.facts.begin(conversation);
    }

    /// The language of the users' messages of the conversation that was begun last, as the condition `language` takes it.
    pub fn language(&self, conversation: &Conversation<'_>) -> Option<Language> {
        self.facts.language(conversation)
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
        let found = Finder { set: self.set, text: &self.text, matches: &mut self.matches };
        found.find(&facts, witness);
        for &index in &self.matches.touched {
            let Some(span) = self.matches.spans[index as usize].take() else { continue };
            let conditions = &self.set.rule(index).conditions;
            if witness.at_rule(index, || facts.all_hold(conditions)) {
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
        let found = Finder { set: self.set, text: &self.text, matches: &mut self.matches };
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
        let begun = witness.now();
        let [ascii, beyond] = &self.set.literals;
        self.match_these(0, ascii, witness);
        if !self.text.is_ascii() {
            self.match_these(1, beyond, witness);
            self.matches.sort_gates();
        }
        witness.literals(begun);
    }

    fn match_these(&mut self, which: usize, literals: &Literals, witness: &mut impl Witness) {
        let Literals { automaton, targets } = literals;
        for (end, found) in automaton.ends(self.text.text().as_bytes()) {
            for literal in found {
                let range = end - automaton.len_of(literal)..end;
                let Targets { phrases, gates } = &targets[literal as usize];
                if !gates.is_empty() {
                    self.matches.open(which, literal as usize, gates, &range);
                }
                if !phrases.is_empty() {
                    self.match_phrase(range, phrases, witness);
                }
            }
        }
    }

    fn match_phrase(&mut self, range: Range<usize>, rules: &[u32], witness: &mut impl Witness) {
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
            if stands_at(self.set.rule(rule).at, text, &range) {
                self.matches.add(rule, range.clone());
            } else {
                witness.misplaced(rule, range.clone());
            }
        }
    }

    fn match_regexes(&mut self, facts: &TurnFacts<'_>, witness: &mut impl Witness) {
        let text = self.text.text();
        let gates = std::mem::take(&mut self.matches.gates);
        let open = gates.iter().map(|&gate| &self.set.gated[gate as usize]);
        for &(index, regex) in self.set.ungated.iter().chain(open) {
            if self.matches.spans[index as usize].is_some() {
                continue;
            }
            let rule = self.set.rule(index);
            // Most regexes are spared by a word count.
            if !witness.wants_all()
                && !rule.conditions.iter().filter(|c| facts.is_cheap(c)).all(|c| facts.holds(c))
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
        self.matches.close_gates();
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
    use proptest::prelude::*;
    use rejoinder_core::fold::Folded;
    use rejoinder_core::{Message, Role};

    use super::*;
    use crate::Pack;

    const PHRASES: [&str; 8] = ["no", "no not", "não", "é", "that is", "is não", "谢谢", "not é no"];
    const REGEXES: [&str; 6] =
        ["not (?:is|é)", "is.no", "não? (?:no|that)", "谢 ?谢", "(?:that|é) is", "no no|é é"];

    /// Where `literal` stands in `text`, which has no line feeds.
    fn places(text: &str, literal: &str) -> Vec<Range<usize>> {
        let starts = text.char_indices().map(|(at, _)| at);
        starts.filter(|&at| text[at..].starts_with(literal)).map(|at| at..at + literal.len()).collect()
    }

    proptest! {
        /// A phrase goes before a regex, and the one that ends first before others, the longest of those that end
        /// together; a regex whose literal ends first goes before others.
        #[test]
        fn the_first_match_of_a_rule_counts(
            phrases in prop::sample::subsequence(PHRASES.to_vec(), 0..=3),
            regexes in prop::sample::subsequence(REGEXES.to_vec(), 1..=3),
            text in "((no|not|não|é|that|is|谢|谢谢)[ \n]){1,8}",
        ) {
            let rule = format!(
                "format = 1\n[[rule]]\nid = \"a\"\nroute = \"score\"\nweight = 1.0\nany = {phrases:?}\nregex = {regexes:?}\n"
            );
            let rule = if phrases.is_empty() { rule.replace("any = []\n", "") } else { rule };
            let set = Pack::compile(vec![Pack::new("a", "a.toml", &rule)], &[]).unwrap();
            let folded = Folded::new(&text).text().to_owned();
            let flat = folded.replace('\n', " ");
            let by_end = |range: &Range<usize>| (range.end, range.start);
            let fits = |r: &Range<usize>| is_word_boundary(&flat, r.start) && is_word_boundary(&flat, r.end);
            let phrase = phrases.iter().flat_map(|p| places(&flat, p)).filter(fits).min_by_key(by_end);
            let mut turn = TurnText::default();
            turn.fold(&text);
            let mut open: Vec<_> = (0..)
                .zip(&set.rule(0).regexes)
                .filter_map(|(i, regex)| {
                    let gates = regex.literals().unwrap().iter().flat_map(|l| places(&flat, l));
                    Some((gates.map(|range| by_end(&range)).min()?, i, regex))
                })
                .collect();
            open.sort_by_key(|&(opened, i, _)| (opened, i));
            let first = phrase.or_else(|| open.iter().find_map(|(.., regex)| regex.find(&turn)));
            let expected = first.map(|range| turn.folded().original_range(&text, sentence(&folded, &range)));

            let messages = [(Role::User, "q"), (Role::Assistant, "a"), (Role::User, &text)];
            let conversation = Conversation {
                id: "c".into(),
                messages: messages.into_iter().map(|(role, text)| Message::new(role, text)).collect(),
            };
            let mut scanner = Scanner::new(&set);
            scanner.begin(&conversation);
            for _ in 0..2 {
                let hits = scanner.scan(&conversation, 2);
                let found = hits.first().map(|hit| hit.start as usize..hit.end as usize);
                prop_assert_eq!(&found, &expected);
            }
        }
    }

    #[test]
    fn of_phrases_that_end_together_the_longest_counts_whichever_letters_it_has() {
        let rule = "format = 1\n[[rule]]\nid = \"a\"\nroute = \"score\"\nweight = 1.0\nany = [\"no\", \"not é no\"]\n";
        let set = Pack::compile(vec![Pack::new("a", "a.toml", rule)], &[]).unwrap();
        let messages = [(Role::User, "q"), (Role::Assistant, "a"), (Role::User, "well. not é\nno")];
        let conversation = Conversation {
            id: "c".into(),
            messages: messages.into_iter().map(|(role, text)| Message::new(role, text)).collect(),
        };
        let mut scanner = Scanner::new(&set);
        scanner.begin(&conversation);
        assert_eq!(scanner.scan(&conversation, 2), [Hit { rule: 0, start: 6, end: 15 }]);
    }

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

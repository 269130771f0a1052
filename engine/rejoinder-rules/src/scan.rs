//! The prefilter: marks one later turn with the hits of all rules.
//!
//! One pass of the automaton over the folded turn finds phrases and gates regexes; regexes run only behind their
//! gates; conditions on the dialogue are worked out only for rules that matched, and at most once a turn.

use std::cell::OnceCell;
use std::ops::Range;

use rejoinder_core::dialogue::AnswerTraits;
use rejoinder_core::fold::{Folded, is_word_boundary, is_word_char, words};
use rejoinder_core::similarity::WordBag;
use rejoinder_core::{Conversation, Hit, Role};

use crate::compile::{RuleSet, Target};
use crate::rule::{At, PreviousAssistant, Rule};

/// At most this many earlier user turns, the latest first, are compared with a turn.
const MAX_EARLIER_TURNS: usize = 32;

/// A worker's scratch space for scanning; the rule set itself is shared.
#[derive(Debug)]
pub struct Scanner<'r> {
    set: &'r RuleSet,
    folded: Folded,
    flat: String,
    /// Per rule: the first span that matched in this turn, in folded bytes.
    matched: Vec<Option<Range<usize>>>,
    /// Rules with a match, in the order found.
    touched: Vec<u32>,
    /// Gates opened in this turn.
    gates: Vec<(u32, u32)>,
    hits: Vec<Hit>,
    /// Word bags of the current conversation's messages, as far as needed.
    bags: Vec<OnceCell<WordBag>>,
}

impl<'r> Scanner<'r> {
    /// A scanner for `set`.
    pub fn new(set: &'r RuleSet) -> Self {
        Self {
            set,
            folded: Folded::default(),
            flat: String::new(),
            matched: vec![None; set.rules().len()],
            touched: Vec::new(),
            gates: Vec::new(),
            hits: Vec::new(),
            bags: Vec::new(),
        }
    }

    /// Begins a conversation: call it before the first [`Scanner::scan`] of each.
    pub fn begin(&mut self, conversation: &Conversation<'_>) {
        self.bags.clear();
        self.bags.resize_with(conversation.messages.len(), OnceCell::new);
    }

    /// The hits in message `turn`, in the order of the rules; at most one a rule, its first match.
    ///
    /// # Panics
    /// If `turn` is not an index into the messages, or [`Scanner::begin`] was not called for this conversation.
    pub fn scan(&mut self, conversation: &Conversation<'_>, turn: usize) -> &[Hit] {
        let text = &*conversation.messages[turn].text;
        self.hits.clear();
        self.folded.fold(text);
        self.match_literals();
        self.match_regexes();
        for &rule in &self.set.wordless {
            self.matched[rule as usize] = Some(0..self.folded.text().len());
            self.touched.push(rule);
        }
        self.touched.sort_unstable();
        let facts = TurnFacts::new(conversation, turn, self.folded.text(), &self.bags);
        for &index in &self.touched {
            let Some(span) = self.matched[index as usize].take() else { continue };
            let rule = self.set.rule(index);
            if !self.folded.text().trim().is_empty() && facts.satisfy(rule) {
                let span = sentence(self.folded.text(), &span);
                let original = self.folded.original_range(text, span);
                self.hits.push(Hit { rule: index, start: original.start as u32, end: original.end as u32 });
            }
        }
        self.touched.clear();
        &self.hits
    }

    fn match_literals(&mut self) {
        let Some(automaton) = &self.set.automaton else { return };
        let text = self.folded.text();
        // Phrases know white space as one space only; the two texts have the same offsets.
        let haystack = if text.contains('\n') {
            self.flat.clear();
            self.flat.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
            &self.flat
        } else {
            text
        };
        for found in automaton.find_overlapping_iter(haystack) {
            for target in &self.set.targets[found.pattern().as_usize()] {
                match *target {
                    Target::Phrase(rule) => {
                        let fits = self.matched[rule as usize].is_none()
                            && is_word_boundary(haystack, found.start())
                            && is_word_boundary(haystack, found.end())
                            && stands_at(self.set.rule(rule).at, haystack, &found.range());
                        if fits {
                            self.matched[rule as usize] = Some(found.range());
                            self.touched.push(rule);
                        }
                    }
                    Target::Gate { rule, regex } => {
                        if !self.gates.contains(&(rule, regex)) {
                            self.gates.push((rule, regex));
                        }
                    }
                }
            }
        }
    }

    fn match_regexes(&mut self) {
        let text = self.folded.text();
        for &(rule, regex) in self.set.ungated.iter().chain(&self.gates) {
            let slot = &mut self.matched[rule as usize];
            if slot.is_some() {
                continue;
            }
            let rule_ref = self.set.rule(rule);
            let found = rule_ref.regexes[regex as usize]
                .find_iter(text)
                .map(|m| m.range())
                .find(|range| stands_at(rule_ref.at, text, range));
            if found.is_some() {
                *slot = found;
                self.touched.push(rule);
            }
        }
        self.gates.clear();
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
/// call the feedback. A sentence ends at a line feed, at `。！？`, or at `.!?` before white space.
fn sentence(text: &str, range: &Range<usize>) -> Range<usize> {
    let ends_after = |at: usize| {
        let next_is_space = || text[at..].chars().next().is_none_or(char::is_whitespace);
        match text[..at].chars().next_back() {
            Some('\n' | '。' | '！' | '？') => true,
            Some('.' | '!' | '?') => next_is_space(),
            _ => false,
        }
    };
    let boundaries = |range: Range<usize>| range.filter(|&at| text.is_char_boundary(at) && ends_after(at));
    let start = boundaries(0..range.start + 1).next_back().unwrap_or(0);
    // A match may end with the mark that ends its sentence.
    let end = boundaries(range.end.max(start + 1)..text.len()).next().unwrap_or(text.len());
    let inner = &text[start..end];
    let lead = inner.len() - inner.trim_start().len();
    start + lead..start.max(start + inner.trim_end().len())
}

/// What conditions ask about a turn, each worked out when first asked.
struct TurnFacts<'a> {
    conversation: &'a Conversation<'a>,
    turn: usize,
    folded: &'a str,
    bags: &'a [OnceCell<WordBag>],
    word_count: OnceCell<u32>,
    similarity: OnceCell<f32>,
    answer: OnceCell<AnswerTraits>,
}

impl<'a> TurnFacts<'a> {
    fn new(
        conversation: &'a Conversation<'a>,
        turn: usize,
        folded: &'a str,
        bags: &'a [OnceCell<WordBag>],
    ) -> Self {
        Self {
            conversation,
            turn,
            folded,
            bags,
            word_count: OnceCell::new(),
            similarity: OnceCell::new(),
            answer: OnceCell::new(),
        }
    }

    fn satisfy(&self, rule: &Rule) -> bool {
        rule.max_words.is_none_or(|max| self.word_count() <= max)
            && self.answer_fits(&rule.previous_assistant)
            && (rule.similar_to_earlier == 0.0 || self.similarity() >= rule.similar_to_earlier)
            && !rule.unless.iter().any(|regex| regex.is_match(self.folded))
    }

    fn word_count(&self) -> u32 {
        *self.word_count.get_or_init(|| words(self.folded).count() as u32)
    }

    fn answer_fits(&self, wanted: &PreviousAssistant) -> bool {
        if *wanted == PreviousAssistant::default() {
            return true;
        }
        let answer =
            self.answer.get_or_init(|| AnswerTraits::of(self.conversation.previous_answer(self.turn)));
        let fits = |wanted: Option<bool>, is: bool| wanted.is_none_or(|w| w == is);
        fits(wanted.ends_with_question, answer.ends_with_question)
            && fits(wanted.apologises, answer.apologises)
            && fits(wanted.refuses, answer.refuses)
            && fits(wanted.cut_off, answer.cut_off)
    }

    /// Greatest similarity to an earlier user turn (see [`rejoinder_core::similarity`]).
    fn similarity(&self) -> f32 {
        *self.similarity.get_or_init(|| {
            let own = self.bags[self.turn].get_or_init(|| WordBag::of_folded(self.folded));
            let messages = &self.conversation.messages;
            (0..self.turn)
                .rev()
                .filter(|&i| messages[i].role == Role::User)
                .take(MAX_EARLIER_TURNS)
                .map(|i| own.dice(self.bags[i].get_or_init(|| WordBag::new(&messages[i].text))))
                .fold(0.0, f32::max)
        })
    }
}

//! The scanner that a worker marks turns with.

use std::ops::Range;

use rejoinder_core::language::Language;
use rejoinder_core::{Conversation, Hit};

use super::finder::Finder;
use super::matches::Matches;
use super::sentence::sentence;
use crate::compile::RuleSet;
use crate::explain::{ConditionCheck, RuleMatch, RuleTrial};
use crate::facts::{ConversationFacts, TurnFacts};
use crate::observer::{MisplacedMatches, RuleTimes, ScanObserver};
use rejoinder_rule_files::{Condition, FactCondition, FactReading, SearchRoom, TextReading, TurnText};

/// A worker's scratch space for scanning; the rule set itself is shared.
#[derive(Debug)]
pub struct Scanner<'r> {
    set: &'r RuleSet,
    text: TurnText,
    matches: Matches,
    hits: Vec<Hit>,
    pending: Vec<Hit>,
    selected: u64,
    facts: ConversationFacts,
    room: SearchRoom,
}

impl<'r> Scanner<'r> {
    /// A scanner for `set`.
    pub fn new(set: &'r RuleSet) -> Self {
        Self {
            set,
            text: TurnText::default(),
            matches: Matches::new(set),
            hits: Vec::new(),
            pending: Vec::new(),
            selected: 0,
            facts: ConversationFacts::default(),
            room: SearchRoom::default(),
        }
    }

    /// Begins a conversation: call it before the first [`Scanner::scan`] of each.
    pub fn begin(&mut self, conversation: &Conversation<'_>) {
        self.facts.begin(conversation);
    }

    /// The language of the user's messages in the conversation that was begun last, as the condition `language` measures it.
    pub fn language(&self, conversation: &Conversation<'_>) -> Option<Language> {
        self.facts.language(conversation)
    }

    /// The hits in message `turn`, in the order of the rules. A rule has at most one hit: its first match. Rules that ask for facts
    /// are not among them: see [`Scanner::pending`].
    ///
    /// # Panics
    /// If `turn` is not an index into the messages, or [`Scanner::begin`] was not called for this conversation.
    pub fn scan(&mut self, conversation: &Conversation<'_>, turn: usize) -> &[Hit] {
        self.scan_as(conversation, turn, &mut ())
    }

    /// As [`Scanner::scan`]; adds the time that each rule took to `times`.
    ///
    /// # Panics
    /// As [`Scanner::scan`], and if `times` were made for another rule set.
    pub fn scan_timed(
        &mut self,
        conversation: &Conversation<'_>,
        turn: usize,
        times: &mut RuleTimes,
    ) -> &[Hit] {
        self.scan_as(conversation, turn, times)
    }

    /// The hits in the turn that was scanned last of rules that ask for facts, if the facts allow them: all else about them holds.
    pub fn pending(&self) -> &[Hit] {
        &self.pending
    }

    /// Which selectors select the turn that was scanned last: a bit each, the first selector's the lowest.
    pub const fn selected(&self) -> u64 {
        self.selected
    }

    fn scan_as(
        &mut self,
        conversation: &Conversation<'_>,
        turn: usize,
        observer: &mut impl ScanObserver,
    ) -> &[Hit] {
        let text = &*conversation.messages[turn].text;
        self.hits.clear();
        self.pending.clear();
        self.selected = 0;
        self.text.fold(text);
        let facts =
            TurnFacts::new(conversation, &self.facts, turn, &self.text, &self.set.dialogue, &self.room);
        Finder {
            set: self.set,
            text: &self.text,
            written: text,
            matches: &mut self.matches,
            room: &self.room,
        }
        .find(&facts, observer);
        for &index in &self.matches.touched {
            let Some(span) = self.matches.spans[index as usize].take() else { continue };
            if let Some((place, selector)) = self.set.selector(index) {
                self.selected |= u64::from(facts.all_hold(&selector.conditions)) << place;
                continue;
            }
            let rule = self.set.rule(index);
            let own = self.set.own_conditions(index);
            if observer.at_rule(index, || facts.all_hold(own)) {
                let original = self.text.folded().original_range(text, sentence(self.text.text(), &span));
                let hits = if own.len() < rule.conditions.len() { &mut self.pending } else { &mut self.hits };
                hits.push(Hit { rule: index, start: original.start as u32, end: original.end as u32 });
            }
        }
        self.matches.touched.clear();
        &self.hits
    }

    /// The trials of all rules on message `turn`, in the order of the rules: whether the rule matched, and each of its
    /// conditions with what was measured; `reading` is what is known of facts. The rules with `hit` set are those of
    /// [`Scanner::scan`], and those of [`Scanner::pending`] that the facts allow.
    ///
    /// # Panics
    /// As [`Scanner::scan`].
    pub fn explain(
        &mut self,
        conversation: &Conversation<'_>,
        turn: usize,
        reading: impl Fn(&FactCondition) -> FactReading,
    ) -> Vec<RuleTrial<'r>> {
        let text = &*conversation.messages[turn].text;
        self.text.fold(text);
        let facts =
            TurnFacts::new(conversation, &self.facts, turn, &self.text, &self.set.dialogue, &self.room);
        let mut misplaced = MisplacedMatches::default();
        Finder {
            set: self.set,
            text: &self.text,
            written: text,
            matches: &mut self.matches,
            room: &self.room,
        }
        .find(&facts, &mut misplaced);
        for selector in self.matches.touched.drain(..).filter(|&number| self.set.selector(number).is_some()) {
            self.matches.spans[selector as usize] = None;
        }
        let folded = self.text.text();
        let mut trials = Vec::new();
        for (index, rule) in (0..).zip(self.set.rules()) {
            let read = |span: &Range<usize>| match rule.text {
                TextReading::Folded => folded[span.clone()].to_owned(),
                TextReading::AsWritten => {
                    text[self.text.folded().original_range(text, span.clone())].to_owned()
                }
            };
            let matched = match self.matches.spans[index as usize].take() {
                Some(span) if rule.has_matcher() => RuleMatch::Found(read(&span), span),
                Some(span) => RuleMatch::Wordless(span),
                None => {
                    misplaced.of(index).map_or(RuleMatch::Nowhere, |span| RuleMatch::Misplaced(read(&span)))
                }
            };
            let checks: Vec<ConditionCheck<'r>> = rule
                .conditions
                .iter()
                .map(|condition| {
                    let (actual, holds) = match condition {
                        Condition::Fact(fact) => {
                            let reading = reading(fact);
                            (reading.to_string(), fact.holds(&reading))
                        }
                        _ => {
                            let measured = facts.measure(condition);
                            (facts.describe(condition, &measured), condition.holds(&measured))
                        }
                    };
                    ConditionCheck { condition, actual, holds }
                })
                .collect();
            let span = matched.span().filter(|_| checks.iter().all(|c| c.holds)).map(|span| {
                let range = self.text.folded().original_range(text, sentence(folded, span));
                range.start as u32..range.end as u32
            });
            trials.push(RuleTrial { rule: index, matched, checks, hit: span });
        }
        trials
    }
}

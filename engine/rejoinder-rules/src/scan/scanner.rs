//! The scanner that a worker marks turns with.

use std::ops::Range;

use rejoinder_core::language::Language;
use rejoinder_core::{Conversation, Hit};

use super::built::FoundHits;
use super::finder::Finder;
use super::matches::Matches;
use super::sentence::sentence;
use crate::compile::RuleSet;
use crate::facts::{ConversationFacts, TurnFacts};
use crate::observer::{RuleTimes, ScanObserver};
use rejoinder_rule_files::{ColumnValues, SearchRoom, TurnText};

/// A worker's scratch space for scanning; the rule set itself is shared.
#[derive(Debug)]
pub struct Scanner<'r> {
    pub(super) set: &'r RuleSet,
    pub(super) text: TurnText,
    pub(super) matches: Matches,
    hits: Vec<Hit>,
    pending: Vec<Hit>,
    /// Hits of rules that serve others alone.
    serving: Vec<Hit>,
    selected: u64,
    pub(super) facts: ConversationFacts,
    pub(super) room: SearchRoom,
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
            serving: Vec::new(),
            selected: 0,
            facts: ConversationFacts::default(),
            room: SearchRoom::default(),
        }
    }

    /// Begins a conversation of which no metadata column is known: call it, or [`Scanner::begin_record`], before the first
    /// [`Scanner::scan`] of each.
    pub fn begin(&mut self, conversation: &Conversation<'_>) {
        self.begin_record(conversation, |_| Vec::new());
    }

    /// Begins a conversation; `values` gives what its record holds in a metadata column, as text, each value of a list for itself. It is
    /// asked for the columns that rules ask for.
    pub fn begin_record(&mut self, conversation: &Conversation<'_>, values: impl Fn(&str) -> Vec<String>) {
        let columns = self.set.columns().iter().map(|name| values(&name.column).into());
        self.facts.begin(conversation, columns);
    }

    /// What the record that was begun last holds in the columns that rules ask for ([`RuleSet::columns`]), in their order.
    pub fn columns(&self) -> &[ColumnValues] {
        self.facts.columns()
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

    /// The hits in the turn that was scanned last of rules that ask for facts, or build on rules that do, if the facts allow them: all
    /// else about them holds. [`RuleSet::allowed`] says which of them the facts allow.
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
        self.serving.clear();
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
        let mut found = FoundHits {
            set: self.set,
            hits: &mut self.hits,
            pending: &mut self.pending,
            serving: &mut self.serving,
        };
        for &index in &self.matches.touched {
            if self.set.builds(index) {
                continue;
            }
            let Some(span) = self.matches.spans[index as usize].take() else { continue };
            if let Some((place, selector)) = self.set.selector(index) {
                self.selected |= u64::from(facts.all_hold(&selector.conditions)) << place;
                continue;
            }
            if observer.at_rule(index, || facts.all_hold(self.set.own_conditions(index))) {
                let hit =
                    hit(index, self.text.folded().original_range(text, sentence(self.text.text(), &span)));
                found.push(hit, !self.set.asks_facts(index));
            }
        }
        if !self.set.building.is_empty() {
            let (set, folded) = (self.set, self.text.folded());
            let spans = &mut self.matches.spans;
            found.build(|rule, first| {
                let own = match set.rule(rule).has_matcher() {
                    true => hit(
                        rule,
                        folded.original_range(text, sentence(folded.text(), &spans[rule as usize].take()?)),
                    ),
                    false => Hit { rule, ..first },
                };
                observer.at_rule(rule, || facts.all_hold(set.own_conditions(rule))).then_some(own)
            });
            for &index in &self.matches.touched {
                self.matches.spans[index as usize] = None;
            }
        }
        self.matches.touched.clear();
        &self.hits
    }
}

/// The hit of a rule at a range of the original text.
pub(super) fn hit(rule: u32, original: Range<usize>) -> Hit {
    Hit { rule, start: original.start as u32, end: original.end as u32 }
}

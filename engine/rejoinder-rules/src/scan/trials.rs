//! The trials of all rules on a turn, for people to read.

use std::ops::Range;

use rejoinder_core::{Conversation, Hit};
use rejoinder_rule_files::{Condition, FactCondition, FactReading, TextReading};

use super::finder::Finder;
use super::scanner::{Scanner, hit};
use super::sentence::sentence;
use crate::compile::RuleSet;
use crate::explain::{ConditionCheck, RuleMatch, RuleTrial};
use crate::facts::TurnFacts;
use crate::observer::MisplacedMatches;

impl<'r> Scanner<'r> {
    /// The trials of all rules in force on message `turn`, in the order of the rules: whether the rule matched, and each of its
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
        let set = self.set;
        self.text.fold(text);
        let facts = TurnFacts::new(conversation, &self.facts, turn, &self.text, &set.dialogue, &self.room);
        let mut misplaced = MisplacedMatches::default();
        Finder { set, text: &self.text, written: text, matches: &mut self.matches, room: &self.room }
            .find(&facts, &mut misplaced);
        for selector in self.matches.touched.drain(..).filter(|&number| set.selector(number).is_some()) {
            self.matches.spans[selector as usize] = None;
        }
        let folded = self.text.text();
        let rules = set.all_rules();
        let mut trials: Vec<Option<RuleTrial<'r>>> = rules.iter().map(|_| None).collect();
        let plain = (0..rules.len() as u32).filter(|&index| !set.builds(index));
        for index in plain.chain(set.building.rules()) {
            let rule = &rules[index as usize];
            let tried = |base: u32| {
                let trial = trials[base as usize].as_ref()?;
                trial.hit.clone().map(|span| Hit { rule: base, start: span.start, end: span.end })
            };
            let read = |span: &Range<usize>| match rule.text {
                TextReading::Folded => folded[span.clone()].to_owned(),
                TextReading::AsWritten => {
                    text[self.text.folded().original_range(text, span.clone())].to_owned()
                }
            };
            let matched = match self.matches.spans[index as usize].take() {
                Some(span) if rule.has_matcher() => RuleMatch::Found(read(&span), span),
                Some(span) => RuleMatch::Wordless(span),
                None if set.builds(index) && !rule.has_matcher() => RuleMatch::Wordless(0..folded.len()),
                None => {
                    misplaced.of(index).map_or(RuleMatch::Nowhere, |span| RuleMatch::Misplaced(read(&span)))
                }
            };
            let check = |condition: &'r Condition| {
                let (actual, holds) = match condition {
                    Condition::Fact(fact) => {
                        let reading = reading(fact);
                        (reading.to_string(), fact.holds(&reading))
                    }
                    Condition::Rules(..) => on_rules(set, condition, &tried),
                    _ => {
                        let measured = facts.measure(condition);
                        (facts.describe(condition, &measured), condition.holds(&measured))
                    }
                };
                ConditionCheck { condition, actual, holds }
            };
            let checks: Vec<ConditionCheck<'r>> = rule.conditions.iter().map(check).collect();
            let first = set.building.first_hit(index, tried);
            let span = matched.span().filter(|_| checks.iter().all(|c| c.holds)).map(|span| match first {
                Some(first) if !rule.has_matcher() => first,
                _ => hit(index, self.text.folded().original_range(text, sentence(folded, span))),
            });
            let found = span.map(hit_range);
            let words = match &matched {
                RuleMatch::Found(_, span) => {
                    Some(hit_range(hit(index, self.text.folded().original_range(text, span.clone()))))
                }
                _ => None,
            };
            trials[index as usize] = Some(RuleTrial { rule: index, matched, words, checks, hit: found });
        }
        trials.into_iter().take(set.rules().len()).flatten().collect()
    }
}

/// Where a hit stands in the original text, in bytes.
const fn hit_range(hit: Hit) -> Range<u32> {
    hit.start..hit.end
}

/// Which of the rules that a condition names hit, in words, and whether the condition holds; `tried` gives the hit of a rule that was
/// tried before.
fn on_rules(set: &RuleSet, condition: &Condition, tried: &impl Fn(u32) -> Option<Hit>) -> (String, bool) {
    let Condition::Rules(quorum, named) = condition else { return (String::new(), false) };
    let mut words = Vec::with_capacity(named.len());
    let mut hits = Vec::with_capacity(named.len());
    for named in named {
        let number = set.building.number_of(&named.id);
        hits.push(number.is_some_and(|number| tried(number).is_some()));
        let is_disabled = number.is_some_and(|number| set.only_serves(number));
        words.push(format!(
            "`{}`{} {}",
            named.id,
            if is_disabled { " (disabled)" } else { "" },
            if hits.last() == Some(&true) { "hits" } else { "does not hit" }
        ));
    }
    (words.join(", "), quorum.is_met(hits.into_iter()))
}

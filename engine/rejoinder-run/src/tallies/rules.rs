//! What each rule and each plugin does.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use rejoinder_cascade::{Decision, DecisionReason};
use rejoinder_core::{Answer, Category, Verdict};
use rejoinder_rules::Route;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn, Voter};
use serde::{Deserialize, Serialize};

use crate::stats::ByCategory;

/// The counts of one rule. All are of later turns that the rule hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleTally {
    /// Turns that the rule hits.
    pub hits: u64,
    /// Turns that no other rule makes candidates; 0 for rules that make none.
    pub alone: u64,
    /// Turns that would have been decided otherwise without the rule, or, for a score rule, put elsewhere in the queue.
    pub effect: u64,
    /// Turns that were accepted, by whatever rule or plugin.
    pub accepted: u64,
    /// Turns that were rejected.
    pub rejected: u64,
    /// Turns that the scan left to the judge.
    pub waiting: u64,
    /// Turns that the scan left to the judge for this rule alone: without the rule they would have been rejected.
    pub waits_alone: u64,
    /// Turns that the judge has settled.
    pub judged: u64,
    /// Turns that the judge found to be feedback, by category.
    pub judged_feedback: ByCategory,
}

/// The counts of one plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginTally {
    /// Turns that the plugin votes to accept.
    pub accepts: u64,
    /// Turns that the plugin votes to reject.
    pub rejects: u64,
    /// Turns that would have been decided otherwise without the plugin.
    pub effect: u64,
    /// Turns that wait for the judge for this plugin alone: without the plugin they would have been rejected.
    pub waits_alone: u64,
    /// Turns that the plugin failed on.
    pub faults: u64,
}

/// What each rule and each plugin does in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleTallies {
    /// Later turns.
    pub turns: u64,
    /// By the rule's id; rules without a hit are not there.
    pub rules: BTreeMap<String, RuleTally>,
    /// By the plugin's name.
    pub plugins: BTreeMap<String, PluginTally>,
}

/// Counts what the rules and plugins of an engine do, turn by turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCounter {
    turns: u64,
    rules: Vec<RuleTally>,
    plugins: Vec<PluginTally>,
}

impl RuleCounter {
    /// No counts yet.
    pub fn new(engine: &Engine) -> Self {
        Self {
            turns: 0,
            rules: vec![RuleTally::default(); engine.rules.rules().len()],
            plugins: vec![PluginTally::default(); engine.registry.plugins().len()],
        }
    }

    /// Counts a turn.
    pub fn turn(
        &mut self,
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) {
        self.turns += 1;
        let decision = turn.decision();
        // The judge was asked before, or is asked about all: no rule and no plugin has a say.
        let is_foregone = matches!(turn.ground, DecisionReason::AskedBefore | DecisionReason::AskedAnyway);
        let without = |part: Voter| match is_foregone {
            true => decision,
            false => scanned.ground_without(engine, conversation, turn, part).decision(),
        };
        let waits_alone =
            |without: Decision| decision == Decision::Undecided && without == Decision::Rejected;
        let hits = scanned.hits(turn);
        let marks = |rule: u32| matches!(engine.rules.rule(rule).route, Route::Accept | Route::Escalate);
        let marking = hits.iter().filter(|hit| marks(hit.rule)).count();
        for hit in hits {
            let rule = engine.rules.rule(hit.rule);
            let tally = &mut self.rules[hit.rule as usize];
            tally.hits += 1;
            tally.alone += u64::from(marking == 1 && marks(hit.rule));
            match decision {
                Decision::Accepted(_) => tally.accepted += 1,
                Decision::Rejected => tally.rejected += 1,
                Decision::Undecided => tally.waiting += 1,
            }
            if rule.route == Route::Score {
                tally.effect += u64::from(decision == Decision::Undecided && rule.weight != 0.0);
                continue;
            }
            let without = without(Voter::Rule(hit.rule));
            tally.effect += u64::from(without != decision);
            tally.waits_alone += u64::from(waits_alone(without));
        }
        for (place, tally) in self.plugins.iter_mut().enumerate() {
            let vote = scanned.votes(turn).get(place).copied().unwrap_or_default();
            tally.faults += u64::from(vote.is_fault());
            let is_heard = match vote.verdict {
                _ if vote.is_fault() => true,
                Verdict::Accept(_) => {
                    tally.accepts += 1;
                    true
                }
                Verdict::Reject => {
                    tally.rejects += 1;
                    true
                }
                Verdict::Escalate => turn.ground == DecisionReason::Escalated,
                Verdict::Abstain => vote.was_asked() && engine.scorer() == Some(place),
            };
            if is_heard || scanned.has_told(engine, turn, place) {
                let without = without(Voter::Plugin(place));
                tally.effect += u64::from(without != decision);
                tally.waits_alone += u64::from(waits_alone(without));
            }
        }
    }

    /// Later turns that were counted.
    pub const fn turns(&self) -> u64 {
        self.turns
    }

    /// The counts of each rule, in the order of the rules.
    pub fn rules(&self) -> &[RuleTally] {
        &self.rules
    }

    /// The counts by name.
    pub fn by_name(&self, engine: &Engine) -> RuleTallies {
        let rules = engine.rules.rules().iter().zip(&self.rules).filter(|(_, tally)| tally.hits > 0);
        let plugins = engine.registry.plugins().iter().zip(&self.plugins);
        RuleTallies {
            turns: self.turns,
            rules: rules.map(|(rule, tally)| (rule.id.clone(), *tally)).collect(),
            plugins: plugins.map(|(plugin, tally)| (plugin.name().to_owned(), *tally)).collect(),
        }
    }
}

impl AddAssign<&Self> for RuleCounter {
    fn add_assign(&mut self, other: &Self) {
        self.turns += other.turns;
        self.rules.iter_mut().zip(&other.rules).for_each(|(own, other)| *own += *other);
        self.plugins.iter_mut().zip(&other.plugins).for_each(|(own, other)| *own += *other);
    }
}

impl RuleTally {
    /// Counts what the judge says of a turn.
    pub(super) fn judge(&mut self, answer: Answer) {
        self.judged += u64::from(answer.is_known());
        if let Some(category) = answer.category() {
            self.judged_feedback.count(category);
        }
    }

    /// Turns that the judge found to be feedback of the rule's category.
    pub fn judged_as(&self, category: Category) -> u64 {
        self.judged_feedback.get(category)
    }
}

impl AddAssign for RuleTally {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.alone += other.alone;
        self.effect += other.effect;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.waiting += other.waiting;
        self.waits_alone += other.waits_alone;
        self.judged += other.judged;
        self.judged_feedback += other.judged_feedback;
    }
}

impl AddAssign for PluginTally {
    fn add_assign(&mut self, other: Self) {
        self.accepts += other.accepts;
        self.rejects += other.rejects;
        self.effect += other.effect;
        self.waits_alone += other.waits_alone;
        self.faults += other.faults;
    }
}

impl AddAssign<&Self> for RuleTallies {
    fn add_assign(&mut self, other: &Self) {
        self.turns += other.turns;
        for (id, tally) in &other.rules {
            *self.rules.entry(id.clone()).or_default() += *tally;
        }
        for (name, tally) in &other.plugins {
            *self.plugins.entry(name.clone()).or_default() += *tally;
        }
    }
}

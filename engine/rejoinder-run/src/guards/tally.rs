//! What is counted for guards: numbers that add up in any order.

use std::ops::AddAssign;

use rejoinder_core::{Answer, Category};
use rejoinder_rules::RuleGuard;
use serde::{Deserialize, Serialize};

/// Answers about turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerCounts {
    /// Turns whose answer is known.
    pub known: u64,
    /// Turns that are feedback.
    pub feedback: u64,
    /// Turns that are feedback of the category of a rule for which the guard covers the turn.
    pub category: u64,
}

impl AnswerCounts {
    /// Counts an answer about a turn that rules take for one of some categories.
    pub(crate) fn count(&mut self, answer: Answer, categories: &[Category]) {
        self.known += u64::from(answer.is_known());
        if let Some(found) = answer.category() {
            self.feedback += 1;
            self.category += u64::from(categories.contains(&found));
        }
    }
}

impl AddAssign for AnswerCounts {
    fn add_assign(&mut self, other: Self) {
        self.known += other.known;
        self.feedback += other.feedback;
        self.category += other.category;
    }
}

/// Answers about the turns that a guard covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoveredAnswers {
    /// Answers about turns that the rules accept.
    pub accepted: AnswerCounts,
    /// Answers about turns that the rules hit and that wait, or have waited, for the judge.
    pub waiting: AnswerCounts,
}

impl AddAssign for CoveredAnswers {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.waiting += other.waiting;
    }
}

/// What is counted for one guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardTally {
    /// Later turns that the rules accept.
    pub accepted: u64,
    /// Later turns that the rules hit and that wait for the judge.
    pub waiting: u64,
    /// Questions about such turns.
    pub questions: u64,
    /// The messages that these questions show, in estimated tokens.
    pub shown_tokens: u64,
    /// What labels say.
    pub labels: CoveredAnswers,
    /// Labelled turns that do not count, since they were labelled for what a run had found in them.
    pub selected: u64,
    /// What the judge says.
    pub judge: CoveredAnswers,
}

impl AddAssign for GuardTally {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.waiting += other.waiting;
        self.questions += other.questions;
        self.shown_tokens += other.shown_tokens;
        self.labels += other.labels;
        self.selected += other.selected;
        self.judge += other.judge;
    }
}

/// The guards in force, and what is counted for each; nothing where nothing is guarded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardTallies {
    /// Later turns.
    pub turns: u64,
    /// The guards, in the order of their numbers.
    pub guards: Vec<RuleGuard>,
    /// What is counted for each guard.
    pub tallies: Vec<GuardTally>,
}

impl GuardTallies {
    /// Nothing yet for some guards.
    pub(crate) fn new(guards: &[RuleGuard]) -> Self {
        Self { turns: 0, guards: guards.to_vec(), tallies: vec![GuardTally::default(); guards.len()] }
    }

    /// Whether nothing is guarded.
    pub const fn is_empty(&self) -> bool {
        self.guards.is_empty()
    }
}

impl AddAssign<&Self> for GuardTallies {
    /// Adds what was counted for the same guards.
    fn add_assign(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        self.turns += other.turns;
        self.tallies.iter_mut().zip(&other.tallies).for_each(|(own, other)| *own += *other);
    }
}

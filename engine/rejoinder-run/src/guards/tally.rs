//! What is counted for guards: numbers that add up in any order.

use std::ops::AddAssign;

use rejoinder_cascade::clustered::ClusteredCounts;
use rejoinder_core::{Answer, Category};
use rejoinder_rules::{PrecisionOf, RuleGuard};
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
    /// What the conversations of the known turns tell of how alike their turns are; nothing until a conversation is added.
    pub spread: AnswerSpread,
}

/// Sums over conversations, by which a share of turns has its bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerSpread {
    /// Conversations with a known turn.
    pub conversations: u64,
    /// The sum of the squares of a conversation's known turns.
    pub known_squared: u64,
    /// For turns that are feedback: the sum of the squares of a conversation's numbers, and that of their products with its known turns.
    pub feedback: [u64; 2],
    /// The same for turns that are feedback of the category.
    pub category: [u64; 2],
}

impl AnswerCounts {
    /// Counts an answer about a turn that rules take for one of some categories; the turns that are counted so are those of one
    /// conversation.
    pub(crate) fn count(&mut self, answer: Answer, categories: &[Category]) {
        self.known += u64::from(answer.is_known());
        if let Some(found) = answer.category() {
            self.feedback += 1;
            self.category += u64::from(categories.contains(&found));
        }
    }

    /// The counts of one conversation, once all its turns are counted.
    pub(crate) fn of_conversation(self) -> Self {
        let Self { known, feedback, category, .. } = self;
        let spread = AnswerSpread {
            conversations: u64::from(known > 0),
            known_squared: known * known,
            feedback: [feedback * feedback, feedback * known],
            category: [category * category, category * known],
        };
        Self { spread, ..self }
    }

    /// What the answers say of how many turns are right, by conversation; `None` where a run of an earlier engine does not tell the
    /// conversations.
    pub(super) fn clustered(&self, of: PrecisionOf) -> Option<ClusteredCounts> {
        let (right, [right_squared, right_by_known]) = match of {
            PrecisionOf::Feedback => (self.feedback, self.spread.feedback),
            PrecisionOf::Category => (self.category, self.spread.category),
        };
        let AnswerSpread { conversations, known_squared, .. } = self.spread;
        (conversations > 0 || self.known == 0).then_some(ClusteredCounts {
            conversations,
            known: self.known,
            right,
            known_squared,
            right_squared,
            right_by_known,
        })
    }
}

impl AddAssign for AnswerCounts {
    fn add_assign(&mut self, other: Self) {
        self.known += other.known;
        self.feedback += other.feedback;
        self.category += other.category;
        let (spread, more) = (&mut self.spread, other.spread);
        spread.conversations += more.conversations;
        spread.known_squared += more.known_squared;
        let pairs = [(&mut spread.feedback, more.feedback), (&mut spread.category, more.category)];
        for (sum, more) in pairs {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
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

impl CoveredAnswers {
    /// The answers of one conversation, once all its turns are counted.
    pub(super) fn of_conversation(self) -> Self {
        Self { accepted: self.accepted.of_conversation(), waiting: self.waiting.of_conversation() }
    }
}

impl AddAssign for CoveredAnswers {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.waiting += other.waiting;
    }
}

/// What somebody says of the turns that a guard covers, by how the turns were chosen to be asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChosenAnswers {
    /// Answers of labels about turns that were chosen for what a run thought of them.
    pub labels: CoveredAnswers,
    /// Such answers of the judge: under other rules, other turns waited.
    pub judge: CoveredAnswers,
}

impl ChosenAnswers {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for ChosenAnswers {
    fn add_assign(&mut self, other: Self) {
        self.labels += other.labels;
        self.judge += other.judge;
    }
}

/// What is counted for one guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuardTally {
    /// Later turns that the rules accept.
    pub accepted: u64,
    /// Later turns that the rules hit and that wait for the judge.
    pub waiting: u64,
    /// Questions about such turns.
    pub questions: u64,
    /// The messages that these questions show, in estimated tokens.
    pub shown_tokens: u64,
    /// What labels say of turns that were chosen without regard to what a run thinks of them.
    pub labels: CoveredAnswers,
    /// What the judge says of such turns.
    pub judge: CoveredAnswers,
    /// What is said of turns that were chosen otherwise. It counts where every turn of a kind has an answer.
    #[serde(skip_serializing_if = "ChosenAnswers::is_empty")]
    pub chosen: ChosenAnswers,
}

impl GuardTally {
    /// What one conversation adds, once all its turns are counted.
    pub(super) fn of_conversation(self) -> Self {
        let Self { labels, judge, chosen, .. } = self;
        let chosen =
            ChosenAnswers { labels: chosen.labels.of_conversation(), judge: chosen.judge.of_conversation() };
        Self { labels: labels.of_conversation(), judge: judge.of_conversation(), chosen, ..self }
    }
}

impl AddAssign for GuardTally {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.waiting += other.waiting;
        self.questions += other.questions;
        self.shown_tokens += other.shown_tokens;
        self.labels += other.labels;
        self.judge += other.judge;
        self.chosen += other.chosen;
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

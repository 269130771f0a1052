//! What the hits of a rule are, counted.

use std::collections::BTreeMap;

use rejoinder_core::{Answer, Category};
use rejoinder_export::labels::selection::TurnSelection;
use serde::Serialize;

use super::clustered::ClusteredShare;
use crate::change::{Standing, Transition};

/// What is known of a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HitKind {
    /// The turn holds what the rule stands for: feedback of its category, or any feedback where it has none.
    Right,
    /// The turn holds something else.
    Wrong,
    /// Nobody says what the turn holds.
    Unknown,
}

/// What a rule does on an input, counted.
#[derive(Clone, Debug, Default)]
pub struct TrialTally {
    /// Conversations.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Later turns that the rule hits.
    pub hits: u64,
    /// Conversations with such a turn.
    pub hit_conversations: u64,
    /// Hit turns that other rules mark.
    pub marked: u64,
    /// Hit turns by how they stand without the rule, where the rule decides.
    pub standings: BTreeMap<Standing, u64>,
    /// Turns that the rule changes.
    pub transitions: BTreeMap<Transition, u64>,
    /// What is known of the turns, where somebody says it.
    pub answers: HitAnswers,
}

/// What is known of the turns of an input and of those that a rule hits.
#[derive(Clone, Debug, Default)]
pub struct HitAnswers {
    /// Turns of which somebody says what they hold.
    pub labelled: u64,
    /// Turns among them with feedback, by category.
    pub feedback: [u64; 5],
    /// Hit turns with feedback, by category.
    pub hit_feedback: [u64; 5],
    /// Hit turns without feedback.
    pub hit_without: u64,
    /// By conversation: hit turns with feedback of each category, and all labelled hit turns.
    pub(super) by_conversation: Vec<([u32; 5], u32)>,
    /// Labelled hit turns by how they were chosen.
    pub drawn: BTreeMap<&'static str, u64>,
}

impl HitAnswers {
    /// Hit turns of which somebody says what they hold.
    pub fn hits(&self) -> u64 {
        self.hit_without + self.hit_feedback.iter().sum::<u64>()
    }

    /// The share of the labelled hits with feedback of a category, or with any feedback.
    pub fn precision(&self, category: Option<Category>) -> ClusteredShare {
        let counts = self.by_conversation.iter().map(|(feedback, all)| {
            let of: u32 = match category {
                Some(category) => feedback[category.index()],
                None => feedback.iter().sum(),
            };
            [u64::from(of), u64::from(*all)]
        });
        ClusteredShare::of(&counts.collect::<Vec<_>>())
    }

    /// Counts a labelled turn.
    pub(super) fn turn(&mut self, answer: Answer) {
        self.labelled += 1;
        if let Some(category) = answer.category() {
            self.feedback[category.index()] += 1;
        }
    }

    /// Counts a labelled hit; conversations are begun by [`Self::begin`].
    pub(super) fn hit(&mut self, answer: Answer, drawn: TurnSelection) {
        *self.drawn.entry(drawn.name()).or_default() += 1;
        let conversation = self.by_conversation.last_mut();
        match answer.category() {
            Some(category) => self.hit_feedback[category.index()] += 1,
            None => self.hit_without += 1,
        }
        if let Some((feedback, all)) = conversation {
            *all += 1;
            if let Some(category) = answer.category() {
                feedback[category.index()] += 1;
            }
        }
    }

    /// Begins a conversation with hits.
    pub(super) fn begin(&mut self) {
        self.by_conversation.push(Default::default());
    }
}

impl TrialTally {
    /// Adds what was counted in another part of the input.
    pub(super) fn add(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.turns += other.turns;
        self.hits += other.hits;
        self.hit_conversations += other.hit_conversations;
        self.marked += other.marked;
        for (standing, turns) in other.standings {
            *self.standings.entry(standing).or_default() += turns;
        }
        for (transition, turns) in other.transitions {
            *self.transitions.entry(transition).or_default() += turns;
        }
        let (sum, more) = (&mut self.answers, other.answers);
        sum.labelled += more.labelled;
        sum.hit_without += more.hit_without;
        let pairs = [(&mut sum.feedback, more.feedback), (&mut sum.hit_feedback, more.hit_feedback)];
        for (sum, more) in pairs {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        sum.by_conversation.extend(more.by_conversation);
        for (drawn, turns) in more.drawn {
            *sum.drawn.entry(drawn).or_default() += turns;
        }
    }
}

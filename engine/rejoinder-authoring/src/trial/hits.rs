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
    /// Hit turns of which nobody says what they hold.
    pub hit_unknown: u64,
    /// What is known of hit turns by conversation: of those that were chosen without regard to what a run thinks of them, and of all.
    pub(super) by_conversation: Vec<[HitCounts; 2]>,
    /// Labelled hit turns by how they were chosen.
    pub drawn: BTreeMap<&'static str, u64>,
}

/// Hit turns of one conversation of which somebody says what they hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HitCounts {
    feedback: [u32; 5],
    known: u32,
}

/// The hits that a precision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrecisionScope {
    /// All hits: somebody says of each what it holds.
    AllHits,
    /// The labelled hits that were chosen without regard to what a run thinks of them: a sample of all hits.
    Sample,
    /// None: all labelled hits were chosen, and say nothing of the others.
    None,
}

impl HitAnswers {
    /// Hit turns of which somebody says what they hold.
    pub fn hits(&self) -> u64 {
        self.hit_without + self.hit_feedback.iter().sum::<u64>()
    }

    /// Labelled hits that were chosen without regard to what a run thinks of them.
    pub fn sampled_hits(&self) -> u64 {
        self.by_conversation.iter().map(|[sampled, _]| u64::from(sampled.known)).sum()
    }

    /// The hits that a precision follows for.
    pub fn scope(&self) -> PrecisionScope {
        match (self.hits(), self.hit_unknown, self.sampled_hits()) {
            (0, ..) => PrecisionScope::None,
            (_, 0, _) => PrecisionScope::AllHits,
            (.., 0) => PrecisionScope::None,
            _ => PrecisionScope::Sample,
        }
    }

    /// The share of the hits in [scope](Self::scope) with feedback of a category, or with any feedback; `None` where none is.
    pub fn precision(&self, category: Option<Category>) -> Option<ClusteredShare> {
        let scope = self.scope();
        let counts = self.by_conversation.iter().map(|[sampled, all]| {
            let HitCounts { feedback, known } = if scope == PrecisionScope::AllHits { all } else { sampled };
            let of: u32 = match category {
                Some(category) => feedback[category.index()],
                None => feedback.iter().sum(),
            };
            [u64::from(of), u64::from(*known)]
        });
        (scope != PrecisionScope::None).then(|| ClusteredShare::of(counts))
    }

    /// Counts a labelled turn.
    pub(super) fn turn(&mut self, answer: Answer) {
        self.labelled += 1;
        if let Some(category) = answer.category() {
            self.feedback[category.index()] += 1;
        }
    }

    /// Counts a hit; conversations are begun by [`Self::begin`].
    pub(super) fn hit(&mut self, answer: Answer, drawn: TurnSelection) {
        if !answer.is_known() {
            self.hit_unknown += 1;
            return;
        }
        *self.drawn.entry(drawn.name()).or_default() += 1;
        match answer.category() {
            Some(category) => self.hit_feedback[category.index()] += 1,
            None => self.hit_without += 1,
        }
        let Some([sampled, all]) = self.by_conversation.last_mut() else { return };
        let sampled = Some(sampled).filter(|_| drawn == TurnSelection::Independent);
        for counts in sampled.into_iter().chain([all]) {
            counts.known += 1;
            if let Some(category) = answer.category() {
                counts.feedback[category.index()] += 1;
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
        sum.hit_unknown += more.hit_unknown;
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

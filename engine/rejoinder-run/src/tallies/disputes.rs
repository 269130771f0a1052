//! Turns over which rules and score disagree.

use rejoinder_cascade::{DecisionReason, ScoreBand};
use rejoinder_core::RecordId;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};
use serde::{Deserialize, Serialize};

/// The turns that are kept.
const MOST: usize = 200;

/// A turn that a rule or a plugin rejected although its score reaches the cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputedTurn {
    /// The turn.
    pub id: RecordId,
    /// The learned score: the probability that the turn holds what is wanted.
    pub score: f32,
}

/// The disputed turns with the highest scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Disputes {
    /// At most 200 after [`Self::keep_highest`], the highest score first.
    pub turns: Vec<DisputedTurn>,
}

impl Disputes {
    pub(super) fn turn(
        &mut self,
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) {
        if turn.ground == DecisionReason::Rejected
            && engine.band(scanned.votes(turn)).is_some_and(|band| band != ScoreBand::Low)
        {
            self.turns.push(DisputedTurn { id: conversation.id(turn), score: turn.probability });
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.turns.extend_from_slice(&other.turns);
        self.keep_highest();
    }

    fn keep_highest(&mut self) {
        self.turns.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        self.turns.truncate(MOST);
    }
}

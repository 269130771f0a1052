//! The model behind the score.

use rejoinder_core::Conversation;
use rejoinder_score::{Evidence, Example, Model, Scratch, conversation_hash};

use super::Engine;
use crate::scanned_batch::{ScannedBatch, ScannedConversation, ScannedTurn};

/// The model behind the score, where this engine can read the model and train it further.
pub struct ScoreModel(pub(super) Option<Model>);

impl ScoreModel {
    /// The model, where the score is one of this engine's.
    pub fn model(&self) -> Option<&Model> {
        self.0.as_ref()
    }

    /// What the model can learn from a scanned turn; `scratch` has begun the turn's conversation.
    pub fn example(
        &self,
        engine: &Engine,
        scratch: &mut Scratch,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) -> Option<Example> {
        let model = self.model()?;
        let rules = scanned.rule_ids(engine, turn);
        let evidence = Evidence { rules: &rules, prior: turn.prior };
        Some(scratch.example(model, &conversation.record.conversation, turn.message_index, &evidence))
    }

    /// Whether the model was trained on a conversation: the scores of such a conversation say nothing about others.
    pub fn was_trained_on(&self, conversation: &Conversation<'_>) -> bool {
        self.0.as_ref().is_some_and(|model| model.was_trained_on(conversation_hash(conversation)))
    }
}

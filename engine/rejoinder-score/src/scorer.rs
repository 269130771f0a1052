//! Scores the later turns of conversations, one thread's share of them.

use rejoinder_core::Conversation;

use crate::features::{Evidence, Extractor, Features};
use crate::model::{Model, Score};

/// A worker's scratch space for scoring; the model itself is shared.
#[derive(Debug)]
pub struct Scorer<'m> {
    model: &'m Model,
    extractor: Extractor,
    features: Features,
}

impl<'m> Scorer<'m> {
    /// A scorer by `model`.
    pub fn new(model: &'m Model) -> Self {
        Self { model, extractor: Extractor::default(), features: Features::default() }
    }

    /// Begins a conversation: call it before its first [`Scorer::score`].
    pub fn begin(&mut self) {
        self.extractor.begin();
    }

    /// Scores message `turn` of the conversation last begun; cheapest in the order of the turns. Only the messages up to it
    /// count.
    ///
    /// # Panics
    /// If `turn` is not an index into the messages.
    pub fn score(&mut self, conversation: &Conversation<'_>, turn: usize, evidence: &Evidence<'_>) -> Score {
        self.extractor.read(conversation, turn, evidence, &self.model.idf, &mut self.features);
        self.model.score(&self.features.dense, self.features.buckets())
    }
}

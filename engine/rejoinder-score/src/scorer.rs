//! Scores the later turns of conversations, one thread's share of them.

use rejoinder_core::Conversation;

use crate::features::{Evidence, Extractor, Features};
use crate::model::{Model, Score};
use crate::train::{Example, conversation_hash};

/// Buffers for scoring, which any model can use.
#[derive(Debug, Default)]
pub struct Scratch {
    extractor: Extractor,
    features: Features,
}

impl Scratch {
    /// Begins a conversation: call it before its first [`Scratch::score`].
    pub fn begin(&mut self) {
        self.extractor.begin();
    }

    /// Scores message `turn` of the conversation last begun; cheapest in the order of the turns. Only the messages up to it
    /// count.
    ///
    /// # Panics
    /// If `turn` is not an index into the messages.
    pub fn score(
        &mut self,
        model: &Model,
        conversation: &Conversation<'_>,
        turn: usize,
        evidence: &Evidence<'_>,
    ) -> Score {
        self.extractor.read(conversation, turn, evidence, &model.idf, &mut self.features);
        model.score(&self.features.dense, self.features.buckets())
    }

    /// Measures a turn as [`Scratch::score`] does, and keeps what was measured.
    ///
    /// # Panics
    /// As there.
    pub fn example(
        &mut self,
        model: &Model,
        conversation: &Conversation<'_>,
        turn: usize,
        evidence: &Evidence<'_>,
    ) -> Example {
        self.extractor.read(conversation, turn, evidence, &model.idf, &mut self.features);
        let buckets = self.features.buckets();
        Example {
            dense: self.features.dense.as_slice().into(),
            buckets: buckets.all.into(),
            of_text: buckets.of_text().len(),
            conversation: conversation_hash(conversation),
        }
    }
}

/// A worker's scratch space and the model, which is shared.
#[derive(Debug)]
pub struct Scorer<'m> {
    model: &'m Model,
    scratch: Scratch,
}

impl<'m> Scorer<'m> {
    /// A scorer by `model`.
    pub fn new(model: &'m Model) -> Self {
        Self { model, scratch: Scratch::default() }
    }

    /// As [`Scratch::begin`].
    pub fn begin(&mut self) {
        self.scratch.begin();
    }

    /// As [`Scratch::score`].
    ///
    /// # Panics
    /// As there.
    pub fn score(&mut self, conversation: &Conversation<'_>, turn: usize, evidence: &Evidence<'_>) -> Score {
        self.scratch.score(self.model, conversation, turn, evidence)
    }
}

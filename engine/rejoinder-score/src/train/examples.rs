//! What a model is trained on: turns with their features, and what people or the judge said of them.

use rejoinder_core::{Category, ContentHash, Conversation};

use super::logistic::Sparse;
use crate::features::{Buckets, DENSE, Evidence, Extractor, Features, Idf, hindsight};
use crate::heads::{PerHead, answers};
use crate::model::{Model, Score};

/// What is known of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// It was judged: its category, or that it is no feedback.
    Judged(Option<Category>),
    /// Nobody judged it. Such turns teach what words and answers go together.
    Unknown,
}

/// A turn as a model measures it, kept: to be scored by those that go on from the model, and learned from once it is judged.
#[derive(Clone, Debug)]
pub struct Example {
    pub(crate) dense: Box<[f32]>,
    pub(crate) buckets: Box<[u32]>,
    pub(crate) of_text: usize,
    /// The hash of its conversation's content.
    pub(crate) conversation: u64,
}

impl Example {
    /// Its score by the model that measured it, or one that goes on from that.
    pub fn score(&self, model: &Model) -> Score {
        model.score(&self.dense, Buckets::new(&self.buckets, self.of_text))
    }
}

/// Turns to train on.
#[derive(Debug)]
pub struct Examples {
    pub(crate) idf: Idf,
    extractor: Extractor,
    features: Features,
    pub(crate) sparse: Sparse,
    pub(crate) dense: Vec<f32>,
    pub(crate) hindsight: Vec<f32>,
    pub(crate) labels: Vec<Label>,
    pub(crate) targets: Vec<PerHead>,
    /// By turn: its conversation's index.
    pub(crate) conversation: Vec<u32>,
    /// By conversation: the hash of its content.
    pub(crate) hashes: Vec<u64>,
}

impl Examples {
    /// No turns yet; `idf` is how rare words are in the corpus.
    pub fn new(idf: Idf) -> Self {
        Self {
            idf,
            extractor: Extractor::default(),
            features: Features::default(),
            sparse: Sparse::default(),
            dense: Vec::new(),
            hindsight: Vec::new(),
            labels: Vec::new(),
            targets: Vec::new(),
            conversation: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// No turns yet, to go on from a model.
    pub fn after(model: &Model) -> Self {
        Self::new(model.idf.clone())
    }

    /// Begins a conversation, to which the turns pushed from now on belong.
    pub fn begin(&mut self, conversation: &Conversation<'_>) {
        self.extractor.begin();
        self.hashes.push(conversation_hash(conversation));
    }

    /// Adds a later turn of the conversation last begun.
    ///
    /// # Panics
    /// If none was begun, or `turn` is not an index into the messages.
    pub fn push(
        &mut self,
        conversation: &Conversation<'_>,
        turn: usize,
        evidence: &Evidence<'_>,
        label: Label,
    ) {
        let number = self.hashes.len().checked_sub(1).expect("a conversation was begun");
        self.extractor.read(conversation, turn, evidence, &self.idf, &mut self.features);
        self.sparse.push(self.features.buckets());
        self.dense.extend_from_slice(&self.features.dense);
        self.hindsight.extend_from_slice(&hindsight::of(conversation, turn));
        self.targets.push(match label {
            Label::Judged(category) => answers(category),
            Label::Unknown => PerHead::default(),
        });
        self.labels.push(label);
        self.conversation.push(number as u32);
    }

    /// Adds a judged turn that was measured before; those of a conversation one after the other.
    pub fn add(&mut self, example: &Example, category: Option<Category>) {
        if self.hashes.last() != Some(&example.conversation) {
            self.hashes.push(example.conversation);
        }
        self.sparse.push(Buckets::new(&example.buckets, example.of_text));
        self.dense.extend_from_slice(&example.dense);
        self.hindsight.extend_from_slice(&[0.0; hindsight::LEN]);
        self.targets.push(answers(category));
        self.labels.push(Label::Judged(category));
        self.conversation.push(self.hashes.len() as u32 - 1);
    }

    /// Number of turns.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of turns that were judged.
    pub fn judged(&self) -> usize {
        self.labels.iter().filter(|label| matches!(label, Label::Judged(_))).count()
    }

    pub(crate) fn dense_row(&self, row: usize) -> &[f32] {
        &self.dense[row * DENSE..(row + 1) * DENSE]
    }
}

/// The hash of a conversation's content, by which a model knows what it was trained on.
pub fn conversation_hash(conversation: &Conversation<'_>) -> u64 {
    ContentHash::of(conversation).short()
}

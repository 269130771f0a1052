//! What a classifier answers.

use rejoinder_vocabulary::{Category, Verdict as Kind};

/// A verdict on one candidate, optionally with a score and with probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    pub(crate) kind: Kind,
    pub(crate) score: Option<f32>,
    pub(crate) probs: Option<[f32; 6]>,
    pub(crate) reason: Option<&'static str>,
}

impl Verdict {
    const fn of(kind: Kind) -> Self {
        Self { kind, score: None, probs: None, reason: None }
    }

    /// Nothing to say. A score may still be given.
    pub const fn abstain() -> Self {
        Self::of(Kind::Abstain)
    }

    /// It is feedback of `category`; the judge need not be asked.
    pub const fn accept(category: Category) -> Self {
        Self::of(Kind::Accept(category))
    }

    /// It looks like feedback and is not. Reject only where that is nearly certain: it outweighs every score.
    pub const fn reject() -> Self {
        Self::of(Kind::Reject)
    }

    /// It may be feedback: ask the judge.
    pub const fn escalate() -> Self {
        Self::of(Kind::Escalate)
    }

    /// Adds P(feedback), in [0, 1]; the engine treats any other number as a fault of the plugin.
    #[must_use]
    pub const fn with_score(mut self, score: f32) -> Self {
        self.score = Some(score);
        self
    }

    /// Adds the probabilities of no feedback, UR1, …, UR5, each in [0, 1].
    #[must_use]
    pub const fn with_probs(mut self, probs: [f32; 6]) -> Self {
        self.probs = Some(probs);
        self
    }

    /// Says why: one of [`Classifier::REASONS`](crate::Classifier::REASONS), word for word; any other text makes the
    /// call fail.
    #[must_use]
    pub const fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }
}

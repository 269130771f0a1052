//! What a model file says of itself: where it comes from and how good it was.

use serde::{Deserialize, Serialize};

/// Where training data came from, as the trainer was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingOrigin {
    /// Its name.
    pub name: String,
    /// Which part of it was taken, in words.
    #[serde(default)]
    pub part: String,
    /// The hash of what was read, if it was worked out.
    #[serde(default)]
    pub hash: String,
}

/// Where a model comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The data.
    pub origins: Vec<TrainingOrigin>,
    /// Hash of the rules whose hits it saw.
    pub rules: String,
    /// Conversations with judged turns.
    pub conversations: u64,
    /// Judged turns: none, UR1, …, UR5.
    pub turns: [u64; 6],
    /// Turns that nobody judged.
    pub unlabelled: u64,
    /// The seed.
    pub seed: u64,
    /// Version of the features, which must be the engine's.
    pub feature_version: u32,
    /// Version of the crate that trained it.
    pub trained_by: String,
}

impl Provenance {
    /// Adds where the model comes from that this one goes on from.
    pub(crate) fn goes_on_from(&mut self, base: &Self) {
        self.origins.splice(0..0, base.origins.iter().cloned());
        self.conversations += base.conversations;
        self.turns.iter_mut().zip(base.turns).for_each(|(turns, before)| *turns += before);
        self.unlabelled += base.unlabelled;
    }
}

/// How good a model was in cross-validation by conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Number of parts; each part was scored by a model that had not seen it.
    pub folds: u32,
    /// By question.
    pub heads: Vec<HeadQuality>,
}

/// Figures of one question. They are `f32` since these survive JSON to the bit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadQuality {
    /// `all`, `kto`, `UR1`, …
    pub name: String,
    /// Turns for which the answer is yes.
    pub positives: u64,
    /// Area under the ROC curve.
    pub auc: f32,
    /// Share of turns, highest score first, that holds 80 % of the positives.
    pub share_80: f32,
    /// The same of 90 %.
    pub share_90: f32,
    /// Expected calibration error.
    pub calibration_error: f32,
    /// Turns with a probability of at least one half.
    pub above_half: u64,
    /// Share of them that are positives.
    pub precision_above_half: f32,
}

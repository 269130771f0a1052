//! How a model is trained.

use crate::model::TrainingOrigin;

/// How a model is trained.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// Decides all that is drawn: the same seed and input give the same bytes.
    pub seed: u64,
    /// Parts into which conversations are split to measure and calibrate, at least 2; `None`: five, or three where there
    /// are many turns.
    pub folds: Option<u32>,
    /// Trees of each forest.
    pub trees: usize,
    /// What an unlabelled turn counts beside a labelled one; 0 leaves them out.
    pub unlabelled_weight: f32,
    /// Where the examples come from, for the model's provenance.
    pub origins: Vec<TrainingOrigin>,
    /// Hash of the rules whose hits the examples have.
    pub rules: String,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            folds: None,
            trees: 240,
            unlabelled_weight: 0.15,
            origins: Vec::new(),
            rules: String::new(),
        }
    }
}

//! Training: from labelled turns to a model and what is to be expected of it.
//!
//! Everything is split by conversation, since turns of one dialogue resemble each other. Each fold is scored by a model
//! that has not seen it; on these held-out scores the figures are measured and the calibration is fitted. Turns that nobody
//! judged take part, too: a teacher that may look at what came after a turn (an apology gives a complaint away) says what
//! they are likely to be, and the model, which never looks ahead, learns from that.

mod bins;
mod boost;
mod calibrate;
mod error;
mod examples;
mod logistic;
mod measure;
mod options;
mod refit;
mod report;
mod trainer;
mod validation;

pub use error::TrainError;
pub use examples::{Example, Examples, Label, conversation_hash};
pub use options::TrainOptions;
pub use report::Report;
pub use validation::{refit, train};

/// Turns from which on there are many: more add little to each step of training, so that steps may be shorter.
const MANY: usize = 20_000;
/// Rows that a tree is grown on at most, where there are few turns and where there are many.
const ROWS_A_TREE: [usize; 2] = [12_000, 7_000];
/// Times that the n-grams of a row are looked at, where there are few turns and where there are many.
const EPOCHS: [usize; 2] = [12, 3];

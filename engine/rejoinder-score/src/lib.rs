//! The learned score: what a later turn looks like to a model that was trained on answers of people or of the judge.
//!
//! [`features`] measures a turn within its conversation; a [`Model`] makes probabilities of no feedback and of the five
//! categories of it, or of what a [`Purpose`] wants; [`train()`] fits one and says how good it is; a [`Scorer`] uses it. A
//! [`Reference`] tells whether a corpus is like what a model was measured on.
//! Every later turn can be scored, so that what rules are blind to is not lost, and a score costs microseconds.
#![forbid(unsafe_code)]

mod cuts;
pub mod features;
mod heads;
mod model;
mod profile;
mod scorer;
mod train;

pub use cuts::{AcceptingCuts, CUT_PRECISIONS, CUT_RECALLS, MeasuredCuts, MeasuredTurn, RejectingCut};
pub use features::Evidence;
pub use model::{FileError, HeadQuality, Model, Provenance, Quality, Score, TrainingOrigin};
pub use profile::{ComparisonBasis, Difference, Profile, Reference, Trait};
pub use rejoinder_core::Purpose;
pub use scorer::{Scorer, Scratch};
pub use train::{
    Example, Examples, Label, Report, TrainError, TrainOptions, conversation_hash, refit, train,
};

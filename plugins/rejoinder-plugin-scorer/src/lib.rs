//! Gives every candidate a learned score: P(feedback), and the probabilities of none and of the five categories.
//!
//! It never accepts or rejects: what a score is good for is for the cascade to say, by thresholds with a guarantee. The
//! model is `rejoinder-score`'s; the shipped one is in the library, another may be named in the configuration.
#![forbid(unsafe_code)]

mod classifier;

pub use classifier::{Config, DEFAULT_MODEL, Scorer};

rejoinder_plugin::export_classifier!(Scorer);

//! Classifies user turns by an ONNX model: the configuration names the model, its tokenizer, and what its outputs mean.
//!
//! What the plugin gives depends on the labels. Probabilities of none and of the categories are given with every vote, and are
//! the engine's score where the configuration says `calibrated-for`; a probability of feedback is given as a score; labels of
//! any other kind (sentiment, toxicity) are facts that rules may ask for.
//!
//! Models run with the feature `runtime`, which is off by default. Without the feature every configuration is refused.
#![forbid(unsafe_code)]

mod classifier;
mod config;
mod labels;
#[cfg(not(feature = "runtime"))]
#[path = "no_runtime.rs"]
mod runtime;
#[cfg(feature = "runtime")]
mod runtime;
mod template;

pub use classifier::Onnx;
pub use config::{Activation, Config, Value};

rejoinder_plugin::export_classifier!(Onnx);

//! Finds user turns that repeat or rephrase an earlier request (UR1): feedback that says nothing of an answer in words,
//! so that no word list finds it.
//!
//! The turn is compared with all earlier turns of the user. What changed between it and the most similar one tells a
//! second try from new work: a request that grew ("… in Python"), lost its detail or came back after a refusal is a
//! second try; one whose words were exchanged for others of the same kind ("apples" for "pears", 3 for 4) is the next
//! item of the same work, and a turn that repeats a menu's entry or the user's own error message is neither.
//! A small model weighs these signs; nothing is accepted below the configured probability.
#![forbid(unsafe_code)]

mod classifier;
mod model;
mod requests;
mod signs;

pub use classifier::{Config, Rephrase};

rejoinder_plugin::export_classifier!(Rephrase);

//! Rejects turns that only look like feedback, where the dialogue shows that they are none: words of praise or blame
//! that answer a question, belong to a text or are about the user himself.
//!
//! A rule sees the words and a few traits of the answer; what decides here is how turn and dialogue fit together, and
//! where in the turn the rules' hits lie. A rejected candidate never reaches the judge, so a kind says no only where it
//! is nearly certain, and each can be switched off. Every kind has its file under `kinds/`.
#![forbid(unsafe_code)]

mod classifier;
mod kinds;
mod phrases;
mod spans;
mod turn;

pub use classifier::{Config, Context};
pub use kinds::Kind;

rejoinder_plugin::export_classifier!(Context);

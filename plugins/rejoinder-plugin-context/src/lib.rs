//! Rejects turns that only look like feedback, where the dialogue shows that they are not: words of praise or blame that answer
//! a question, belong to a text or are about the user.
//!
//! A rule sees the words and a few traits of the answer. This plugin decides by how turn and dialogue fit together, and by
//! where in the turn the rules' hits lie. A rejected candidate never reaches the judge, so a kind rejects only where it is
//! nearly certain, and each kind can be switched off. Every kind has its file under `kinds/`.
#![forbid(unsafe_code)]

mod classifier;
mod kinds;
mod phrases;
mod spans;
mod turn;

pub use classifier::{Config, Context};
pub use kinds::Kind;

rejoinder_plugin::export_classifier!(Context);

//! Gives every later turn its learned probabilities: of no feedback, of the five categories, and of what will be used. It
//! accepts and rejects nothing; the cascade cuts by what it says.
//!
//! The shipped model is linked in; `model/README.md` says where it comes from. `rejoinder train` makes others.
#![forbid(unsafe_code)]

mod classifier;

pub use classifier::{Config, Scorer, load};

rejoinder_plugin::export_classifier!(Scorer);

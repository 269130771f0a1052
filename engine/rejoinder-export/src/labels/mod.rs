//! Labels of conversations, for measuring and training: which turns hold which feedback.
//!
//! Labels stand in the records' own column `labels`, or in a file beside the corpus ([`label_file`]); [`foreign`] reads the labels
//! that people made with other programs.

mod error;
pub mod foreign;
mod label;
pub mod label_file;
mod multiturn;
mod read;
pub mod selection;

pub use error::LabelError;
pub use label::{Label, LabelRow, LabelWord};
pub use read::read;

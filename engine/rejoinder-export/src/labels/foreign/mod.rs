//! Labels that people made with other programs.

mod argilla;
mod error;
mod imported;
mod label_studio;
mod numbering;
mod paper;
mod petrak;
#[cfg(test)]
mod tests;

pub use argilla::read as argilla;
pub use error::{EntryError, ImportError};
pub use imported::{ImportedLabels, LeftOutEntries};
pub use label_studio::read as label_studio;
pub use numbering::CategoryNumbering;
pub use paper::read as paper;
pub use petrak::{DialogueMessage, LabelledDialogue, read as petrak};

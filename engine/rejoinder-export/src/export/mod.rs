//! The exports of a run: the feedback table, training rows, and tasks for people who review.
//!
//! [`table`] is the feedback itself, and [`review`] asks people about the feedback. A training file is made in steps, each a module:
//! [`example`] pairs a feedback with the answer that the feedback judges ([`exchange`] takes every answer instead), [`filter`] leaves
//! examples out and counts them, [`arrange`] balances, splits and orders the others, and [`style`] writes them in the form of a
//! training library. [`data_set`] is what is known of the rows: [`card`] says it to people, [`metadata`] to programs.

pub(crate) mod arguments;
pub mod arrange;
mod blocked_phrases;
pub mod card;
mod chat;
pub mod checks;
pub mod data_set;
pub mod example;
pub mod exchange;
pub mod filter;
mod held_out;
pub mod lengths;
pub mod metadata;
mod opening;
pub mod parquet;
mod prompt;
pub mod review;
pub mod skip_reason;
mod steps;
pub mod style;
pub mod table;
pub mod template;
#[cfg(test)]
mod tests;

pub use blocked_phrases::{BlockedPhrases, PhraseError};
pub use chat::{AnsweredCall, CallId, ChatMessage, Dialogue, RowChanges, ToolCall};
pub use held_out::{HeldOutText, NoHeldOutText};
pub use opening::OpeningHash;

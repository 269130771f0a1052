//! Joins records where one conversation is spread over several: calls that repeat the messages before them, single messages, pieces
//! of conversations that were too long, and trees.
//!
//! A join keeps hashes and places of the records that it has seen, and the texts of conversations that are not yet whole; both
//! have limits. The result is a function of the file alone.

mod calls;
mod chains;
mod chunks;
mod helpers;
mod joiner;
mod output;
mod per_record;
mod pieces;
mod report;
mod rows;
mod trees;

pub(crate) use calls::{ModelCall, ModelResponse};
pub(crate) use chunks::JoinedChunks;
#[cfg(feature = "arrow")]
pub(crate) use joiner::Join;
pub(crate) use joiner::of;
pub(crate) use output::{HeldConversation, JoinedConversations};
pub use report::{JoinExample, JoinReport};
pub(crate) use rows::MessageRow;

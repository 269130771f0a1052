//! The vocabulary of the engine: conversations and their later turns, categories, votes, hits and feedback records; the text
//! features that rules and plugins share; diagnostics about files that people write; random numbers with a promised stream.
//!
//! Every other crate may depend on this crate, so it holds no I/O, no threads and no `unsafe`.
//! Terms follow *Learning from Naturally Occurring Feedback* (arXiv 2407.10944).
#![forbid(unsafe_code)]

mod answer;
pub mod automaton;
pub mod case;
pub mod change;
mod content;
mod conversation;
pub mod diagnostic;
pub mod dialogue;
mod feedback;
pub mod fold;
mod ids;
pub mod language;
pub mod numbers;
mod printable;
pub mod random;
pub mod similarity;
pub mod text;
mod tools;
mod vote;

pub use answer::Answer;
pub use content::ContentHash;
pub use conversation::{Conversation, Exchange, Message};
pub use feedback::{AnswerProbabilities, Feedback, FeedbackSource, PluginVote, SettledTurn, TurnRecord};
pub use ids::RecordId;
pub use printable::{TextPiece, printable, printable_json, text_pieces};
pub use rejoinder_vocabulary::{Category, Purpose, Role, UnknownPurpose, Verdict};
pub use text::Text;
pub use tools::{ToolPart, ToolUse};
pub use vote::{Hit, Vote, VoteState};

/// The command that builds what the default build leaves out, as messages name it.
pub const FULL_BUILD: &str = "`cargo install --path . --features full`";

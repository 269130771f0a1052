//! What the judge is asked: written once, when a turn is left undecided, and never changed. The instructions are the
//! same for all questions of a unit and are put before the dialogue when it is sent.

use rejoinder_core::RecordId;
use serde::{Deserialize, Serialize};

/// What one request is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// One later turn with a short window.
    #[default]
    Turn,
    /// A whole conversation (arXiv 2407.10944, section 3).
    Conversation,
}

/// A question, ready to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The (first) undecided turn it is about.
    pub id: RecordId,
    /// The dialogue, which follows the unit's instructions in the one user message of the request.
    pub dialogue: String,
    /// Expected number of feedback turns in the answer.
    pub gain: f32,
    /// The turns that an answer may quote: the one asked about, or all later turns of the conversation.
    pub turns: Vec<AskedTurn>,
}

/// A turn that an answer may quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedTurn {
    /// Index into the conversation's messages.
    pub message_index: u32,
    /// The whole turn.
    pub text: String,
    /// Whether it is still undecided.
    pub open: bool,
}

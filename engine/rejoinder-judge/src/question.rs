//! What the judge is asked about. A question is written down once, when a turn is left undecided, and never changed. Its words are
//! chosen only when the judge is asked, so that a scan without a judge serves any judge later.

use rejoinder_core::{Category, RecordId, Role};
use serde::{Deserialize, Serialize};

/// What one question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionUnit {
    /// The question is about one later turn, shown with a short window.
    #[default]
    Turn,
    /// The question is about a whole conversation (arXiv 2407.10944, section 3).
    Conversation,
}

/// A question, ready to be put into words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The (first) open turn.
    pub id: RecordId,
    /// The messages that the judge is shown, in their order: a window that ends with the open turn, or the whole dialogue.
    pub lines: Vec<DialogueLine>,
    /// The turns that the judge is asked about, as indices into the conversation's messages: one turn, or all open turns of the
    /// dialogue.
    pub open: Vec<u32>,
    /// The places where rules hit the open turn (only for one turn): a label has no span of its own.
    pub hints: Vec<RuleHint>,
}

/// A message as the judge is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialogueLine {
    /// The message's index in the conversation.
    pub index: u32,
    /// The role of the speaker.
    pub role: Role,
    /// The text of the message; that of an open turn is whole.
    pub text: String,
}

/// The place where a rule of a category hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleHint {
    /// The rule's category.
    pub category: Category,
    /// The first byte of the hit in the turn.
    pub start: u32,
    /// The byte after the last one of the hit.
    pub end: u32,
}

impl Question {
    /// A question about what a user says last in a short and harmless dialogue.
    pub fn example(said: &str) -> Self {
        let said = [
            (Role::User, "What is the capital of Peru?"),
            (Role::Assistant, "The capital of Peru is Lima."),
            (Role::User, said),
        ];
        let lines =
            (0..).zip(said).map(|(index, (role, text))| DialogueLine { index, role, text: text.to_owned() });
        Self {
            id: RecordId { shard: 0, ordinal: 0, message_index: 2 },
            lines: lines.collect(),
            open: vec![2],
            hints: Vec::new(),
        }
    }

    /// The message with this index, if the question shows it.
    pub fn line(&self, index: u32) -> Option<&DialogueLine> {
        self.lines.iter().find(|line| line.index == index)
    }

    /// The text of the (first) open turn.
    pub fn turn(&self) -> &str {
        self.open.first().and_then(|&index| self.line(index)).map_or("", |line| &line.text)
    }

    /// Whether both questions are about one conversation.
    pub fn shares_conversation(&self, other: &Self) -> bool {
        (self.id.shard, self.id.ordinal) == (other.id.shard, other.id.ordinal)
    }
}

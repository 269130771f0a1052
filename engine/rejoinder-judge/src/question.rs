//! What the judge is asked about: written down once, when a turn is left undecided, and never changed. How it is put into
//! words is decided when it is asked, so that a scan without a judge serves any judge later.

use rejoinder_core::{Category, RecordId, Role};
use serde::{Deserialize, Serialize};

/// What one question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// One later turn with a short window.
    #[default]
    Turn,
    /// A whole conversation (arXiv 2407.10944, section 3).
    Conversation,
}

/// A question, ready to be put into words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The (first) open turn.
    pub id: RecordId,
    /// The messages that are shown, in their order: a window that ends with the open turn, or the whole dialogue.
    pub lines: Vec<Line>,
    /// Indices into the conversation's messages of the turns that are asked about: one, or all open ones of the dialogue.
    pub open: Vec<u32>,
    /// Where rules hit the open turn (turn unit only): a label has no span of its own.
    pub hints: Vec<Hint>,
}

/// A message as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Index into the conversation's messages.
    pub index: u32,
    /// Who says it.
    pub role: Role,
    /// What is said. An open turn is whole.
    pub text: String,
}

/// Where a rule of a category hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// The rule's category.
    pub category: Category,
    /// First byte of the hit in the turn.
    pub start: u32,
    /// One past its last byte.
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
        let lines = (0..).zip(said).map(|(index, (role, text))| Line { index, role, text: text.to_owned() });
        Self {
            id: RecordId { shard: 0, ordinal: 0, message_index: 2 },
            lines: lines.collect(),
            open: vec![2],
            hints: Vec::new(),
        }
    }

    /// The message with an index, if it is shown.
    pub fn line(&self, index: u32) -> Option<&Line> {
        self.lines.iter().find(|line| line.index == index)
    }

    /// The (first) open turn's text.
    pub fn turn(&self) -> &str {
        self.open.first().and_then(|&index| self.line(index)).map_or("", |line| &line.text)
    }

    /// Whether both are of one conversation.
    pub fn is_beside(&self, other: &Self) -> bool {
        (self.id.shard, self.id.ordinal) == (other.id.shard, other.id.ordinal)
    }
}

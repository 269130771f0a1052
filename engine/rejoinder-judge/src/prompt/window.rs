//! How much of a dialogue is shown with the turn that is asked about.

use rejoinder_core::Conversation;

use crate::question::DialogueLine;

/// The mark where text was left out.
pub(super) const OMISSION: &str = " […] ";

/// How much of a dialogue is shown with a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialogueWindow {
    /// The number of messages before the turn.
    pub messages: usize,
    /// The longest excerpt of each message, in bytes.
    pub max_bytes_per_message: usize,
}

impl Default for DialogueWindow {
    fn default() -> Self {
        Self { messages: 4, max_bytes_per_message: 1_500 }
    }
}

/// The whole turn, and excerpts of the messages before it.
///
/// # Panics
/// If `message_index` is not an index into the messages.
pub fn window(
    conversation: &Conversation<'_>,
    message_index: usize,
    window: &DialogueWindow,
) -> Vec<DialogueLine> {
    let first = message_index.saturating_sub(window.messages);
    let shown = (first..).zip(&conversation.messages[first..=message_index]);
    shown
        .map(|(index, message)| DialogueLine {
            index: index as u32,
            role: message.role,
            text: match index == message_index {
                true => message.text.to_string(),
                false => excerpt(&message.text, window.max_bytes_per_message).concat(),
            },
        })
        .collect()
}

/// A text of at most about `limit` bytes. The head (two thirds) says what the text is about, the tail (one third) how it ends.
pub(super) fn excerpt(text: &str, limit: usize) -> [&str; 3] {
    if text.len() <= limit {
        return [text, "", ""];
    }
    let head = text.floor_char_boundary(limit / 3 * 2);
    let tail = text.ceil_char_boundary(text.len() - limit / 3);
    [&text[..head], OMISSION, &text[tail..]]
}

//! What is shown of a dialogue beside the turn that is asked about.

use rejoinder_core::Conversation;

use crate::question::Line;

/// Stands where text was left out.
pub(super) const OMISSION: &str = " […] ";

/// How much of a dialogue is shown with a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Messages before the turn.
    pub messages: usize,
    /// Longest excerpt of each, in bytes.
    pub max_bytes_per_message: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { messages: 4, max_bytes_per_message: 1_500 }
    }
}

/// A turn, whole, and what comes before it, cut.
///
/// # Panics
/// If `message_index` is not an index into the messages.
pub fn window(conversation: &Conversation<'_>, message_index: usize, window: &Window) -> Vec<Line> {
    let first = message_index.saturating_sub(window.messages);
    let shown = (first..).zip(&conversation.messages[first..=message_index]);
    shown
        .map(|(index, message)| Line {
            index: index as u32,
            role: message.role,
            text: match index == message_index {
                true => message.text.to_string(),
                false => excerpt(&message.text, window.max_bytes_per_message).concat(),
            },
        })
        .collect()
}

/// A text of at most about `limit` bytes: the head says what it is about, the tail how it ended, two thirds and one third.
pub(super) fn excerpt(text: &str, limit: usize) -> [&str; 3] {
    if text.len() <= limit {
        return [text, "", ""];
    }
    let head = text.floor_char_boundary(limit / 3 * 2);
    let tail = text.ceil_char_boundary(text.len() - limit / 3);
    [&text[..head], OMISSION, &text[tail..]]
}

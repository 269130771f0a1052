//! Dialogues as trainers read them: roles in turn, no blanks, no tools.

use rejoinder_core::{Conversation, Message, Role};
use serde::Serialize;

use super::example::Skipped;

/// A chat message as trainers read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ChatMessage {
    /// `system`, `user` or `assistant`.
    pub role: &'static str,
    /// What was written.
    pub content: String,
}

impl ChatMessage {
    /// An answer.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant.name(), content: content.into() }
    }
}

/// The prompt, which ends with a user message, and the answer that the feedback in message `turn` judges.
///
/// Blank and tool messages are left out, neighbours of one role are joined, and an opening greeting is dropped.
///
/// # Errors
/// Why there is no such pair.
///
/// # Panics
/// If `turn` is no index into the messages.
pub(super) fn pair(
    conversation: &Conversation<'_>,
    turn: usize,
) -> Result<(Vec<ChatMessage>, String), Skipped> {
    let exchange = conversation.judged_exchange(turn).ok_or(Skipped::Greeting)?;
    if exchange.number == 0 {
        return Err(Skipped::Greeting);
    }
    let before = &conversation.messages[..exchange.answer_start];
    let is_asked = before
        .iter()
        .rev()
        .take_while(|m| m.role != Role::Assistant)
        .any(|m| m.role == Role::User && !m.is_blank());
    let prompt = without_greeting(alternating(before));
    let answer = alternating(&conversation.messages[exchange.answer()]);
    let Some(completion) = answer.into_iter().find(|m| m.role == Role::Assistant.name()) else {
        return Err(Skipped::Blank);
    };
    if !is_asked {
        return Err(Skipped::Blank);
    }
    // Most chat templates refuse one anywhere but at the beginning.
    let mut said = conversation.messages[..exchange.answer_end].iter().filter(|m| !m.is_blank());
    if said.by_ref().any(|m| m.role != Role::System) && said.any(|m| m.role == Role::System) {
        return Err(Skipped::LateSystem);
    }
    Ok((prompt, completion.content))
}

fn alternating(messages: &[Message<'_>]) -> Vec<ChatMessage> {
    let mut chat: Vec<ChatMessage> = Vec::new();
    for message in messages.iter().filter(|m| m.role != Role::Tool && !m.is_blank()) {
        match chat.last_mut() {
            Some(last) if last.role == message.role.name() => {
                last.content.push_str("\n\n");
                last.content.push_str(&message.text);
            }
            _ => chat.push(ChatMessage { role: message.role.name(), content: message.text.to_string() }),
        }
    }
    chat
}

/// Many chat templates refuse a dialogue that the assistant opens.
fn without_greeting(mut chat: Vec<ChatMessage>) -> Vec<ChatMessage> {
    if let Some(first) = chat.iter().position(|m| m.role != Role::System.name())
        && chat[first].role == Role::Assistant.name()
    {
        chat.remove(first);
    }
    chat
}

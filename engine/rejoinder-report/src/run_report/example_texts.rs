//! The texts of an example: the turn in its context, cut to what a page may take for them.

use rejoinder_core::Role;
use rejoinder_run::reading_sample::TurnView;
use schemars::JsonSchema;
use serde::Serialize;

use super::cut::{cut_marked, cut_text};
use crate::dialogue::{CONTEXT_MESSAGES, span};

/// Units of the turn.
const TURN_UNITS: usize = 2_000;
/// Units of a message before the turn.
const CONTEXT_UNITS: usize = 600;
/// Units of the answer to the turn.
const REPLY_UNITS: usize = 1_000;

/// A message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExampleMessage {
    /// `user`, `assistant`, `system` or `tool`.
    pub role: &'static str,
    /// The text, with a note in its middle where something is left out.
    pub text: String,
}

/// A turn around the passage that was taken for feedback, or that the first rule hit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TurnText {
    /// What stands before the passage.
    pub before: String,
    /// The passage; absent where there is none, or where it is the whole turn.
    pub span: Option<String>,
    /// What stands behind the passage.
    pub after: String,
}

/// At most three messages before the turn.
pub(super) fn context(view: &TurnView<'_>) -> Vec<ExampleMessage> {
    let index = view.turn.message_index;
    (index.saturating_sub(CONTEXT_MESSAGES)..index)
        .filter_map(|at| message(view, at, CONTEXT_UNITS))
        .collect()
}

/// The message behind the turn, if there is one.
pub(super) fn reply(view: &TurnView<'_>) -> Option<ExampleMessage> {
    message(view, view.turn.message_index + 1, REPLY_UNITS)
}

fn message(view: &TurnView<'_>, at: usize, units: usize) -> Option<ExampleMessage> {
    let message = view.conversation.record.conversation.messages.get(at)?;
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::System => "system",
        Role::Tool => "tool",
    };
    Some(ExampleMessage { role, text: cut_text(&message.text, units) })
}

/// The turn.
pub(super) fn turn(view: &TurnView<'_>) -> TurnText {
    let text = &view.conversation.record.conversation.messages[view.turn.message_index].text;
    match span(view).filter(|span| !span.is_empty() && span.len() < text.trim().len()) {
        Some(span) => {
            let shown = cut_marked(text, span, TURN_UNITS);
            let (before, after) = (shown.before.text, shown.after.text);
            TurnText { before, span: Some(shown.passage.text), after }
        }
        None => TurnText { before: cut_text(text, TURN_UNITS), span: None, after: String::new() },
    }
}

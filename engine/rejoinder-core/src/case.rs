//! A test case for plugins, in the engine's own types.

use crate::{Conversation, Hit, Message};

pub use rejoinder_vocabulary::case::{Case, CaseError, Cases, ExpectedVote};

/// The hits of a case's rules, each over the whole turn under test; `rules` are the ids of the rules in force.
pub fn hits(case: &Case, rules: &[String]) -> Vec<Hit> {
    let turn = case.messages().ok().and_then(|messages| messages.last().map(|(_, text)| text.len()));
    let end = turn.unwrap_or(0) as u32;
    case.hits(rules).map(|rule| Hit { rule, start: 0, end }).collect()
}

/// A case's dialogue as a conversation that ends with the turn to judge.
///
/// # Errors
/// If a line does not begin with a role, or the last message is not the user's.
pub fn conversation(case: &Case) -> Result<Conversation<'_>, CaseError> {
    let messages = case.messages()?.into_iter().map(|(role, text)| Message::new(role, text)).collect();
    Ok(Conversation { id: "case".into(), messages })
}

/// Reads a line such as `U: thanks`.
///
/// # Errors
/// If it does not begin with a role.
pub fn message(line: &str) -> Result<Message<'_>, CaseError> {
    rejoinder_vocabulary::case::message(line).map(|(role, text)| Message::new(role, text))
}

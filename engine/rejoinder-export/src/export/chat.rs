//! Dialogues as trainers read them: the roles alternate, no message is blank, and calls of tools stand beside the words.

use std::fmt;

use rejoinder_core::{Conversation, Role, ToolUse};
use serde_json::value::RawValue;

use super::prompt::{self, Prompt};
use super::skip_reason::SkipReason;
use super::steps::{self, PlacedStep, Step};

/// A chat message as trainers read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChatMessage {
    /// The author.
    pub role: Role,
    /// The words.
    pub content: String,
    /// The tools that an assistant calls after these words.
    pub calls: Vec<ToolCall>,
    /// The call that the message answers, where a tool wrote the message.
    pub answers: Option<AnsweredCall>,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ToolCall {
    /// The number of the call in the row.
    pub id: CallId,
    /// The name of the tool.
    pub name: String,
    /// The arguments: a JSON object, written in one line as Python writes it.
    pub arguments: String,
}

impl ToolCall {
    /// The arguments, as JSON.
    pub(super) fn object(&self) -> &RawValue {
        serde_json::from_str(&self.arguments).expect("it was read as an object")
    }

    /// The call as a JSON object, in which the arguments have this key.
    pub(super) fn json(&self, arguments: &str) -> String {
        let name = serde_json::to_string(&self.name).expect("it is a text");
        format!("{{\"name\": {name}, \"{arguments}\": {}}}", self.arguments)
    }
}

/// The call that a tool's message answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnsweredCall {
    /// The number of the call in the row.
    pub id: CallId,
    /// The name of the tool.
    pub name: String,
}

/// The number of a call in its row, from 1. The ids of the source differ from one record of a dialogue to the next; the numbers
/// are the same in both, and are written with the nine letters and digits that Mistral's templates ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallId(pub u32);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call{:05}", self.0)
    }
}

impl ChatMessage {
    /// A message of words alone.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), calls: Vec::new(), answers: None }
    }

    /// An answer.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content)
    }

    /// Whether the message calls a tool or was written by a tool.
    pub fn has_tools(&self) -> bool {
        self.role == Role::Tool || !self.calls.is_empty()
    }

    /// The words of the message, and the names and arguments of its calls.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let calls = self.calls.iter().flat_map(|call| [&*call.name, &*call.arguments]);
        [&*self.content].into_iter().chain(calls).filter(|text| !text.is_empty())
    }
}

/// A conversation, and the tools and media beside its messages.
#[derive(Clone, Copy, Debug)]
pub struct Dialogue<'a> {
    /// The conversation.
    pub conversation: &'a Conversation<'a>,
    /// Calls and results of tools, in the order of the messages.
    pub tools: &'a [ToolUse],
    /// Indices of messages that hold an image, a sound or a file, and no text.
    pub media: &'a [usize],
}

impl Dialogue<'_> {
    /// Whether there is a call or a result of a tool before message `turn`, or a result in it.
    pub(super) fn has_tools_until(&self, turn: usize) -> bool {
        let messages = &self.conversation.messages[..turn];
        messages.iter().any(|m| m.role == Role::Tool) || self.tools.iter().any(|tool| tool.message <= turn)
    }
}

/// The changes that were made to the dialogue of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowChanges {
    /// The assistant's opening is left out.
    pub greeting: bool,
    /// Neighbouring messages of one role are joined.
    pub joined: bool,
    /// Calls of tools at the end of the answer, which have no results, are left out.
    pub calls: bool,
}

impl RowChanges {
    /// The changes that were made in some of these rows, in words for the report, and the number of rows of each.
    pub fn counts(rows: impl Iterator<Item = Self>) -> Vec<(&'static str, u64)> {
        let mut counts = [
            ("an opening greeting is left out", 0),
            ("neighbours of one role are joined", 0),
            ("calls of tools at the end of the answer are left out", 0),
        ];
        for Self { greeting, joined, calls } in rows {
            for ((_, count), is_changed) in counts.iter_mut().zip([greeting, joined, calls]) {
                *count += u64::from(is_changed);
            }
        }
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

/// An answer, and the messages before it.
#[derive(Debug)]
pub(super) struct AnswerPair {
    /// The messages before the answer; the last is a user's or a tool's result.
    pub prompt: Vec<ChatMessage>,
    /// The last words of the assistant.
    pub completion: String,
    /// Whether the assistant used tools for the answer.
    pub uses_tools: bool,
    /// What was left out or joined.
    pub changes: RowChanges,
}

/// The answer that message `turn` comes after, and so feedback in that message judges, and all messages before the answer. After the
/// last message comes the turn that the user did not take.
///
/// The answer is the assistant's last words. Earlier calls of the assistant, with the words before them and their results, belong
/// to the prompt.
///
/// # Errors
/// Why there is no such pair.
///
/// # Panics
/// If `turn` is greater than the number of messages.
pub(super) fn pair(dialogue: &Dialogue<'_>, turn: usize) -> Result<AnswerPair, SkipReason> {
    let conversation = dialogue.conversation;
    let exchange = conversation.judged_exchange(turn).ok_or(SkipReason::Greeting)?;
    if exchange.number == 0 {
        return Err(SkipReason::Greeting);
    }
    if dialogue.media.iter().any(|&message| message < exchange.answer_end) {
        return Err(SkipReason::Media);
    }
    let is_asked = conversation.messages[..exchange.answer_start]
        .iter()
        .rev()
        .take_while(|m| m.role != Role::Assistant)
        .any(|m| m.role == Role::User && !m.is_blank());
    if !is_asked {
        return Err(SkipReason::Blank);
    }
    // Most chat templates refuse one anywhere but at the beginning.
    let mut said = conversation.messages[..exchange.answer_end].iter().filter(|m| !m.is_blank());
    if said.by_ref().any(|m| m.role != Role::System) && said.any(|m| m.role == Role::System) {
        return Err(SkipReason::LateSystem);
    }

    let steps = steps::until(dialogue, turn);
    let is_of_answer = |at: &PlacedStep<'_>| exchange.answer().contains(&at.message);
    let answers = |at: &PlacedStep<'_>| is_of_answer(at) && at.step.is_by(Role::Assistant);
    let last = steps.iter().rposition(|at| answers(at) && at.step.has_words()).ok_or(SkipReason::Blank)?;
    if steps[last + 1..].iter().any(|at| matches!(at.step, Step::Result { .. })) {
        return Err(SkipReason::EndsWithTools);
    }
    let first =
        steps[..last].iter().rposition(|at| !answers(at) || at.step.has_calls()).map_or(0, |at| at + 1);
    let words: Vec<_> = steps[first..=last].iter().map(|at| at.step.words()).collect();
    let Prompt { messages, has_greeting, is_joined } = prompt::of(&steps[..first])?;
    Ok(AnswerPair {
        prompt: messages,
        completion: words.join("\n\n"),
        uses_tools: steps[..first].iter().any(is_of_answer),
        changes: RowChanges {
            greeting: has_greeting,
            joined: is_joined || last > first,
            calls: steps[last..].iter().any(|at| at.step.has_calls()),
        },
    })
}

//! From steps to a prompt: leaves out the opening greeting, joins neighbours of one role, and pairs each result with its call.

use rejoinder_core::Role;

use super::arguments;
use super::chat::{AnsweredCall, CallId, ChatMessage, ToolCall};
use super::skip_reason::SkipReason;
use super::steps::{PlacedStep, SourceCall, Step};

#[derive(Debug)]
pub(super) struct Prompt {
    pub messages: Vec<ChatMessage>,
    /// Whether the assistant opened the dialogue. The opening is left out, because many chat templates refuse it.
    pub has_greeting: bool,
    /// Whether neighbours of one role were joined.
    pub is_joined: bool,
}

/// The prompt that the steps make.
///
/// # Errors
/// Why the steps make no prompt: every call must have its result before anybody goes on, and every result its call.
pub(super) fn of(steps: &[PlacedStep<'_>]) -> Result<Prompt, SkipReason> {
    let opening = steps.iter().position(|at| at.step.is_by(Role::User)).unwrap_or(steps.len());
    let mut assembly = Assembly::default();
    let mut has_greeting = false;
    for (place, PlacedStep { step, .. }) in steps.iter().enumerate() {
        if place < opening && !step.is_by(Role::System) {
            has_greeting = true;
            continue;
        }
        match step {
            Step::Said { role, text, calls } => assembly.say(*role, text, calls)?,
            Step::Result { id, name, text } => assembly.answer(*id, *name, text)?,
        }
    }
    if !assembly.open.is_empty() {
        return Err(SkipReason::OpenCall);
    }
    Ok(Prompt { messages: assembly.messages, has_greeting, is_joined: assembly.is_joined })
}

#[derive(Default)]
struct Assembly<'a> {
    messages: Vec<ChatMessage>,
    /// Calls that have no result yet.
    open: Vec<OpenCall<'a>>,
    calls: u32,
    is_joined: bool,
}

struct OpenCall<'a> {
    source: Option<&'a str>,
    call: AnsweredCall,
}

impl<'a> Assembly<'a> {
    fn say(&mut self, role: Role, text: &str, calls: &[SourceCall<'a>]) -> Result<(), SkipReason> {
        let before = self.messages.last().map(|last| last.role);
        // Some sources write each of several calls at once as a message of its own.
        let calls_on = text.is_empty() && role == Role::Assistant && before == Some(role);
        if !self.open.is_empty() && !calls_on {
            return Err(SkipReason::OpenCall);
        }
        let calls = calls.iter().map(|call| self.call(*call)).collect::<Result<Vec<_>, _>>()?;
        match self.messages.last_mut() {
            Some(last) if last.role == role => {
                self.is_joined = true;
                if !last.content.is_empty() && !text.is_empty() {
                    last.content.push_str("\n\n");
                }
                last.content.push_str(text);
                last.calls.extend(calls);
            }
            _ => self.messages.push(ChatMessage { calls, ..ChatMessage::new(role, text) }),
        }
        Ok(())
    }

    fn call(
        &mut self,
        SourceCall { id: source, name, arguments }: SourceCall<'a>,
    ) -> Result<ToolCall, SkipReason> {
        if name.trim().is_empty() {
            return Err(SkipReason::NamelessCall);
        }
        let arguments = arguments::object(arguments).ok_or(SkipReason::Arguments)?;
        self.calls += 1;
        let id = CallId(self.calls);
        self.open.push(OpenCall { source, call: AnsweredCall { id, name: name.to_owned() } });
        Ok(ToolCall { id, name: name.to_owned(), arguments })
    }

    /// Adds a result, which belongs to the open call that the result names, by id or else by the name of the tool; a result that names
    /// none belongs to the first open call.
    fn answer(&mut self, id: Option<&str>, name: Option<&str>, text: &str) -> Result<(), SkipReason> {
        let is_meant = |open: &OpenCall<'_>| match (id, open.source) {
            (Some(id), Some(source)) => id == source,
            _ => name.is_none_or(|name| name == open.call.name),
        };
        let at = self.open.iter().position(is_meant).ok_or(SkipReason::LostResult)?;
        let answers = Some(self.open.remove(at).call);
        self.messages.push(ChatMessage { answers, ..ChatMessage::new(Role::Tool, text) });
        Ok(())
    }
}

//! A conversation as a list of steps: somebody says something and calls tools, and tools answer.

use rejoinder_core::{Role, ToolPart, ToolUse};

use super::chat::Dialogue;

/// A step, and the message that holds the step.
#[derive(Debug)]
pub(super) struct PlacedStep<'a> {
    pub message: usize,
    pub step: Step<'a>,
}

#[derive(Debug)]
pub(super) enum Step<'a> {
    /// Somebody says something, calls tools, or both.
    Said { role: Role, text: &'a str, calls: Vec<SourceCall<'a>> },
    /// A tool answers.
    Result { id: Option<&'a str>, name: Option<&'a str>, text: &'a str },
}

/// A call as the source writes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceCall<'a> {
    pub id: Option<&'a str>,
    pub name: &'a str,
    pub arguments: &'a str,
}

impl<'a> Step<'a> {
    pub(super) fn is_by(&self, wanted: Role) -> bool {
        matches!(self, Self::Said { role, .. } if *role == wanted)
    }

    pub(super) fn words(&self) -> &'a str {
        match self {
            Self::Said { text, .. } | Self::Result { text, .. } => text,
        }
    }

    pub(super) fn has_words(&self) -> bool {
        !self.words().is_empty()
    }

    pub(super) const fn has_calls(&self) -> bool {
        matches!(self, Self::Said { calls, .. } if !calls.is_empty())
    }
}

/// The steps before message `turn`, and the results of tools in that message, if there is one. A message without words, calls and results has no step.
pub(super) fn until<'a>(dialogue: &Dialogue<'a>, turn: usize) -> Vec<PlacedStep<'a>> {
    let mut steps = Vec::new();
    for (message, said) in dialogue.conversation.messages.iter().enumerate().take(turn + 1) {
        let text = if said.is_blank() { "" } else { &*said.text };
        let own = || tools_in(dialogue.tools, message);
        let calls: Vec<_> = own().filter_map(called_as).collect();
        let mut results: Vec<_> = own().filter_map(result).collect();
        if said.role == Role::Tool && results.is_empty() {
            results.push(Step::Result { id: None, name: None, text });
        }
        // What a server's tool answers stands in the assistant's own message, and the assistant goes on after it.
        let calls_with_words = said.role == Role::Assistant && results.is_empty();
        let (before, with) = if calls_with_words { (Vec::new(), calls) } else { (calls, Vec::new()) };
        let text = if said.role == Role::Tool || message == turn { "" } else { text };
        let calling = Step::Said { role: Role::Assistant, text: "", calls: before };
        let saying = Step::Said { role: said.role, text, calls: with };
        let all = [calling].into_iter().chain(results).chain([saying]);
        let counts =
            |step: &Step<'_>| matches!(step, Step::Result { .. }) || step.has_words() || step.has_calls();
        steps.extend(all.filter(counts).map(|step| PlacedStep { message, step }));
    }
    steps
}

/// The calls and results in a message, of a list in the order of the messages.
pub(super) fn tools_in(tools: &[ToolUse], message: usize) -> impl Iterator<Item = &ToolPart> {
    let from = tools.partition_point(|tool| tool.message < message);
    tools[from..].iter().take_while(move |tool| tool.message == message).map(|tool| &tool.part)
}

fn called_as(part: &ToolPart) -> Option<SourceCall<'_>> {
    match part {
        ToolPart::Call { id, name, arguments } => Some(SourceCall { id: id.as_deref(), name, arguments }),
        ToolPart::Result { .. } => None,
    }
}

fn result(part: &ToolPart) -> Option<Step<'_>> {
    match part {
        ToolPart::Result { id, name, text } => {
            Some(Step::Result { id: id.as_deref(), name: name.as_deref(), text })
        }
        ToolPart::Call { .. } => None,
    }
}

//! Chat templates, for libraries that take a prompt as text alone.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use rejoinder_core::Role;

use super::chat::{ChatMessage, ToolCall};

/// How a family of models writes a dialogue. The tokenizer adds the token that begins a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatTemplate {
    /// ChatML: Qwen and many others.
    ChatMl,
    /// Llama 3.
    Llama3,
    /// Mistral and Mixtral: a system message stands at the head of the first user message.
    Mistral,
}

impl ChatTemplate {
    /// All templates, with the names that users give.
    pub const NAMED: [(&'static str, Self); 3] =
        [("chatml", Self::ChatMl), ("llama3", Self::Llama3), ("mistral", Self::Mistral)];

    /// Whether the family's own templates have a form for the use of tools in these messages. Llama 3.1 writes one call at a
    /// time, without words beside the call; the form of Mistral that is written here has no tools.
    pub fn expresses(self, messages: &[ChatMessage]) -> bool {
        let mut with_tools = messages.iter().filter(|message| message.has_tools());
        match self {
            Self::ChatMl => true,
            Self::Llama3 => with_tools.all(|m| match &*m.calls {
                [] => true,
                [_] => m.content.is_empty(),
                _ => false,
            }),
            Self::Mistral => with_tools.next().is_none(),
        }
    }

    /// The text of the dialogue up to the point where the model goes on.
    pub fn prompt(self, messages: &[ChatMessage]) -> String {
        let mut text = match self {
            Self::ChatMl => chat_ml(messages),
            Self::Llama3 => messages.iter().map(llama_3).collect(),
            Self::Mistral => mistral(messages),
        };
        text.push_str(match self {
            Self::ChatMl => "<|im_start|>assistant\n",
            Self::Llama3 => "<|start_header_id|>assistant<|end_header_id|>\n\n",
            Self::Mistral => "",
        });
        text
    }

    /// The text that the model goes on with, and the token that ends an answer.
    pub fn completion(self, answer: &str) -> String {
        match self {
            Self::ChatMl => format!("{answer}<|im_end|>"),
            Self::Llama3 => format!("{answer}<|eot_id|>"),
            Self::Mistral => format!(" {answer}</s>"),
        }
    }
}

/// The text names no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownTemplate;

impl fmt::Display for UnknownTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected chatml, llama3 or mistral")
    }
}

impl Error for UnknownTemplate {}

impl FromStr for ChatTemplate {
    type Err = UnknownTemplate;

    fn from_str(text: &str) -> Result<Self, UnknownTemplate> {
        let named = Self::NAMED.iter().find(|(name, _)| *name == text);
        named.map(|(_, template)| *template).ok_or(UnknownTemplate)
    }
}

/// With calls and results as Qwen and Hermes write them: neighbouring results are one user's turn.
fn chat_ml(messages: &[ChatMessage]) -> String {
    let mut text = String::new();
    for turn in messages.chunk_by(|a, b| a.role == Role::Tool && b.role == Role::Tool) {
        let role = if turn[0].role == Role::Tool { Role::User } else { turn[0].role };
        let mut parts: Vec<Cow<'_, str>> = Vec::new();
        for ChatMessage { role, content, calls, .. } in turn {
            match role {
                Role::Tool => parts.push(format!("<tool_response>\n{content}\n</tool_response>").into()),
                _ if content.is_empty() => {}
                _ => parts.push(content.into()),
            }
            let call =
                |call: &ToolCall| format!("<tool_call>\n{}\n</tool_call>", call.json("arguments")).into();
            parts.extend(calls.iter().map(call));
        }
        let _ = writeln!(text, "<|im_start|>{}\n{}<|im_end|>", role.name(), parts.join("\n"));
    }
    text
}

/// With a call and its result as Llama 3.1 writes them, which quotes every result.
fn llama_3(ChatMessage { role, content, calls, .. }: &ChatMessage) -> String {
    let (role, content) = match (role, &**calls) {
        (Role::Tool, _) => ("ipython", serde_json::to_string(content).expect("it is a text")),
        (role, [call, ..]) => (role.name(), call.json("parameters")),
        (role, []) => (role.name(), content.clone()),
    };
    format!("<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>")
}

fn mistral(messages: &[ChatMessage]) -> String {
    let mut text = String::new();
    let mut system = "";
    for ChatMessage { role, content, .. } in messages {
        let _ = match role {
            Role::System => {
                system = content;
                Ok(())
            }
            Role::User => {
                let gap = if system.is_empty() { "" } else { "\n\n" };
                write!(text, "[INST] {}{gap}{content} [/INST]", std::mem::take(&mut system))
            }
            Role::Assistant | Role::Tool => write!(text, " {content}</s>"),
        };
    }
    text
}

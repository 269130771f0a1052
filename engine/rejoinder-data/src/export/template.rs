//! Chat templates, for libraries that take a prompt as text alone.

use std::fmt::Write as _;
use std::str::FromStr;

use rejoinder_core::Role;

use super::chat::ChatMessage;

/// How a family of models writes a dialogue. The token that begins a text is left to the tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// ChatML: Qwen and many others.
    ChatMl,
    /// Llama 3.
    Llama3,
    /// Mistral and Mixtral: a system message stands at the head of the first user message.
    Mistral,
}

impl Template {
    /// All, with the names that users give.
    pub const NAMED: [(&'static str, Self); 3] =
        [("chatml", Self::ChatMl), ("llama3", Self::Llama3), ("mistral", Self::Mistral)];

    /// The dialogue up to where the model goes on.
    pub fn prompt(self, messages: &[ChatMessage]) -> String {
        let mut text = String::new();
        let mut system = "";
        for ChatMessage { role, content } in messages {
            let _ = match self {
                Self::ChatMl => writeln!(text, "<|im_start|>{role}\n{content}<|im_end|>"),
                Self::Llama3 => {
                    write!(text, "<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>")
                }
                Self::Mistral if *role == Role::System.name() => {
                    system = content;
                    Ok(())
                }
                Self::Mistral if *role == Role::User.name() => {
                    let gap = if system.is_empty() { "" } else { "\n\n" };
                    write!(text, "[INST] {}{gap}{content} [/INST]", std::mem::take(&mut system))
                }
                Self::Mistral => write!(text, " {content}</s>"),
            };
        }
        text.push_str(match self {
            Self::ChatMl => "<|im_start|>assistant\n",
            Self::Llama3 => "<|start_header_id|>assistant<|end_header_id|>\n\n",
            Self::Mistral => "",
        });
        text
    }

    /// What the model goes on with, and the token that ends it.
    pub fn completion(self, answer: &str) -> String {
        match self {
            Self::ChatMl => format!("{answer}<|im_end|>"),
            Self::Llama3 => format!("{answer}<|eot_id|>"),
            Self::Mistral => format!(" {answer}</s>"),
        }
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::NAMED.iter().find(|(name, _)| *name == text);
        named.map(|(_, template)| *template).ok_or_else(|| "expected chatml, llama3 or mistral".to_owned())
    }
}

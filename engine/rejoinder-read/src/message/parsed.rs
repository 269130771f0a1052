//! A message, whatever program wrote it down.

use rejoinder_core::{Role, ToolPart};
use serde_json::Value;

use super::{Content, spoken, tools};

/// One message of a source, with the text that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParsedMessage {
    pub role: Role,
    pub text: String,
    /// The calls and results of tools in the message.
    pub tools: Vec<ToolPart>,
    /// Whether the message holds an image, a sound or a file, and no text.
    pub is_media: bool,
    /// When it was written, in milliseconds since 1970.
    pub time: Option<i64>,
}

impl ParsedMessage {
    /// A message of `role` with a content as the source has it: a text, or a list of parts.
    pub(crate) fn new(role: Role, content: &Value) -> Self {
        Self::of(role, Content::of(content))
    }

    /// A message of `role` with this content. A user's message of nothing but results of a tool becomes a message of the tool.
    pub(crate) fn of(role: Role, content: Content) -> Self {
        let Content { text, mut tools, has_media } = content;
        // A raw NUL would end texts early in every library that reads the output.
        let text = if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
        let text = if role == Role::Assistant { spoken(text) } else { text };
        let is_blank = text.trim().is_empty();
        let results = tools::results(&tools);
        if role == Role::User && is_blank && !has_media && !results.is_empty() {
            return Self { role: Role::Tool, text: results, tools, is_media: false, time: None };
        }
        if role == Role::Tool && is_blank && !results.is_empty() {
            return Self { role, text: results, tools, is_media: false, time: None };
        }
        if role == Role::Tool && results.is_empty() && tools.is_empty() {
            tools.push(ToolPart::Result { id: None, name: None, text: text.clone() });
        }
        Self { role, text, tools, is_media: is_blank && has_media, time: None }
    }

    /// Whether the message has no text.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

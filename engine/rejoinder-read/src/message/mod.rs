//! What a message says, whatever program wrote it down. Here, and nowhere else, is decided who speaks, which text was
//! said, and what merely stands beside it.

mod content;
mod list;
mod role;
mod said;
mod thinking;
mod tools;

pub(crate) use content::Content;
pub(crate) use list::{messages, of_list, unquoted};
pub(crate) use role::{Speaker, of_role, speaker, unknown};
pub(crate) use said::{
    CONTENTS, ELSEWHERE, ENVELOPES, INSTEAD, ROLES, looks_like_message, may_be_parts, named, said,
};
pub(crate) use thinking::{may_think, spoken};

use rejoinder_core::{Role, ToolPart};
use serde_json::Value;

/// One message as it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub role: Role,
    pub text: String,
    /// Calls and results of tools in it.
    pub tools: Vec<ToolPart>,
    /// It holds an image, a sound or a file, and no text.
    pub is_media: bool,
}

impl Said {
    /// A message of `role` that is a mere text, or a content of any other kind.
    pub(crate) fn new(role: Role, content: &Value) -> Self {
        Self::of(role, Content::of(content))
    }

    /// A message of `role` with this content. A user's message of nothing but a tool's results is the tool's.
    pub(crate) fn of(role: Role, content: Content) -> Self {
        let Content { text, mut tools, has_media } = content;
        // A raw NUL would end texts early in every library that reads the output.
        let text = if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
        let text = if role == Role::Assistant { spoken(text) } else { text };
        let is_blank = text.trim().is_empty();
        let results = tools::results(&tools);
        if role == Role::User && is_blank && !has_media && !results.is_empty() {
            return Self { role: Role::Tool, text: results, tools, is_media: false };
        }
        if role == Role::Tool && is_blank && !results.is_empty() {
            return Self { role, text: results, tools, is_media: false };
        }
        if role == Role::Tool && results.is_empty() && tools.is_empty() {
            tools.push(ToolPart::Result { id: None, name: None, text: text.clone() });
        }
        Self { role, text, tools, is_media: is_blank && has_media }
    }

    /// Whether it has no text.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// An id that is a text or a number.
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Keys of an object, for a reason: its first few.
pub(crate) fn keys_of(value: &Value) -> String {
    const SHOWN: usize = 12;
    let Some(fields) = value.as_object() else { return "no keys".to_owned() };
    let shown = |key: &String| {
        let short: String = key.chars().take(40).flat_map(char::escape_debug).collect();
        format!("`{short}`")
    };
    let mut keys: Vec<String> = fields.keys().take(SHOWN).map(shown).collect();
    if fields.len() > SHOWN {
        keys.push(format!("and {} more", fields.len() - SHOWN));
    }
    if keys.is_empty() { "no keys".to_owned() } else { format!("the keys {}", keys.join(", ")) }
}

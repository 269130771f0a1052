//! The columns of a line, sorted into id, messages and metadata, for both parsers.

use std::borrow::Cow;

use rejoinder_core::{Message, ToolUse};
use serde_json::value::RawValue;

use super::mapping::Mapping;

/// Keys under which the messages are looked for if the mapping names no key.
pub(crate) const MESSAGES: [&str; 2] = ["conversation", "messages"];
/// Keys under which the messages are looked for next.
pub(crate) const OTHER_MESSAGES: [&str; 8] =
    ["conversations", "chat_messages", "dialogue", "dialog", "turns", "chat", "history", "chat_history"];
/// Keys under which the id is looked for, the best first.
pub(crate) const IDS: [&str; 9] = [
    "conversation_id",
    "conversation_hash",
    "conversationId",
    "id",
    "uuid",
    "session_id",
    "custom_id",
    "request_id",
    // Where the messages stand under another key.
    "conversation",
];

/// A column of a record: valid JSON that is not parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonColumn<'a>(Cow<'a, str>);

impl<'a> JsonColumn<'a> {
    /// Text that the caller has checked to be JSON.
    pub(crate) fn checked(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into())
    }

    /// The JSON text.
    pub fn get(&self) -> &str {
        &self.0
    }

    /// The column as text: a string as it is, anything else as JSON.
    pub fn text(&self) -> Cow<'_, str> {
        let raw = &*self.0;
        match raw.strip_prefix('"') {
            Some(text) if !raw.contains('\\') => Cow::Borrowed(text.strip_suffix('"').unwrap_or(text)),
            Some(_) => match super::value::repaired_value(raw) {
                serde_json::Value::String(text) => Cow::Owned(text),
                _ => Cow::Borrowed(raw),
            },
            None => Cow::Borrowed(raw),
        }
    }

    /// The same column, borrowed from this one.
    pub(crate) fn borrowed(&self) -> JsonColumn<'_> {
        JsonColumn(Cow::Borrowed(&self.0))
    }

    /// The same column, which borrows nothing.
    pub(crate) fn into_owned(self) -> JsonColumn<'static> {
        JsonColumn(Cow::Owned(self.0.into_owned()))
    }
}

impl<'a> From<&'a RawValue> for JsonColumn<'a> {
    fn from(raw: &'a RawValue) -> Self {
        Self(Cow::Borrowed(raw.get()))
    }
}

/// The columns read so far.
pub(super) struct RecordColumns<'a, 'm> {
    mapping: &'m Mapping,
    /// The first column that holds messages.
    pub messages: Option<Vec<Message<'a>>>,
    /// The calls and results of tools beside the messages.
    pub tools: Vec<ToolUse>,
    /// The indices of messages that show an image, a sound or a file and have no text.
    pub media: Vec<usize>,
    /// All other columns.
    pub metadata: Vec<(Cow<'a, str>, JsonColumn<'a>)>,
    /// The rank and the place of the best id.
    best_id: Option<(usize, usize)>,
}

impl<'a, 'm> RecordColumns<'a, 'm> {
    pub(super) const fn new(mapping: &'m Mapping) -> Self {
        Self {
            mapping,
            messages: None,
            tools: Vec::new(),
            media: Vec::new(),
            metadata: Vec::new(),
            best_id: None,
        }
    }

    pub(super) const fn mapping(&self) -> &'m Mapping {
        self.mapping
    }

    /// Whether column `key` is the one with the messages.
    pub(super) fn takes_messages(&self, key: &str) -> bool {
        self.messages.is_none()
            && match &self.mapping.messages {
                Some(name) => key == name,
                None => MESSAGES.contains(&key),
            }
    }

    /// Takes any other column.
    pub(super) fn push(&mut self, key: Cow<'a, str>, value: JsonColumn<'a>) {
        let rank = match &self.mapping.id {
            Some(name) => (*key == **name).then_some(0),
            None => IDS.iter().position(|id| *id == key),
        };
        if let Some(rank) = rank
            && self.best_id.is_none_or(|(best, _)| rank < best)
        {
            self.best_id = Some((rank, self.metadata.len()));
        }
        self.metadata.push((key, value));
    }

    /// Takes the id out of the metadata. A string or a number is an id; null, an empty string and any other value are not.
    pub(super) fn take_id(&mut self) -> Option<Cow<'a, str>> {
        let (_, at) = self.best_id?;
        let is_id = matches!(self.metadata[at].1.get().as_bytes()[0], b'"' | b'-' | b'0'..=b'9');
        if !is_id {
            return None;
        }
        let id = match self.metadata.remove(at).1.0 {
            Cow::Borrowed(raw) if !raw.starts_with('"') => Cow::Borrowed(raw),
            Cow::Borrowed(raw) if !raw.contains('\\') => Cow::Borrowed(&raw[1..raw.len() - 1]),
            raw => match super::value::repaired_value(&raw) {
                serde_json::Value::String(id) => Cow::Owned(id),
                _ => raw,
            },
        };
        Some(id).filter(|id| !id.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_shown_as_it_is_and_anything_else_as_json() {
        let shown = |json: &'static str| JsonColumn::checked(json).text().into_owned();
        assert_eq!(shown(r#""gpt \u0034\n""#), "gpt 4\n");
        assert_eq!(shown(r#""gpt""#), "gpt");
        assert_eq!(shown("12.50"), "12.50");
        assert_eq!(shown(r#"["a", null]"#), r#"["a", null]"#);
        assert_eq!(shown(r#""half a pair \ud800""#), "half a pair \u{FFFD}");
    }
}

//! A line's columns, sorted into id, messages and metadata, whoever reads them.

use std::borrow::Cow;

use rejoinder_core::Message;
use serde_json::value::RawValue;

use super::mapping::Mapping;

/// Keys under which the messages are looked for when no mapping names one.
pub(crate) const MESSAGES: [&str; 2] = ["conversation", "messages"];
/// Keys under which the id is looked for, the best first.
pub(crate) const IDS: [&str; 3] = ["conversation_id", "conversation_hash", "id"];

/// A column as it stands in the line: valid JSON, unparsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Text that the caller has checked to be JSON.
    pub(crate) const fn checked(text: &'a str) -> Self {
        Self(text)
    }

    /// The JSON text.
    pub const fn get(self) -> &'a str {
        self.0
    }
}

impl<'a> From<&'a RawValue> for Json<'a> {
    fn from(raw: &'a RawValue) -> Self {
        Self(raw.get())
    }
}

/// The columns read so far.
pub(super) struct Columns<'a, 'm> {
    mapping: &'m Mapping,
    /// The first column that holds messages.
    pub messages: Option<Vec<Message<'a>>>,
    /// All others.
    pub metadata: Vec<(Cow<'a, str>, Json<'a>)>,
    /// Rank and place of the best id.
    best_id: Option<(usize, usize)>,
}

impl<'a, 'm> Columns<'a, 'm> {
    pub(super) const fn new(mapping: &'m Mapping) -> Self {
        Self { mapping, messages: None, metadata: Vec::new(), best_id: None }
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
    pub(super) fn push(&mut self, key: Cow<'a, str>, value: Json<'a>) {
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

    /// Takes the id out of the metadata. A number is an id too; null, an empty string and anything else are none.
    ///
    /// # Errors
    /// If it is a string that cannot be decoded.
    pub(super) fn take_id(&mut self) -> Result<Option<Cow<'a, str>>, serde_json::Error> {
        let Some((_, at)) = self.best_id else { return Ok(None) };
        let raw = self.metadata[at].1.get();
        let id = match raw.as_bytes()[0] {
            b'"' if !raw.contains('\\') => Cow::Borrowed(&raw[1..raw.len() - 1]),
            b'"' => Cow::Owned(serde_json::from_str(raw)?),
            b'-' | b'0'..=b'9' => Cow::Borrowed(raw),
            _ => return Ok(None),
        };
        self.metadata.remove(at);
        Ok(Some(id).filter(|id| !id.is_empty()))
    }
}

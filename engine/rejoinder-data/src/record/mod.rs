//! One line of input: a conversation, or the reason why it is none.
//!
//! Known shapes are `{"conversation": [{"role", "content"}]}` (LMSYS and WildChat rows) and OpenAI's
//! `{"messages": […]}`; a [`Mapping`] names the keys of any other. Texts are borrowed from the line, and decoded
//! when somebody looks at them; other columns are kept unparsed, as metadata.
//!
//! Two parsers read alike: the structural one is fast and takes plain rows, the reference takes all that can be
//! taken and says why the rest cannot.

mod columns;
mod mapping;
mod reference;
mod structural;
#[cfg(test)]
mod tests;
mod walk;

use std::borrow::Cow;

use rejoinder_core::{ContentHash, Conversation, Message, Role};
use serde_json::Value;

use columns::Columns;
pub use columns::Json;
pub(crate) use columns::{IDS, MESSAGES};
pub use mapping::Mapping;
pub(crate) use reference::reason;

/// A conversation and the other columns of its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// The conversation.
    pub conversation: Conversation<'a>,
    /// The other columns, unparsed.
    pub metadata: Vec<(Cow<'a, str>, Json<'a>)>,
    /// So many messages at the beginning stand in an earlier conversation, too, and their turns are looked at there.
    pub shared: usize,
}

impl<'a> Record<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// Why it cannot be used, in words for the quarantine.
    pub fn parse(line: &'a [u8], mapping: &Mapping) -> Result<Self, String> {
        let text = utf8(line)?;
        match structural::columns(text, mapping).map(Self::of) {
            Some(Ok(record)) => Ok(record),
            _ => Self::of(reference::columns(text, mapping)?),
        }
    }

    fn of(mut columns: Columns<'a, '_>) -> Result<Self, String> {
        let id = columns.take_id().map_err(|e| reason(&e))?;
        let messages = columns.messages.unwrap_or_default();
        let id = id.unwrap_or_else(|| Cow::Owned(content_hash(&messages)));
        Ok(Self { conversation: Conversation { id, messages }, metadata: columns.metadata, shared: 0 })
    }

    /// Reads a line that an adapter wrote.
    pub(crate) fn parse_adapted(line: &'a [u8]) -> Result<Self, String> {
        let mut record = Self::parse(line, &Mapping::default())?;
        if let Some(at) = record.metadata.iter().position(|(key, _)| key == SHARED) {
            let (_, shared) = record.metadata.remove(at);
            record.shared =
                shared.get().parse().map_err(|_| "a broken count of shared messages".to_owned())?;
        }
        Ok(record)
    }

    /// A record of what was read by columns.
    pub(crate) fn of_messages(
        id: Option<Cow<'a, str>>,
        messages: Vec<Message<'a>>,
        metadata: Vec<(Cow<'a, str>, Json<'a>)>,
    ) -> Result<Self, String> {
        reference::check(&messages)?;
        let id = id.unwrap_or_else(|| Cow::Owned(content_hash(&messages)));
        Ok(Self { conversation: Conversation { id, messages }, metadata, shared: 0 })
    }

    /// The later turns that are looked at here.
    pub fn later_turns(&self) -> impl Iterator<Item = usize> {
        self.conversation.later_turns().filter(|turn| *turn >= self.shared)
    }

    /// The metadata as JSON values. What is valid JSON and still no value that can be held (a number beyond all
    /// range, a lone surrogate, brackets nested deeper than 128) comes as a string of its source text.
    pub fn metadata_values(&self) -> serde_json::Map<String, Value> {
        self.metadata
            .iter()
            .map(|(key, json)| {
                let value = serde_json::from_str(json.get());
                (key.clone().into_owned(), value.unwrap_or_else(|_| Value::from(json.get())))
            })
            .collect()
    }

    /// The unparsed column `key`.
    pub fn column(&self, key: &str) -> Option<Json<'a>> {
        self.metadata.iter().find(|(k, _)| k == key).map(|(_, json)| *json)
    }
}

/// Under this key adapters write how many messages stand in an earlier conversation, too.
pub(crate) const SHARED: &str = "shared_messages";

/// The role that the source calls `name`.
///
/// # Errors
/// If it is not known; the message says what to do.
pub(crate) fn of_role(mapping: &Mapping, name: &str) -> Result<Role, String> {
    mapping.role(name).ok_or_else(|| {
        let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
        format!("unknown role `{shown}`; say what it is with --map roles.NAME=user")
    })
}

/// The line as text, without a byte order mark.
fn utf8(line: &[u8]) -> Result<&str, String> {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    simdutf8::basic::from_utf8(line).map_err(|_| {
        let valid = std::str::from_utf8(line).map_or_else(|e| e.valid_up_to(), str::len);
        format!("not UTF-8 at byte {valid}")
    })
}

/// An id for a conversation that has none: the same content has the same id everywhere.
fn content_hash(messages: &[Message<'_>]) -> String {
    let mut hash = ContentHash::default();
    messages.iter().for_each(|message| hash.add(message.role, &message.text));
    format!("blake3:{}", hash.hex())
}

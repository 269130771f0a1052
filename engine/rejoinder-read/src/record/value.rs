//! A conversation and the other columns of its line.

use std::borrow::Cow;

use rejoinder_core::{ContentHash, Conversation, Message, Text, ToolUse};
use serde_json::{Map, Value};

use super::columns::{JsonColumn, RecordColumns};
use super::error::RecordError;
use super::general::{self, parted};
use crate::json;
use crate::message::ParsedMessage;

/// A conversation and the other columns of its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// The conversation.
    pub conversation: Conversation<'a>,
    /// The other columns, as JSON that is not parsed.
    pub metadata: Vec<(Cow<'a, str>, JsonColumn<'a>)>,
    /// The number of messages at the beginning that an earlier conversation holds, too. Their turns are looked at there.
    pub shared: usize,
    /// The calls and results of tools, in the order of the messages.
    pub tools: Vec<ToolUse>,
    /// Indices of messages that hold an image, a sound or a file, and no text.
    pub media: Vec<usize>,
    /// The first oddity of the source that was repaired.
    pub repaired: Option<&'static str>,
}

impl<'a> Record<'a> {
    pub(super) fn of(mut columns: RecordColumns<'a, '_>) -> Self {
        let id = columns.take_id();
        let messages = columns.messages.unwrap_or_default();
        let id = id.unwrap_or_else(|| Cow::Owned(content_hash(&messages)));
        Self {
            conversation: Conversation { id, messages },
            metadata: columns.metadata,
            shared: 0,
            tools: columns.tools,
            media: columns.media,
            repaired: None,
        }
    }

    /// A record of what was read by columns.
    ///
    /// # Errors
    /// If no user says anything.
    pub(crate) fn of_messages(
        id: Option<Cow<'a, str>>,
        messages: Vec<Message<'a>>,
        metadata: Vec<(Cow<'a, str>, JsonColumn<'a>)>,
    ) -> Result<Self, RecordError> {
        general::check(messages.iter().map(|message| message.role))?;
        let id = id.unwrap_or_else(|| Cow::Owned(content_hash(&messages)));
        let conversation = Conversation { id, messages };
        Ok(Self { conversation, metadata, shared: 0, tools: Vec::new(), media: Vec::new(), repaired: None })
    }

    /// A record of messages that were read one by one, with its other columns.
    ///
    /// # Errors
    /// If no user says anything.
    pub(crate) fn of_parsed(
        id: Option<String>,
        said: Vec<ParsedMessage>,
        metadata: Map<String, Value>,
    ) -> Result<Record<'static>, RecordError> {
        general::check(said.iter().map(|one| one.role))?;
        let (messages, tools, media) = parted(said);
        let id = id.unwrap_or_else(|| content_hash(&messages));
        let metadata = metadata.into_iter();
        Ok(Record {
            conversation: Conversation { id: Cow::Owned(id), messages },
            metadata: metadata
                .map(|(key, value)| (Cow::Owned(key), JsonColumn::checked(value.to_string())))
                .collect(),
            shared: 0,
            tools,
            media,
            repaired: None,
        })
    }

    /// The same record, which borrows nothing.
    pub fn into_owned(self) -> Record<'static> {
        let Conversation { id, messages } = self.conversation;
        let own = |message: Message<'_>| Message::new(message.role, message.text.to_string());
        let metadata = self.metadata.into_iter();
        Record {
            conversation: Conversation {
                id: Cow::Owned(id.into_owned()),
                messages: messages.into_iter().map(own).collect(),
            },
            metadata: metadata.map(|(key, json)| (Cow::Owned(key.into_owned()), json.into_owned())).collect(),
            shared: self.shared,
            tools: self.tools,
            media: self.media,
            repaired: self.repaired,
        }
    }

    /// The same record, with texts borrowed from this one.
    pub fn borrowed(&self) -> Record<'_> {
        let Conversation { id, messages } = &self.conversation;
        Record {
            conversation: Conversation {
                id: Cow::Borrowed(id),
                messages: messages
                    .iter()
                    .map(|m| Message { role: m.role, text: Text::from(&*m.text), time: m.time })
                    .collect(),
            },
            metadata: self.metadata.iter().map(|(k, json)| (Cow::Borrowed(&**k), json.borrowed())).collect(),
            shared: self.shared,
            tools: self.tools.clone(),
            media: self.media.clone(),
            repaired: self.repaired,
        }
    }

    /// The number of bytes of the texts.
    pub(crate) fn size(&self) -> u64 {
        self.conversation.messages.iter().map(|message| message.text.len() as u64).sum()
    }

    /// The later turns that are looked at here.
    pub fn later_turns(&self) -> impl Iterator<Item = usize> {
        self.conversation.later_turns().filter(|turn| *turn >= self.shared)
    }

    /// The later turns looked at here that show an image, a sound or a file and have no text.
    pub fn wordless_turns(&self) -> impl Iterator<Item = usize> {
        self.later_turns().filter(|turn| self.media.contains(turn))
    }

    /// The other columns as JSON values. Half of a surrogate pair becomes U+FFFD. Valid JSON that no value can hold (a number
    /// beyond all range, brackets nested deeper than 128) becomes a string of the source text.
    pub fn metadata_values(&self) -> Map<String, Value> {
        self.metadata
            .iter()
            .map(|(key, json)| (key.clone().into_owned(), repaired_value(json.get())))
            .collect()
    }

    /// The column `key`, not parsed.
    pub fn column(&self, key: &str) -> Option<&JsonColumn<'a>> {
        self.metadata.iter().find(|(k, _)| k == key).map(|(_, json)| json)
    }
}

/// The value of a JSON text, repaired where necessary; the text itself where there is no such value.
pub(super) fn repaired_value(text: &str) -> Value {
    let repaired = || match text.starts_with('"') {
        true => {
            let list: Vec<Value> =
                serde_json::from_str(&json::repaired(format!("[{text}]").as_bytes())?.text).ok()?;
            list.into_iter().next()
        }
        false => serde_json::from_str(&json::repaired(text.as_bytes())?.text).ok(),
    };
    serde_json::from_str(text).ok().or_else(repaired).unwrap_or_else(|| Value::from(text))
}

/// An id for a conversation without one: the same content has the same id everywhere.
fn content_hash(messages: &[Message<'_>]) -> String {
    let mut hash = ContentHash::default();
    messages.iter().for_each(|message| hash.add(message.role, &message.text));
    format!("blake3:{}", hash.hex())
}

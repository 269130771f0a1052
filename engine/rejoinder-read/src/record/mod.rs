//! One record of input: a conversation, or the reason why it is none.
//!
//! Known shapes are `{"conversation": [{"role", "content"}]}` (LMSYS and WildChat rows) and OpenAI's
//! `{"messages": […]}`; a [`Mapping`] names the keys of any other. Texts are borrowed from the line, and decoded
//! when somebody looks at them; other columns are kept unparsed, as metadata.
//!
//! Two parsers read alike: the structural one is fast and takes plain rows, the general one takes all that can be
//! taken and says why the rest cannot. What is no JSON for one odd token is mended and read again.

mod columns;
mod general;
mod mapping;
mod structural;
#[cfg(test)]
mod tests;
mod walk;

use std::borrow::Cow;

use rejoinder_core::{ContentHash, Conversation, Message, Text, ToolUse};
use serde_json::{Map, Value};

use crate::json;
use crate::message::Said;
use columns::Columns;
pub use columns::Json;
pub(crate) use columns::{IDS, MESSAGES, OTHER_MESSAGES};
use general::Refused;
pub(crate) use general::{parted, reason};
pub use mapping::Mapping;

/// A conversation and the other columns of its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// The conversation.
    pub conversation: Conversation<'a>,
    /// The other columns, unparsed.
    pub metadata: Vec<(Cow<'a, str>, Json<'a>)>,
    /// So many messages at the beginning stand in an earlier conversation, too, and their turns are looked at there.
    pub shared: usize,
    /// Calls and results of tools, by message.
    pub tools: Vec<ToolUse>,
    /// Indices of messages that hold an image, a sound or a file, and no text.
    pub media: Vec<usize>,
    /// What was odd in the source and was put right.
    pub mended: Option<&'static str>,
}

impl<'a> Record<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// Why it cannot be used, in words for the quarantine.
    pub fn parse(line: &'a [u8], mapping: &Mapping) -> Result<Self, String> {
        let refused = match utf8(line) {
            Err(why) => Refused::Syntax(why),
            Ok(text) => match structural::columns(text, mapping) {
                Some(columns) => return Ok(Self::of(columns)),
                None => match general::columns(text, mapping) {
                    Ok(columns) => return Ok(Self::of(columns)),
                    Err(refused) => refused,
                },
            },
        };
        match refused {
            Refused::Content(why) => Err(why),
            Refused::Syntax(why) => Self::mended(line, mapping).unwrap_or(Err(why)),
        }
    }

    /// Reads a line once it is put right; `None` where nothing could be.
    fn mended(line: &[u8], mapping: &Mapping) -> Option<Result<Record<'static>, String>> {
        let mended = json::mended(line)?;
        Some(match general::columns(&mended.text, mapping) {
            Ok(columns) => Ok(Record { mended: Some(mended.what), ..Record::of(columns).into_owned() }),
            Err(Refused::Syntax(why) | Refused::Content(why)) => Err(why),
        })
    }

    fn of(mut columns: Columns<'a, '_>) -> Self {
        let id = columns.take_id();
        let messages = columns.messages.unwrap_or_default();
        let id = id.unwrap_or_else(|| Cow::Owned(content_hash(&messages)));
        Self {
            conversation: Conversation { id, messages },
            metadata: columns.metadata,
            shared: 0,
            tools: columns.tools,
            media: columns.media,
            mended: None,
        }
    }

    /// A record of what was read by columns.
    ///
    /// # Errors
    /// If no user says anything.
    pub(crate) fn of_messages(
        id: Option<Cow<'a, str>>,
        messages: Vec<Message<'a>>,
        metadata: Vec<(Cow<'a, str>, Json<'a>)>,
    ) -> Result<Self, String> {
        general::check(messages.iter().map(|message| message.role))?;
        let id = id.unwrap_or_else(|| Cow::Owned(content_hash(&messages)));
        let conversation = Conversation { id, messages };
        Ok(Self { conversation, metadata, shared: 0, tools: Vec::new(), media: Vec::new(), mended: None })
    }

    /// A record of messages that were read one by one, with its other columns.
    ///
    /// # Errors
    /// If no user says anything.
    pub(crate) fn of_said(
        id: Option<String>,
        said: Vec<Said>,
        metadata: Map<String, Value>,
    ) -> Result<Record<'static>, String> {
        general::check(said.iter().map(|one| one.role))?;
        let (messages, tools, media) = parted(said);
        let id = id.unwrap_or_else(|| content_hash(&messages));
        let metadata = metadata.into_iter();
        Ok(Record {
            conversation: Conversation { id: Cow::Owned(id), messages },
            metadata: metadata
                .map(|(key, value)| (Cow::Owned(key), Json::checked(value.to_string())))
                .collect(),
            shared: 0,
            tools,
            media,
            mended: None,
        })
    }

    /// The same on its own.
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
            mended: self.mended,
        }
    }

    /// The same, its texts borrowed from this one.
    pub fn borrowed(&self) -> Record<'_> {
        let Conversation { id, messages } = &self.conversation;
        Record {
            conversation: Conversation {
                id: Cow::Borrowed(id),
                messages: messages
                    .iter()
                    .map(|m| Message { role: m.role, text: Text::from(&*m.text) })
                    .collect(),
            },
            metadata: self.metadata.iter().map(|(k, json)| (Cow::Borrowed(&**k), json.borrowed())).collect(),
            shared: self.shared,
            tools: self.tools.clone(),
            media: self.media.clone(),
            mended: self.mended,
        }
    }

    /// Bytes of its texts.
    pub(crate) fn size(&self) -> u64 {
        self.conversation.messages.iter().map(|message| message.text.len() as u64).sum()
    }

    /// The later turns that are looked at here.
    pub fn later_turns(&self) -> impl Iterator<Item = usize> {
        self.conversation.later_turns().filter(|turn| *turn >= self.shared)
    }

    /// The later turns looked at here that show something and say nothing.
    pub fn wordless_turns(&self) -> impl Iterator<Item = usize> {
        self.later_turns().filter(|turn| self.media.contains(turn))
    }

    /// The metadata as JSON values. A half of a surrogate pair is U+FFFD; what is valid JSON and still no value that can
    /// be held (a number beyond all range, brackets nested deeper than 128) comes as a string of its source text.
    pub fn metadata_values(&self) -> Map<String, Value> {
        self.metadata.iter().map(|(key, json)| (key.clone().into_owned(), mended_value(json.get()))).collect()
    }

    /// The unparsed column `key`.
    pub fn column(&self, key: &str) -> Option<&Json<'a>> {
        self.metadata.iter().find(|(k, _)| k == key).map(|(_, json)| json)
    }
}

/// The value of a JSON text, mended where it must be; else its source text.
fn mended_value(text: &str) -> Value {
    let mended = || match text.starts_with('"') {
        true => {
            let list: Vec<Value> =
                serde_json::from_str(&json::mended(format!("[{text}]").as_bytes())?.text).ok()?;
            list.into_iter().next()
        }
        false => serde_json::from_str(&json::mended(text.as_bytes())?.text).ok(),
    };
    serde_json::from_str(text).ok().or_else(mended).unwrap_or_else(|| Value::from(text))
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

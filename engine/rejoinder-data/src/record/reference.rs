//! The full parser, by serde_json: what it says of a line is what the line is, and why it cannot be used.

use std::borrow::Cow;
use std::fmt;

use rejoinder_core::{Message, Role};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::columns::{Columns, Json};
use super::mapping::Mapping;
use super::of_role;

/// Reads a line whose messages, if it has any, hold no NUL and one of them is the user's.
///
/// # Errors
/// Why it cannot be used, in words for the quarantine.
pub(super) fn columns<'a, 'm>(text: &'a str, mapping: &'m Mapping) -> Result<Columns<'a, 'm>, String> {
    if text.trim_start().starts_with('[') {
        return Err("a JSON array; expected one JSON object a line".to_owned());
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let columns = ColumnsSeed(mapping)
        .deserialize(&mut json)
        .and_then(|c| json.end().map(|()| c))
        .map_err(|e| reason(&e))?;
    let messages = columns.messages.as_ref().ok_or_else(|| match &mapping.messages {
        Some(key) => format!("no `{}` in the record", key.escape_debug()),
        None => "neither `conversation` nor `messages` in the record; name the key with --map messages=KEY"
            .to_owned(),
    })?;
    check(messages)?;
    Ok(columns)
}

/// That messages can be used.
///
/// # Errors
/// Why they cannot.
pub(super) fn check(messages: &[Message<'_>]) -> Result<(), String> {
    if !messages.iter().any(|m| m.role == Role::User) {
        return Err("no user message in the conversation".to_owned());
    }
    match messages.iter().position(|m| memchr::memchr(0, m.text.as_bytes()).is_some()) {
        Some(at) => Err(format!("message {at} holds a NUL character")),
        None => Ok(()),
    }
}

/// serde_json's message, with the place in words; a line is always line 1.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    let what = if what.contains("hex escape") { "a lone surrogate or broken \\u escape" } else { what };
    format!("{what} (column {})", error.column())
}

/// Key of what an assistant wrote where it would not answer.
pub(super) const REFUSAL: &str = "refusal";

struct ColumnsSeed<'m>(&'m Mapping);

impl<'de, 'm> DeserializeSeed<'de> for ColumnsSeed<'m> {
    type Value = Columns<'de, 'm>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Columns<'de, 'm>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, 'm> Visitor<'de> for ColumnsSeed<'m> {
    type Value = Columns<'de, 'm>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns<'de, 'm>, A::Error> {
        let mut columns = Columns::new(self.0);
        while let Some(Decoded(key)) = map.next_key()? {
            if columns.takes_messages(&key) {
                columns.messages = Some(map.next_value_seed(MessagesSeed(self.0))?);
            } else {
                columns.push(key, Json::from(map.next_value::<&'de RawValue>()?));
            }
        }
        Ok(columns)
    }
}

/// A string, borrowed where it can be.
struct Decoded<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Decoded<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DecodedVisitor;
        impl<'de> Visitor<'de> for DecodedVisitor {
            type Value = Decoded<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Decoded<'de>, E> {
                Ok(Decoded(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Decoded<'de>, E> {
                Ok(Decoded(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(DecodedVisitor)
    }
}

struct MessagesSeed<'m>(&'m Mapping);

impl<'de> DeserializeSeed<'de> for MessagesSeed<'_> {
    type Value = Vec<Message<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for MessagesSeed<'_> {
    type Value = Vec<Message<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut messages = Vec::with_capacity(8);
        while let Some(message) = seq.next_element_seed(MessageSeed(self.0))? {
            messages.push(message);
        }
        Ok(messages)
    }
}

struct MessageSeed<'m>(&'m Mapping);

impl<'de> DeserializeSeed<'de> for MessageSeed<'_> {
    type Value = Message<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_> {
    type Value = Message<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let role_key = self.0.role_key();
        let content_key = self.0.content_key();
        let mut role = None;
        let (mut text, mut refusal) = (None, None);
        while let Some(Decoded(key)) = map.next_key()? {
            if key == role_key {
                let Decoded(name) = map.next_value()?;
                role = Some(of_role(self.0, &name).map_err(A::Error::custom)?);
            } else if key == content_key {
                text = Some(map.next_value::<Content<'de>>()?.0);
            } else if key == REFUSAL {
                refusal = map.next_value::<Refusal<'de>>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let role = role.ok_or_else(|| A::Error::custom(format!("a message without `{role_key}`")))?;
        let text = match (text, role) {
            (Some(text), Role::Assistant) if text.is_empty() => refusal.unwrap_or(text),
            (Some(text), _) => text,
            // An assistant message that only calls tools may leave the content out.
            (None, Role::Assistant) => refusal.unwrap_or_default(),
            (None, _) => return Err(A::Error::custom(format!("a message without `{content_key}`"))),
        };
        Ok(Message::new(role, text))
    }
}

/// What an assistant wrote where it would not answer: a string; anything else is none.
struct Refusal<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Refusal<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        match raw.get().starts_with('"') {
            true => serde_json::from_str(raw.get())
                .map(|Decoded(text)| Self(Some(text)))
                .map_err(D::Error::custom),
            false => Ok(Self(None)),
        }
    }
}

/// A message's content: a string, null, or a list of parts of which the texts are joined by line feeds and
/// everything else stands as `[type]`.
struct Content<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Content<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;
        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = Content<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message's content: a string, null or a list of parts")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Content(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Content(Cow::Owned(v.to_owned())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Content(Cow::Borrowed("")))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut text = String::new();
                while let Some(part) = seq.next_element::<Part>()? {
                    if !text.is_empty() {
                        text.push('\n');
                    }
                    match part {
                        Part::Text(t) => text.push_str(&t),
                        Part::Other(kind) => {
                            text.push('[');
                            text.push_str(&kind);
                            text.push(']');
                        }
                    }
                }
                Ok(Content(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_any(ContentVisitor)
    }
}

enum Part {
    Text(String),
    Other(String),
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor;
        impl<'de> Visitor<'de> for PartVisitor {
            type Value = Part;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a part of a message: a string or an object")
            }
            fn visit_str<E>(self, v: &str) -> Result<Part, E> {
                Ok(Part::Text(v.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
                let mut text = None;
                let mut kind = None;
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match &*key {
                        "text" | "refusal" => text = map.next_value::<Option<String>>()?.or(text),
                        "type" => kind = map.next_value::<Option<String>>()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(text.map_or_else(|| Part::Other(kind.unwrap_or_else(|| "part".to_owned())), Part::Text))
            }
        }
        deserializer.deserialize_any(PartVisitor)
    }
}

//! One line of input: a conversation, or the reason why it is none.
//!
//! Known shapes are `{"conversation": [{"role", "content"}]}` (LMSYS and WildChat rows) and OpenAI's
//! `{"messages": […]}`; a [`Mapping`] names the keys of any other. Texts are borrowed from the line where they
//! hold no escapes; other columns are kept unparsed, as metadata.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use rejoinder_core::{Conversation, Message, Role};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Keys under which the messages are looked for when no mapping names one.
const MESSAGES: [&str; 2] = ["conversation", "messages"];
/// Keys under which the id is looked for, the best first.
const IDS: [&str; 3] = ["conversation_id", "conversation_hash", "id"];

/// Names of the keys in a shape that is not known (`[input] map`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Key of the conversation's id.
    pub id: Option<String>,
    /// Key of the list of messages.
    pub messages: Option<String>,
    /// Key of a message's role.
    pub role: Option<String>,
    /// Key of a message's text.
    pub content: Option<String>,
    /// The source's names of roles, to `system`, `user`, `assistant` or `tool`.
    pub roles: BTreeMap<String, String>,
}

impl Mapping {
    /// Checks that the mapping's roles are known.
    ///
    /// # Errors
    /// If a role is mapped to something that is no role.
    pub fn check(&self) -> Result<(), String> {
        for (from, to) in &self.roles {
            if standard_role(to).is_none() {
                return Err(format!(
                    "map.roles turns `{}` into `{}`, which is none of system, user, assistant, tool",
                    from.escape_debug(),
                    to.escape_debug()
                ));
            }
        }
        Ok(())
    }

    fn role(&self, name: &str) -> Option<Role> {
        match self.roles.get(name) {
            Some(mapped) => standard_role(mapped),
            None => standard_role(name),
        }
    }
}

fn standard_role(name: &str) -> Option<Role> {
    Some(match name {
        "user" | "human" | "prompter" => Role::User,
        "assistant" | "gpt" | "model" | "bot" => Role::Assistant,
        "system" | "developer" => Role::System,
        "tool" | "function" => Role::Tool,
        _ => return None,
    })
}

/// A conversation and the other columns of its line.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The conversation.
    pub conversation: Conversation<'a>,
    /// The other columns, unparsed.
    pub metadata: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Record<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// Why it cannot be used, in words for the quarantine.
    pub fn parse(line: &'a [u8], mapping: &Mapping) -> Result<Self, String> {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        let text = std::str::from_utf8(line).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to()))?;
        if text.trim_start().starts_with('[') {
            return Err("a JSON array; expected one JSON object a line".to_owned());
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let columns = ColumnsSeed(mapping)
            .deserialize(&mut json)
            .and_then(|c| json.end().map(|()| c))
            .map_err(|e| reason(&e))?;
        let messages = columns.messages.ok_or_else(|| match &mapping.messages {
            Some(key) => format!("no `{}` in the record", key.escape_debug()),
            None => {
                "neither `conversation` nor `messages` in the record; name the key with --map messages=KEY"
                    .to_owned()
            }
        })?;
        if !messages.iter().any(|m| m.role == Role::User) {
            return Err("no user message in the conversation".to_owned());
        }
        if let Some(at) = messages.iter().position(|m| m.text.contains('\0')) {
            return Err(format!("message {at} holds a NUL character"));
        }
        let id = match columns.id {
            Some(id) => id,
            None => Cow::Owned(content_hash(&messages)),
        };
        Ok(Self { conversation: Conversation { id, messages }, metadata: columns.metadata })
    }

    /// The metadata as JSON values.
    pub fn metadata_values(&self) -> serde_json::Map<String, serde_json::Value> {
        self.metadata
            .iter()
            .map(|(key, raw)| {
                (
                    key.clone().into_owned(),
                    serde_json::from_str(raw.get()).expect("a raw value is valid JSON"),
                )
            })
            .collect()
    }

    /// The unparsed column `key`.
    pub fn column(&self, key: &str) -> Option<&'a RawValue> {
        self.metadata.iter().find(|(k, _)| k == key).map(|(_, raw)| *raw)
    }
}

/// An id for a conversation that has none: the same content has the same id everywhere.
fn content_hash(messages: &[Message<'_>]) -> String {
    let mut hasher = blake3::Hasher::new();
    for message in messages {
        hasher.update(&[message.role as u8]);
        hasher.update(&(message.text.len() as u64).to_le_bytes());
        hasher.update(message.text.as_bytes());
    }
    format!("blake3:{}", &hasher.finalize().to_hex()[..32])
}

/// serde_json's message, with the place in words; a line is always line 1.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    let what = if what.contains("hex escape") { "a lone surrogate or broken \\u escape" } else { what };
    format!("{what} (column {})", error.column())
}

struct Columns<'a> {
    id: Option<Cow<'a, str>>,
    messages: Option<Vec<Message<'a>>>,
    metadata: Vec<(Cow<'a, str>, &'a RawValue)>,
}

struct ColumnsSeed<'m>(&'m Mapping);

impl<'de> DeserializeSeed<'de> for ColumnsSeed<'_> {
    type Value = Columns<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Columns<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ColumnsSeed<'_> {
    type Value = Columns<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns<'de>, A::Error> {
        let is_messages = |key: &str| match &self.0.messages {
            Some(name) => key == name,
            None => MESSAGES.contains(&key),
        };
        let id_rank = |key: &str| match &self.0.id {
            Some(name) => (key == name).then_some(0),
            None => IDS.iter().position(|id| *id == key),
        };
        let mut columns = Columns { id: None, messages: None, metadata: Vec::new() };
        let mut best_id: Option<(usize, usize)> = None;
        while let Some(Text(key)) = map.next_key()? {
            if columns.messages.is_none() && is_messages(&key) {
                columns.messages = Some(map.next_value_seed(MessagesSeed(self.0))?);
                continue;
            }
            if let Some(rank) = id_rank(&key)
                && best_id.is_none_or(|(best, _)| rank < best)
            {
                best_id = Some((rank, columns.metadata.len()));
            }
            columns.metadata.push((key, map.next_value()?));
        }
        if let Some((_, at)) = best_id {
            let raw = columns.metadata[at].1.get();
            // A number is an id too; null and anything else are none.
            let id = match raw.as_bytes()[0] {
                b'"' => Some(serde_json::from_str::<Text<'de>>(raw).map_err(A::Error::custom)?.0),
                b'-' | b'0'..=b'9' => Some(Cow::Borrowed(raw)),
                _ => None,
            };
            if id.is_some() {
                columns.metadata.remove(at);
            }
            columns.id = id.filter(|id| !id.is_empty());
        }
        Ok(columns)
    }
}

/// A string, borrowed where it can be.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
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
        let role_key = self.0.role.as_deref().unwrap_or("role");
        let content_key = self.0.content.as_deref().unwrap_or("content");
        let mut role = None;
        let mut text = None;
        while let Some(Text(key)) = map.next_key()? {
            if key == role_key {
                let Text(name) = map.next_value()?;
                role = Some(self.0.role(&name).ok_or_else(|| {
                    let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
                    A::Error::custom(format!(
                        "unknown role `{shown}`; say what it is with --map roles.NAME=user"
                    ))
                })?);
            } else if key == content_key {
                text = Some(map.next_value::<Content<'de>>()?.0);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let role = role.ok_or_else(|| A::Error::custom(format!("a message without `{role_key}`")))?;
        let text = match (text, role) {
            (Some(text), _) => text,
            // An assistant message that only calls tools may leave the content out.
            (None, Role::Assistant) => Cow::Borrowed(""),
            (None, _) => return Err(A::Error::custom(format!("a message without `{content_key}`"))),
        };
        Ok(Message { role, text })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(line: &str) -> Result<Record<'_>, String> {
        Record::parse(line.as_bytes(), &Mapping::default())
    }

    #[test]
    fn reads_lmsys_and_wildchat_rows_and_keeps_other_columns() {
        let record = parse(
            r#"{"conversation_hash":"h","turn":1,"conversation":[{"content":"hi","role":"user","toxic":false},{"role":"assistant","content":"a\n\"b\""}],"openai_moderation":[{"x":1.50}]}"#,
        )
        .unwrap();
        assert_eq!(record.conversation.id, "h");
        assert_eq!(record.conversation.messages[1], Message::new(Role::Assistant, "a\n\"b\""));
        assert!(matches!(record.conversation.messages[0].text, Cow::Borrowed("hi")));
        assert_eq!(record.column("openai_moderation").unwrap().get(), r#"[{"x":1.50}]"#);
        assert_eq!(record.metadata_values()["turn"], 1);
    }

    #[test]
    fn reads_openai_messages_with_parts_tools_and_null() {
        let record = parse(
            r#"{"messages":[{"role":"developer","content":"s"},{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"u"}}]},{"role":"assistant","content":null,"tool_calls":[]},{"role":"tool","content":"42"},{"role":"assistant","content":"42"}]}"#,
        )
        .unwrap();
        let texts: Vec<_> = record.conversation.messages.iter().map(|m| &*m.text).collect();
        assert_eq!(texts, ["s", "look\n[image_url]", "", "42", "42"]);
        assert!(record.conversation.id.starts_with("blake3:"), "no id: the content's hash");
    }

    #[test]
    fn a_mapping_names_other_shapes() {
        let mapping = Mapping {
            id: Some("n".into()),
            messages: Some("history".into()),
            role: Some("speaker".into()),
            content: Some("text".into()),
            roles: BTreeMap::from([("customer".into(), "user".into())]),
        };
        let line = br#"{"n":7,"id":"x","history":[{"speaker":"customer","text":"hi"},{"speaker":"bot","text":"yo"}]}"#;
        let record = Record::parse(line, &mapping).unwrap();
        assert_eq!(record.conversation.id, "7");
        assert_eq!(record.conversation.messages[1].role, Role::Assistant);
        assert_eq!(record.metadata_values()["id"], "x");
    }

    #[test]
    fn says_why_a_record_cannot_be_used() {
        for (line, expected) in [
            (r#"{"conversation":[{"role":"user","content":"trunc"#, "EOF while parsing"),
            (r#"{"conversation":"x"}"#, "expected a list of messages"),
            (r#"{"conversation":[{"role":"user","content":5}]}"#, "expected a message's content"),
            (r#"{"conversation":[{"role":"narrator","content":""}]}"#, "unknown role `narrator`"),
            (r#"{"conversation":[{"content":"x"}]}"#, "without `role`"),
            (r#"{"conversation":[{"role":"user"}]}"#, "without `content`"),
            (r#"{"conversation":[{"role":"assistant","content":"x"}]}"#, "no user message"),
            (r#"{"conversation":[]}"#, "no user message"),
            (r#"{"conversation":[{"role":"user","content":"a\u0000b"}]}"#, "message 0 holds a NUL"),
            (r#"{"conversation":[{"role":"user","content":"\ud800"}]}"#, "surrogate"),
            ("{\"conversation\":[{\"role\":\"user\",\"content\":\"a\0b\"}]}", "control character"),
            (r#"{"text":"x"}"#, "neither `conversation` nor `messages`"),
            (r#"[{"conversation":[]}]"#, "JSON array"),
            ("hello", "expected value"),
            (r#"{"conversation":[{"role":"user","content":"x"}]} {}"#, "trailing characters"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
        assert!(
            Record::parse(b"{\"a\":\"\xFF\"}", &Mapping::default())
                .unwrap_err()
                .contains("not UTF-8 at byte 6")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Record::parse(&bytes, &Mapping::default());
        }

        #[test]
        fn any_text_comes_through_unchanged(texts in prop::collection::vec("\\PC*", 1..5)) {
            prop_assume!(texts.iter().all(|t| !t.contains('\0')));
            let messages: Vec<_> = texts.iter().map(|t| serde_json::json!({"role": "user", "content": t})).collect();
            let line = serde_json::json!({"id": "i", "messages": messages}).to_string();
            let record = Record::parse(line.as_bytes(), &Mapping::default()).unwrap();
            let read: Vec<_> = record.conversation.messages.iter().map(|m| m.text.to_string()).collect();
            prop_assert_eq!(read, texts);
        }

        #[test]
        fn a_damaged_record_never_panics(at in 0_usize..120, byte in any::<u8>()) {
            let mut line = br#"{"conversation_id":"c","conversation":[{"role":"user","content":"a\u00e9"},{"role":"assistant","content":["x",{"text":"y"}]}],"m":{"k":[1,2]}}"#.to_vec();
            let at = at % line.len();
            line[at] = byte;
            let _ = Record::parse(&line, &Mapping::default());
        }
    }
}

//! The full parser: it takes all that can be taken of a line, and says why the rest cannot.

use std::borrow::Cow;
use std::fmt;

use rejoinder_core::{Message, Role, ToolUse};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::columns::{Columns, Json, MESSAGES, OTHER_MESSAGES};
use super::mapping::Mapping;
use crate::message::{self, Said};

/// Why a line is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is no JSON.
    Syntax(String),
    /// It is JSON, and no conversation.
    Content(String),
}

/// Reads a line.
///
/// # Errors
/// Why it cannot be used, in words for the quarantine.
pub(super) fn columns<'a, 'm>(text: &'a str, mapping: &'m Mapping) -> Result<Columns<'a, 'm>, Refused> {
    let syntax = |e: serde_json::Error| Refused::Syntax(reason(&e));
    let mut columns = Columns::new(mapping);
    if text.trim_start().starts_with('[') {
        let list: Value = serde_json::from_str(text).map_err(syntax)?;
        take(&mut columns, &list)?;
        return Ok(columns);
    }
    let Fields(mut fields) = serde_json::from_str(text).map_err(syntax)?;
    match place(&fields, mapping) {
        Some(at) => {
            let (key, raw) = fields.remove(at);
            let value: Value = serde_json::from_str(raw.get()).map_err(syntax)?;
            take(&mut columns, inside(&value, &key, mapping)?)?;
        }
        None => return Err(Refused::Content(without_messages(&fields, mapping))),
    }
    fields.into_iter().for_each(|(key, raw)| columns.push(key, Json::from(raw)));
    Ok(columns)
}

/// The column with the messages: as the mapping says, else under one of the usual keys where something stands that may be
/// a list of them.
fn place(fields: &[(Cow<'_, str>, &RawValue)], mapping: &Mapping) -> Option<usize> {
    if let Some(path) = &mapping.messages {
        let first = path.split('.').next().unwrap_or_default();
        let of = |name: &str| fields.iter().position(|(key, _)| *key == *name);
        return of(path).or_else(|| of(first));
    }
    let is_list = |raw: &RawValue| {
        let begin = raw.get().trim_start_matches('"').trim_start();
        begin.starts_with(['[', '{']) || begin.starts_with("array(")
    };
    let among = |keys: &[&str]| fields.iter().position(|(key, raw)| keys.contains(&&**key) && is_list(raw));
    let named = |keys: &[&str]| fields.iter().position(|(key, _)| keys.contains(&&**key));
    among(&MESSAGES).or_else(|| among(&OTHER_MESSAGES)).or_else(|| named(&MESSAGES))
}

/// What the mapping's path leads to inside a column.
fn inside<'v>(value: &'v Value, key: &str, mapping: &Mapping) -> Result<&'v Value, Refused> {
    let path = mapping.messages.as_deref().filter(|path| *path != key);
    let Some(rest) = path.and_then(|path| path.split_once('.')).map(|(_, rest)| rest) else {
        return Ok(value);
    };
    value.as_object().and_then(|fields| message::named(fields, rest)).ok_or_else(|| {
        let path = mapping.messages.as_deref().unwrap_or_default().escape_debug().to_string();
        Refused::Content(format!(
            "no `{path}` in the record: `{}` has {}",
            key.escape_debug(),
            message::keys_of(value)
        ))
    })
}

fn take(columns: &mut Columns<'_, '_>, list: &Value) -> Result<(), Refused> {
    let said = message::messages(list, columns.mapping()).map_err(Refused::Content)?;
    check(said.iter().map(|one| one.role)).map_err(Refused::Content)?;
    let (messages, tools, media) = parted(said);
    columns.messages = Some(messages);
    (columns.tools, columns.media) = (tools, media);
    Ok(())
}

/// That a conversation can be used.
///
/// # Errors
/// Why it cannot.
pub(super) fn check(mut roles: impl Iterator<Item = Role>) -> Result<(), String> {
    match roles.any(|role| role == Role::User) {
        true => Ok(()),
        false => Err("no user message in the conversation".to_owned()),
    }
}

/// The messages, and what stands beside them.
pub(crate) fn parted(said: Vec<Said>) -> (Vec<Message<'static>>, Vec<ToolUse>, Vec<usize>) {
    let (mut tools, mut media) = (Vec::new(), Vec::new());
    let messages = said.into_iter().enumerate().map(|(at, said)| {
        tools.extend(said.tools.into_iter().map(|part| ToolUse { message: at, part }));
        media.extend(said.is_media.then_some(at));
        Message::new(said.role, said.text)
    });
    (messages.collect(), tools, media)
}

fn without_messages(fields: &[(Cow<'_, str>, &RawValue)], mapping: &Mapping) -> String {
    let short = |key: &str| -> String { key.chars().take(40).flat_map(char::escape_debug).collect() };
    let keys: serde_json::Map<String, Value> =
        fields.iter().map(|(key, _)| (key.clone().into_owned(), Value::Null)).collect();
    let keys = message::keys_of(&Value::Object(keys));
    match &mapping.messages {
        Some(path) => format!("no `{}` in the record; it has {keys}", short(path)),
        None => {
            let of_objects = |raw: &RawValue| {
                let begin: String = raw.get().chars().filter(|c| !c.is_whitespace()).take(2).collect();
                begin == "[{"
            };
            let list = fields.iter().find(|(_, raw)| of_objects(raw));
            let offer = list.map_or("KEY".to_owned(), |(key, _)| short(key));
            format!(
                "no list of messages in the record; it has {keys}; name the key with --map messages={offer}"
            )
        }
    }
}

/// serde_json's message, with the place in words; a line is always line 1.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    let what = if what.contains("hex escape") { "a lone surrogate or broken \\u escape" } else { what };
    // What serde_json expected instead may quote the value.
    let what = if what.starts_with("invalid type") { "no JSON object" } else { what };
    let cut = if error.is_eof() { ": the record is cut" } else { "" };
    format!("{what} (column {}){cut}", error.column())
}

/// The columns of a record, in their order, unparsed.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    fields.push((key, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A key, borrowed where it can be.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

//! The full parser: it takes every line that can be used, and says why any other cannot.

use std::borrow::Cow;
use std::fmt;

use rejoinder_core::{Message, Role, ToolUse};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::columns::{JsonColumn, MESSAGES, OTHER_MESSAGES, RecordColumns};
use super::error::RecordError;
use super::mapping::Mapping;
use crate::message::{self, ParsedMessage};

/// Why a line cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ParseFailure {
    /// The line is no JSON.
    Syntax(RecordError),
    /// The line is JSON, and no conversation.
    Content(RecordError),
}

/// Parses a line.
///
/// # Errors
/// Why the record is set aside.
pub(super) fn columns<'a, 'm>(
    text: &'a str,
    mapping: &'m Mapping,
) -> Result<RecordColumns<'a, 'm>, ParseFailure> {
    let syntax = |e: serde_json::Error| ParseFailure::Syntax(reason(&e));
    let mut columns = RecordColumns::new(mapping);
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
        None => return Err(ParseFailure::Content(without_messages(&fields, mapping).into())),
    }
    fields.into_iter().for_each(|(key, raw)| columns.push(key, JsonColumn::from(raw)));
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

/// The value inside a column that the mapping's path leads to.
fn inside<'v>(value: &'v Value, key: &str, mapping: &Mapping) -> Result<&'v Value, ParseFailure> {
    let path = mapping.messages.as_deref().filter(|path| *path != key);
    let Some(rest) = path.and_then(|path| path.split_once('.')).map(|(_, rest)| rest) else {
        return Ok(value);
    };
    value.as_object().and_then(|fields| message::named(fields, rest)).ok_or_else(|| {
        let path = mapping.messages.as_deref().unwrap_or_default().escape_debug().to_string();
        let keys = message::keys_of(value);
        ParseFailure::Content(
            format!("no `{path}` in the record: `{}` has {keys}", key.escape_debug()).into(),
        )
    })
}

fn take(columns: &mut RecordColumns<'_, '_>, list: &Value) -> Result<(), ParseFailure> {
    let said = message::messages(list, columns.mapping()).map_err(ParseFailure::Content)?;
    check(said.iter().map(|one| one.role)).map_err(ParseFailure::Content)?;
    let (messages, tools, media) = parted(said);
    columns.messages = Some(messages);
    (columns.tools, columns.media) = (tools, media);
    Ok(())
}

/// Checks that a conversation can be used.
///
/// # Errors
/// If no message is a user's.
pub(super) fn check(mut roles: impl Iterator<Item = Role>) -> Result<(), RecordError> {
    match roles.any(|role| role == Role::User) {
        true => Ok(()),
        false => Err(RecordError::NoUserMessage),
    }
}

/// The messages, the calls and results of tools beside them, and the indices of those with media and without text.
pub(super) fn parted(said: Vec<ParsedMessage>) -> (Vec<Message<'static>>, Vec<ToolUse>, Vec<usize>) {
    let (mut tools, mut media) = (Vec::new(), Vec::new());
    let messages = said.into_iter().enumerate().map(|(at, said)| {
        tools.extend(said.tools.into_iter().map(|part| ToolUse { message: at, part }));
        media.extend(said.is_media.then_some(at));
        Message::new(said.role, said.text).at(said.time)
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
pub(crate) fn reason(error: &serde_json::Error) -> RecordError {
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    let what = if what.contains("hex escape") { "a lone surrogate or broken \\u escape" } else { what };
    // What serde_json expected instead may quote the value.
    let what = if what.starts_with("invalid type") { "no JSON object" } else { what };
    let cut = if error.is_eof() { ": the record is cut" } else { "" };
    RecordError::NotJson(format!("{what} (column {}){cut}", error.column()))
}

/// The columns of a record in their order, not parsed.
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

//! One message of a list: the speaker and the text.

use std::borrow::Cow;

use rejoinder_core::{Role, ToolPart};
use serde_json::{Map, Value};

use super::content::Content;
use super::role::{Speaker, speaker};
use super::{ParsedMessage, keys_of, named, tools};
use crate::json::moment::milliseconds;
use crate::record::Mapping;

/// Keys of the speaker, the surest first.
pub(crate) const ROLES: [&str; 9] =
    ["role", "from", "sender", "author", "speaker", "type", "sender_type", "author_type", "author_role"];
/// Keys of the text, the surest first.
pub(crate) const CONTENTS: [&str; 12] = [
    "content",
    "parts",
    "contents",
    "text",
    "value",
    "message",
    "body",
    "utterance",
    "mes",
    "msg",
    "contentParts",
    "message_text",
];
/// Keys under which more of a message may stand than its text.
pub(crate) const ELSEWHERE: [&str; 4] = ["tool_calls", "function_call", "toolInvocations", "parts"];
/// Keys under which a text may stand in the place of one that is blank.
pub(crate) const INSTEAD: [&str; 5] = ["refusal", "audio", "data", "kwargs", "payload"];
/// Keys that say with a truth value whether a person speaks.
const PERSONS: [&str; 6] =
    ["is_user", "isUser", "isCreatedByUser", "is_created_by_user", "from_user", "inbound"];
/// Keys of the time at which a message was written, the surest first.
pub(crate) const TIMES: [&str; 4] = ["timestamp", "created_at", "create_time", "createdAt"];
/// Keys under which a message may stand inside an envelope.
pub(crate) const ENVELOPES: [&str; 4] = ["message", "data", "kwargs", "payload"];

/// Why a value is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MessageProblem {
    /// The role is not known.
    UnknownRole(String),
    /// Any other reason.
    Other(Cow<'static, str>),
}

/// Whether a value is plainly a message: the speaker is known, and there is a content.
pub(crate) fn looks_like_message(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    let holds = |fields: &Map<String, Value>| CONTENTS.iter().any(|key| fields.contains_key(*key));
    let inside = || ENVELOPES.iter().filter_map(|key| fields.get(*key)?.as_object()).any(holds);
    (holds(fields) || inside()) && matches!(who(fields, &Mapping::default()), Ok(Some(_)))
}

/// Reads a message.
///
/// # Errors
/// Why the value is no message.
pub(crate) fn message_of(value: &Value, mapping: &Mapping) -> Result<ParsedMessage, MessageProblem> {
    let mut said = said(value, mapping)?;
    said.time = said.time.or_else(|| TIMES.iter().find_map(|key| milliseconds(value.get(key)?)));
    Ok(said)
}

fn said(value: &Value, mapping: &Mapping) -> Result<ParsedMessage, MessageProblem> {
    let Some(fields) = value.as_object() else {
        let what = match value {
            Value::String(_) => "a text without a role",
            Value::Array(_) => "a list",
            _ => "a mere value",
        };
        return Err(MessageProblem::Other(format!("{what} in the place of a message").into()));
    };
    let Some(speaker) = who(fields, mapping)? else {
        return without_role(value, mapping).ok_or_else(|| {
            let key = mapping.role.as_deref().unwrap_or("role");
            MessageProblem::Other(
                format!("a message without `{}`; it has {}", key.escape_debug(), keys_of(value)).into(),
            )
        });
    };
    let (mut content, is_there) = content(fields, mapping);
    let role = match speaker {
        Speaker::Role(role) => role,
        Speaker::Thinking => return Ok(ParsedMessage::of(Role::Assistant, Content::default())),
        Speaker::Call => {
            let calls = tools::written(&content.text);
            if calls.is_empty() && content.tools.is_empty() {
                Role::Tool
            } else {
                content.text.clear();
                content.tools.extend(calls);
                Role::Assistant
            }
        }
    };
    if !is_there && role != Role::Assistant && content.is_nothing() {
        let key = mapping.content.as_deref().unwrap_or("content");
        let reason = format!("a message without `{}`; it has {}", key.escape_debug(), keys_of(value));
        return Err(MessageProblem::Other(reason.into()));
    }
    if role == Role::Tool && !content.tools.iter().any(|part| matches!(part, ToolPart::Result { .. })) {
        let ToolPart::Result { id, name, .. } = tools::result(fields) else {
            unreachable!("it makes results")
        };
        content.tools.push(ToolPart::Result { id, name, text: content.text.clone() });
    }
    Ok(ParsedMessage::of(role, content))
}

/// The speaker; `None` where no key names one.
fn who(fields: &Map<String, Value>, mapping: &Mapping) -> Result<Option<Speaker>, MessageProblem> {
    if let Some(path) = &mapping.role {
        return match named(fields, path) {
            Some(Value::String(name)) => {
                speaker(mapping, name).map(Some).ok_or_else(|| MessageProblem::UnknownRole(name.clone()))
            }
            Some(Value::Number(number)) => {
                let name = number.to_string();
                speaker(mapping, &name).map(Some).ok_or(MessageProblem::UnknownRole(name))
            }
            Some(Value::Bool(is_person)) => Ok(Some(of_person(*is_person))),
            _ => Ok(None),
        };
    }
    let mut unknown = None;
    for key in ROLES {
        let name = match fields.get(key) {
            Some(Value::String(name)) => name,
            Some(Value::Object(author)) => {
                let inner = ["role", "type", "name"].iter().find_map(|key| author.get(*key)?.as_str());
                let Some(name) = inner else { continue };
                match speaker(mapping, name) {
                    Some(speaker) => return Ok(Some(speaker)),
                    None => continue,
                }
            }
            _ => continue,
        };
        match speaker(mapping, name) {
            Some(speaker) => return Ok(Some(speaker)),
            // A kind of record is no role.
            None if key == "type" => {}
            None => drop(unknown.get_or_insert_with(|| name.clone())),
        }
    }
    let person = PERSONS.iter().find_map(|key| match fields.get(*key)? {
        Value::Bool(is_person) => Some(*is_person),
        Value::String(word) => word.to_ascii_lowercase().parse().ok(),
        _ => None,
    });
    if let Some(is_person) = person {
        return Ok(Some(of_person(is_person)));
    }
    // LangChain names the class of a message at the end of its `id`.
    let class = fields.get("id").and_then(Value::as_array).and_then(|path| path.last()?.as_str());
    if let Some(speaker) = class.and_then(|class| speaker(mapping, class)) {
        return Ok(Some(speaker));
    }
    if let Some(name) = unknown {
        return Err(MessageProblem::UnknownRole(name));
    }
    match ENVELOPES.iter().find_map(|key| fields.get(*key)?.as_object()) {
        Some(inner) => who(inner, mapping),
        None => Ok(None),
    }
}

const fn of_person(is_person: bool) -> Speaker {
    Speaker::Role(if is_person { Role::User } else { Role::Assistant })
}

/// The content, and whether the message has a key for one at all.
fn content(fields: &Map<String, Value>, mapping: &Mapping) -> (Content, bool) {
    let mut found = Content::default();
    let mut is_there = false;
    if let Some(path) = &mapping.content {
        if let Some(value) = named(fields, path) {
            is_there = true;
            found = Content::of(value);
        }
    } else {
        for key in CONTENTS {
            let Some(value) = fields.get(key) else { continue };
            is_there = true;
            let is_envelope = value.is_object() && ENVELOPES.contains(&key);
            let next = if is_envelope { Content::default() } else { Content::of(&written(value)) };
            if found.text.trim().is_empty() && !next.is_nothing() {
                let mut tools = std::mem::take(&mut found.tools);
                let has_media = found.has_media;
                found = next;
                tools.append(&mut found.tools);
                (found.tools, found.has_media) = (tools, has_media | found.has_media);
            } else {
                if found.text.is_empty() {
                    found.text = next.text;
                }
                if found.tools.is_empty() {
                    found.tools = next.tools;
                }
            }
        }
    }
    if found.tools.is_empty() {
        found.tools = tools::beside(fields);
    }
    if found.text.trim().is_empty() {
        let transcript = fields.get("audio").and_then(|audio| audio.get("transcript"));
        let instead = [fields.get("refusal"), transcript];
        if let Some(text) = instead.into_iter().flatten().find_map(Value::as_str) {
            text.clone_into(&mut found.text);
        }
    }
    if found.is_nothing() && mapping.content.is_none() {
        for inner in ENVELOPES.iter().filter_map(|key| fields.get(*key)?.as_object()) {
            let (inside, has_place) = content(inner, mapping);
            is_there |= has_place;
            if !inside.is_nothing() {
                return (inside, true);
            }
        }
    }
    (found, is_there)
}

/// The parts of a content, where they are written as a text of JSON, as tables and attributes do; any other content as it is.
fn written(content: &Value) -> Cow<'_, Value> {
    match content {
        Value::String(text) if may_be_parts(text) => match serde_json::from_str(text) {
            Ok(Value::Array(parts)) if !parts.is_empty() && parts.iter().all(Content::is_part) => {
                Cow::Owned(Value::Array(parts))
            }
            _ => Cow::Borrowed(content),
        },
        _ => Cow::Borrowed(content),
    }
}

/// Whether a text may be a list of parts, told by the beginning of the text.
pub(crate) fn may_be_parts(text: &str) -> bool {
    text.starts_with("[{")
}

/// A message without a role that still tells the speaker: a call, a result, or a step of thinking.
fn without_role(value: &Value, mapping: &Mapping) -> Option<ParsedMessage> {
    if mapping.role.is_some() {
        return None;
    }
    let kind = value.get("type")?.as_str()?;
    let content = Content::of(value);
    let role = match content.tools.first() {
        Some(ToolPart::Call { .. }) => Role::Assistant,
        Some(ToolPart::Result { .. }) => Role::Tool,
        None if content.is_nothing() && kind.contains("reasoning") => Role::Assistant,
        None => return None,
    };
    Some(ParsedMessage::of(role, content))
}

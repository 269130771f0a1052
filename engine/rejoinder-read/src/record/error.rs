//! Why a record is set aside.

use std::borrow::Cow;
use std::{error, fmt};

/// Why a record is set aside. The text is what the quarantine says, and does not quote what was said in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// The record is not UTF-8 from this byte on.
    NotUtf8 {
        /// The first byte that is part of no character.
        byte: usize,
    },
    /// The record is not JSON, in the words of the parser.
    NotJson(String),
    /// The record is longer than the limit.
    TooLong {
        /// The length of the record.
        bytes: u64,
        /// The most that a record may have.
        limit: usize,
    },
    /// Messages have roles that neither the program nor the mapping knows: each name once.
    UnknownRoles(Vec<String>),
    /// No message of the conversation is a user's.
    NoUserMessage,
    /// One value in a list of messages is no message.
    BadMessage {
        /// The place in the list, from 0.
        index: usize,
        /// What the value is instead.
        reason: Cow<'static, str>,
    },
    /// The record lacks a part of its shape, or has a part in another form.
    Structure(Cow<'static, str>),
}

impl From<&'static str> for RecordError {
    fn from(reason: &'static str) -> Self {
        Self::Structure(Cow::Borrowed(reason))
    }
}

impl From<String> for RecordError {
    fn from(reason: String) -> Self {
        Self::Structure(Cow::Owned(reason))
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { byte } => write!(f, "not UTF-8 at byte {byte}"),
            Self::NotJson(reason) => f.write_str(reason),
            Self::TooLong { bytes, limit } => write!(
                f,
                "the record has {bytes} bytes, more than the limit of {limit} ([input] max-record-bytes)"
            ),
            Self::UnknownRoles(names) => unknown_roles(names, f),
            Self::NoUserMessage => f.write_str("no user message in the conversation"),
            Self::BadMessage { index, reason } => write!(f, "message {index}: {reason}"),
            Self::Structure(reason) => f.write_str(reason),
        }
    }
}

impl error::Error for RecordError {}

fn unknown_roles(names: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const SHOWN: usize = 6;
    let short = |name: &String| -> String { name.chars().take(40).flat_map(char::escape_debug).collect() };
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", short(name))).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    let roles = if names.len() > 1 { "unknown roles" } else { "unknown role" };
    let first = names.first().map(short).unwrap_or_default();
    write!(f, "{roles} {}; say who is who with --map 'roles.{first}=user' and the like", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_unknown_names_are_told_together() {
        let error = RecordError::UnknownRoles(vec!["Narrator".to_owned(), "x\n".to_owned()]);
        let text = error.to_string();
        assert!(text.starts_with("unknown roles `Narrator`, `x\\n`; say who is who"), "{text}");
    }
}

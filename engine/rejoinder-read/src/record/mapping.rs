//! The names that a source gives to keys and roles.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use rejoinder_core::Role;
use serde::{Deserialize, Serialize};

/// The names of the keys in records of an unknown shape (`[input] map`). A name leads to the key of that name; where there is no
/// such key, dots in the name lead into objects, as in `chat.messages`.
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
    /// For each of the source's names of roles one of `system`, `user`, `assistant` and `tool`.
    pub roles: BTreeMap<String, String>,
}

impl Mapping {
    /// Checks that every name is mapped to a role.
    ///
    /// # Errors
    /// If a name is mapped to something that is no role.
    pub fn check(&self) -> Result<(), MappingError> {
        match self.roles.iter().find(|(_, to)| standard_role(to).is_none()) {
            Some((from, to)) => Err(MappingError { name: from.clone(), role: to.clone() }),
            None => Ok(()),
        }
    }

    /// Key of a message's role.
    pub(crate) fn role_key(&self) -> &str {
        self.role.as_deref().unwrap_or("role")
    }

    /// Key of a message's text.
    pub(crate) fn content_key(&self) -> &str {
        self.content.as_deref().unwrap_or("content")
    }

    /// The role that the source calls `name`.
    pub(crate) fn role(&self, name: &str) -> Option<Role> {
        match self.roles.get(name) {
            Some(mapped) => standard_role(mapped),
            None => standard_role(name),
        }
    }
}

/// The mapping turns the source's name of a role into something that is no role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingError {
    /// The source's name.
    pub name: String,
    /// What the mapping has for the name.
    pub role: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "map.roles turns `{}` into `{}`, which is none of system, user, assistant, tool",
            self.name.escape_debug(),
            self.role.escape_debug()
        )
    }
}

impl Error for MappingError {}

fn standard_role(name: &str) -> Option<Role> {
    Some(match name {
        "user" | "human" | "prompter" => Role::User,
        "assistant" | "gpt" | "model" | "bot" | "chatgpt" | "bing" | "bard" => Role::Assistant,
        "system" | "developer" => Role::System,
        "tool" | "function" | "observation" => Role::Tool,
        _ => return None,
    })
}

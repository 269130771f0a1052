//! How a source names things: the keys of its shape and its roles.

use std::collections::BTreeMap;

use rejoinder_core::Role;
use serde::{Deserialize, Serialize};

/// Names of the keys in a shape that is not known (`[input] map`). A name leads to the key of that name, and else dots in
/// it lead into objects: `chat.messages`.
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

fn standard_role(name: &str) -> Option<Role> {
    Some(match name {
        "user" | "human" | "prompter" => Role::User,
        "assistant" | "gpt" | "model" | "bot" | "chatgpt" | "bing" | "bard" => Role::Assistant,
        "system" | "developer" => Role::System,
        "tool" | "function" | "observation" => Role::Tool,
        _ => return None,
    })
}

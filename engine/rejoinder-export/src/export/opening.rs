//! How a conversation opens: rows that begin alike tell a model much about each other.

use std::fmt;

use rejoinder_core::Role;
use serde::{Serialize, Serializer};

use super::chat::ChatMessage;

/// A hash of the messages up to the first user message, that message included, as a model is trained on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpeningHash([u8; 16]);

impl OpeningHash {
    /// The opening of a conversation with this prompt.
    pub fn of(prompt: &[ChatMessage]) -> Self {
        let first = prompt.iter().position(|message| message.role == Role::User);
        let end = first.map_or(prompt.len(), |first| first + 1);
        let mut hasher = blake3::Hasher::new();
        prompt[..end].iter().for_each(|message| add_message(&mut hasher, message));
        let mut hash = [0; 16];
        hasher.finalize_xof().fill(&mut hash);
        Self(hash)
    }

    /// The bytes of the hash.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// 32 letters of hex.
impl fmt::Display for OpeningHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for OpeningHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Adds a message to a hash.
pub(super) fn add_message(hasher: &mut blake3::Hasher, message: &ChatMessage) {
    add_text(hasher, message.role.name(), &message.content);
    for call in &message.calls {
        add_text(hasher, "name", &call.name);
        add_text(hasher, "arguments", &call.arguments);
    }
    if let Some(call) = &message.answers {
        add_text(hasher, "answers", &call.id.to_string());
    }
}

/// Adds a text to a hash, with a word for what the text is.
pub(super) fn add_text(hasher: &mut blake3::Hasher, what: &str, text: &str) {
    hasher.update(what.as_bytes());
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(prompt: &[(Role, &str)]) -> OpeningHash {
        let messages: Vec<_> = prompt.iter().map(|(role, text)| ChatMessage::new(*role, *text)).collect();
        OpeningHash::of(&messages)
    }

    #[test]
    fn all_up_to_the_first_request_counts_and_nothing_after_it() {
        let (system, user, assistant) = (Role::System, Role::User, Role::Assistant);
        let first = opening(&[(system, "be kind"), (user, "q")]);
        assert_eq!(first, opening(&[(system, "be kind"), (user, "q"), (assistant, "a"), (user, "r")]));
        for other in [
            &[(user, "q")][..],
            &[(system, "be kin"), (user, "dq")],
            &[(system, "be kind"), (user, "Q")],
            &[(user, "be kind"), (user, "q")],
        ] {
            assert_ne!(first, opening(other), "{other:?}");
        }
        let written = first.to_string();
        assert!(written.len() == 32 && written.bytes().all(|b| b.is_ascii_hexdigit()), "{written}");
    }
}

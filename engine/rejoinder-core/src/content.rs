//! The hash of a conversation's content: who said what, one message after the other. The id is left out, since conversations
//! of the same content may have different ids.

use crate::{Conversation, Role};

/// The hash of a sequence of messages, which may grow.
#[derive(Clone, Debug, Default)]
pub struct ContentHash(blake3::Hasher);

impl ContentHash {
    /// The hash of a whole conversation.
    pub fn of(conversation: &Conversation<'_>) -> Self {
        let mut hash = Self::default();
        conversation.messages.iter().for_each(|message| hash.add(message.role, &message.text));
        hash
    }

    /// Adds a message.
    pub fn add(&mut self, role: Role, text: &str) {
        self.0.update(&[role as u8]);
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    /// The first 64 bits of the hash: among a million conversations, two are taken for one with a chance below one in 10⁷.
    pub fn short(&self) -> u64 {
        self.0.finalize().as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// The first 128 bits of the hash, in hex.
    pub fn hex(&self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}

//! Marks by which a conversation that was forgotten is known again, and which tell nothing of the conversation.

use rejoinder_core::{ContentHash, Conversation};

use super::InputFile;

/// The mark of all conversations with an id.
pub fn of_id(id: &str) -> u64 {
    short(blake3::Hasher::new_derive_key("rejoinder: id of a forgotten conversation").update(id.as_bytes()))
}

/// The mark of all conversations that say the same.
pub fn of_content(conversation: &Conversation<'_>) -> u64 {
    let content = ContentHash::of(conversation).short().to_le_bytes();
    short(blake3::Hasher::new_derive_key("rejoinder: content of a forgotten conversation").update(&content))
}

fn short(hasher: &blake3::Hasher) -> u64 {
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

impl InputFile {
    /// Whether a conversation of the file was forgotten before it came in.
    pub fn was_forgotten(&self, ordinal: u64, conversation: &Conversation<'_>) -> bool {
        let has = |mark: u64| self.forgotten_marks.contains(&mark);
        !self.forgotten_marks.is_empty()
            && self.night_of(ordinal) > 0
            && (has(of_id(&conversation.id)) || has(of_content(conversation)))
    }

    /// Files whose readers give the forgotten conversations, too: to know what says the same as these.
    pub fn with_forgotten(files: &[Self]) -> Vec<Self> {
        files.iter().map(|file| Self { forgotten: Default::default(), ..file.clone() }).collect()
    }
}

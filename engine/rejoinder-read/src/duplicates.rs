//! Conversations that a corpus holds more than once, and which count as the same.

use rejoinder_core::{ContentHash, Conversation};
use serde::{Deserialize, Serialize};

/// Which conversations count as the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// No conversation counts as the same as another: all are kept.
    #[default]
    Keep,
    /// Conversations whose messages have the same roles and texts.
    Exact,
    /// Conversations whose messages have the same roles and the same letters and digits, whatever their case, punctuation and
    /// spacing.
    Near,
}

impl Duplicates {
    /// What conversations that count as the same have in common, but for chance: one in 10¹³ for a pair out of a million.
    pub fn fingerprint(self, conversation: &Conversation<'_>) -> u64 {
        let mut hash = ContentHash::default();
        self.add_each(&mut hash, conversation, |_| ());
        hash.short()
    }

    /// The fingerprints of all beginnings of a conversation, by their lengths: of its first message, of its first two, and so on.
    /// The last one is that of the conversation.
    pub fn fingerprints_of_beginnings(self, conversation: &Conversation<'_>) -> Vec<u64> {
        let mut fingerprints = Vec::with_capacity(conversation.messages.len());
        self.add_each(&mut ContentHash::default(), conversation, |hash| fingerprints.push(hash.short()));
        fingerprints
    }

    /// Adds the messages of a conversation to a hash, and shows `visit` the hash after each of them.
    fn add_each(
        self,
        hash: &mut ContentHash,
        conversation: &Conversation<'_>,
        mut visit: impl FnMut(&ContentHash),
    ) {
        let mut words = String::new();
        for message in &conversation.messages {
            let text = match self {
                Self::Near => {
                    words.clear();
                    words.extend(
                        message.text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase),
                    );
                    &words
                }
                Self::Keep | Self::Exact => &*message.text,
            };
            hash.add(message.role, text);
            visit(hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use rejoinder_core::{Message, Role};

    use super::*;

    fn conversation(texts: [&'static str; 2]) -> Conversation<'static> {
        let [user, assistant] = texts;
        let messages = vec![Message::new(Role::User, user), Message::new(Role::Assistant, assistant)];
        Conversation { id: "c".into(), messages }
    }

    #[test]
    fn near_ones_differ_in_case_punctuation_and_spacing_only() {
        let first = conversation(["Sort this list, please", "[1, 2]"]);
        for (texts, is_exact, is_near) in [
            (["Sort this list, please", "[1, 2]"], true, true),
            (["sort  this list please!", "1 2"], false, true),
            (["Sort this list, please", "[1, 3]"], false, false),
            (["Sort this list, please[1,", "2]"], false, false),
        ] {
            let other = conversation(texts);
            let same = |kind: Duplicates| kind.fingerprint(&first) == kind.fingerprint(&other);
            assert_eq!((same(Duplicates::Exact), same(Duplicates::Near)), (is_exact, is_near), "{texts:?}");
        }
    }

    #[test]
    fn a_beginning_has_the_fingerprint_of_the_conversation_that_ends_there() {
        let whole = conversation(["Sort this list, please", "[1, 2]"]);
        let first = Conversation { messages: whole.messages[..1].to_vec(), ..whole.clone() };
        for kind in [Duplicates::Keep, Duplicates::Exact, Duplicates::Near] {
            let expected = [kind.fingerprint(&first), kind.fingerprint(&whole)];
            assert_eq!(kind.fingerprints_of_beginnings(&whole), expected);
        }
    }
}

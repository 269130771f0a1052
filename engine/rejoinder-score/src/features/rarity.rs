//! How rare words are in a corpus, counted text by text.

use rejoinder_core::fold::Folded;
use rejoinder_core::{Conversation, Role};

use super::words::{WordList, fold_ends};
use super::{Idf, KnownWords, TURN, idf};

/// Learns how rare words are.
#[derive(Clone, Debug, Default)]
pub struct Rarity {
    counter: idf::Counter,
    folded: Folded,
    buffer: String,
    words: WordList,
}

impl Rarity {
    /// Counts a text's words.
    pub fn add(&mut self, text: &str) {
        fold_ends(text, TURN.0, TURN.1, &mut self.folded, &mut self.buffer);
        self.words.read(self.folded.text());
        self.counter.add(&self.words);
    }

    /// What was learned.
    pub fn finish(&self) -> Idf {
        self.counter.finish()
    }

    /// The words of all conversations but this one, which was counted, too: a corpus can so be measured beside itself.
    pub fn without(&mut self, conversation: &Conversation<'_>) -> KnownWords<'_> {
        let mut own = idf::Counter::default();
        for message in conversation.messages.iter().filter(|message| message.role == Role::User) {
            fold_ends(&message.text, TURN.0, TURN.1, &mut self.folded, &mut self.buffer);
            self.words.read(self.folded.text());
            own.add(&self.words);
        }
        KnownWords::Counted { all: &self.counter, own }
    }
}

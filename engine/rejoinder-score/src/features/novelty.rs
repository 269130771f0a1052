//! Which words of a turn are new to a model.

use rejoinder_core::fold::Folded;

use super::TURN;
use super::idf::{Counter, Idf};
use super::words::{Word, WordList, fold_ends};

/// Words that are not new.
#[derive(Clone, Debug)]
pub enum KnownWords<'a> {
    /// Those of a model.
    Model(&'a Idf),
    /// Those of some texts but for one conversation's.
    #[doc(hidden)]
    Counted { all: &'a Counter, own: Counter },
}

impl KnownWords<'_> {
    /// Whether a word is new; nothing where no words were ever counted.
    fn lack(&self, word: Word) -> Option<bool> {
        match self {
            Self::Model(idf) => idf.is_new(word),
            Self::Counted { all, own } => Some(all.texts_with(word) <= own.texts_with(word)),
        }
    }
}

/// Words that a turn must have: fewer are a matter of chance.
const ENOUGH: usize = 4;

/// Reads words of turns.
#[derive(Debug, Default)]
pub struct WordReader {
    folded: Folded,
    buffer: String,
    words: WordList,
}

impl WordReader {
    /// Which share of a turn's words is new, in its beginning and its end; nothing for a turn of a few words.
    pub fn new_share(&mut self, text: &str, known: &KnownWords<'_>) -> Option<f32> {
        fold_ends(text, TURN.0, TURN.1, &mut self.folded, &mut self.buffer);
        self.words.read_ordered(self.folded.text());
        let words = &self.words.ordered;
        if words.len() < ENOUGH {
            return None;
        }
        let mut new = 0;
        for word in words {
            new += usize::from(known.lack(*word)?);
        }
        Some(new as f32 / words.len() as f32)
    }
}

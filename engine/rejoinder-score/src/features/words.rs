//! A text as hashed words, of which bags, runs and frames are compared without touching the text again.

use rejoinder_core::change::is_form_word;
use rejoinder_core::fold::{Folded, words};

use super::hash;

/// A word as 30 bits of hash and two flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word(u32);

impl Word {
    const CONTENT: u32 = 1;
    const DIGIT: u32 = 2;

    pub(crate) fn new(word: &str) -> Self {
        let digit = word.bytes().any(|b| b.is_ascii_digit());
        let content = digit || (word.len() >= 3 && !is_form_word(word));
        let hash = (hash::text(0, word) >> 32) as u32 & !3;
        Self(hash | u32::from(content) * Self::CONTENT | u32::from(digit) * Self::DIGIT)
    }

    /// The hash.
    pub(crate) const fn hash(self) -> u32 {
        self.0 >> 2
    }

    /// Carries content rather than form.
    pub(crate) const fn is_content(self) -> bool {
        self.0 & Self::CONTENT != 0
    }

    /// Has a digit.
    pub(crate) const fn has_digit(self) -> bool {
        self.0 & Self::DIGIT != 0
    }
}

/// The words of one text: in their order, and sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct WordList {
    pub(crate) ordered: Vec<Word>,
    pub(crate) sorted: Vec<Word>,
}

impl WordList {
    /// Reads folded text, replacing the content.
    pub(crate) fn read(&mut self, folded: &str) {
        self.ordered.clear();
        self.ordered.extend(words(folded).map(Word::new));
        self.sorted.clone_from(&self.ordered);
        self.sorted.sort_unstable();
    }

    pub(crate) fn len(&self) -> usize {
        self.ordered.len()
    }
}

/// Folds the beginning and the end of a text, which is all of it where it is short.
pub(crate) fn fold_ends(text: &str, head: usize, tail: usize, into: &mut Folded, buffer: &mut String) {
    let text = text.trim();
    if text.len() <= head + tail {
        into.fold(text);
        return;
    }
    buffer.clear();
    buffer.push_str(&text[..text.floor_char_boundary(head)]);
    buffer.push('\n');
    buffer.push_str(&text[text.ceil_char_boundary(text.len() - tail)..]);
    into.fold(buffer);
}

//! A text as hashed words: their bags, runs and frames are compared without touching the text again.

use std::sync::LazyLock;

use rejoinder_core::change::form_words;
use rejoinder_core::fold::{Folded, words_with};

use super::hash::WordHash;

/// A word as 30 bits of hash and two flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word(u32);

impl Word {
    const CONTENT: u32 = 1;
    const DIGIT: u32 = 2;

    /// The words of folded text.
    pub(crate) fn all(folded: &str) -> impl Iterator<Item = Self> {
        words_with(folded, WordHash::START, WordHash::with).map(|(at, hash)| Self::new(at.len(), hash))
    }

    fn new(len: usize, hash: WordHash) -> Self {
        let (hash, digit) = hash.finish();
        let hash = (hash >> 32) as u32 & !3;
        let content = digit || (len >= 3 && !is_form(hash));
        let flags = u32::from(content) * Self::CONTENT + u32::from(digit) * Self::DIGIT;
        Self(hash | flags)
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

/// Words of form by a few bits of their hash: one look tells, where a search among them cost more than the hash.
static FORM: LazyLock<[u32; FORM_SLOTS]> = LazyLock::new(|| {
    let mut table = [u32::MAX; FORM_SLOTS];
    for word in form_words() {
        let hash = word.bytes().fold(WordHash::START, WordHash::with).finish().0;
        let hash = (hash >> 32) as u32 & !3;
        let mut slot = form_slot(hash);
        while table[slot] != u32::MAX {
            slot = (slot + 1) % FORM_SLOTS;
        }
        table[slot] = hash;
    }
    table
});
const FORM_SLOTS: usize = 1024;

const fn form_slot(hash: u32) -> usize {
    hash as usize >> 2 & (FORM_SLOTS - 1)
}

fn is_form(hash: u32) -> bool {
    let table = &*FORM;
    let mut slot = form_slot(hash);
    while table[slot] != u32::MAX {
        if table[slot] == hash {
            return true;
        }
        slot = (slot + 1) % FORM_SLOTS;
    }
    false
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
        self.read_ordered(folded);
        self.sorted.clone_from(&self.ordered);
        self.sorted.sort_unstable();
    }

    /// As [`WordList::read`], where nobody asks for the sorted words.
    pub(crate) fn read_ordered(&mut self, folded: &str) {
        self.ordered.clear();
        self.ordered.extend(Word::all(folded));
        self.sorted.clear();
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

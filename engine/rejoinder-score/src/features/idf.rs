//! How rare words are, by hash: sharing a rare word says more than sharing "make".

use std::fmt;

use super::words::{Word, WordList};

const BITS: u32 = 15;
/// Steps of a stored weight in one unit of log rarity.
const STEPS: f32 = 24.0;

/// Log rarity of words; a table of one byte a bucket.
#[derive(Clone, PartialEq, Eq)]
pub struct Idf {
    table: Vec<u8>,
    /// The entry of words that stood in no text; nothing where no words were counted.
    unseen: Option<u8>,
}

/// Numbers by the ten thousand tell a reader nothing.
impl fmt::Debug for Idf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Idf({})", self.table.len())
    }
}

impl Default for Idf {
    /// All words are equally rare.
    fn default() -> Self {
        Self::of_table(vec![STEPS as u8; Self::LEN])
    }
}

impl Idf {
    pub(crate) const LEN: usize = 1 << BITS;

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.table
    }

    /// # Panics
    /// If there are not [`Self::LEN`] bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        assert_eq!(bytes.len(), Self::LEN);
        Self::of_table(bytes.to_vec())
    }

    fn of_table(table: Vec<u8>) -> Self {
        let (least, most) =
            table.iter().fold((u8::MAX, u8::MIN), |(least, most), &n| (least.min(n), most.max(n)));
        Self { table, unseen: (least < most).then_some(most) }
    }

    fn bucket(word: Word) -> usize {
        (word.hash() >> (30 - BITS)) as usize
    }

    /// Whether a word stood in none of the texts that were counted, or was the rarest of all; nothing where none were.
    pub(crate) fn is_new(&self, word: Word) -> Option<bool> {
        Some(self.table[Self::bucket(word)] == self.unseen?)
    }

    pub(crate) fn of(&self, word: Word) -> f32 {
        f32::from(self.table[Self::bucket(word)]) / STEPS
    }
}

/// Counts in how many texts words stand.
#[derive(Clone, Debug)]
pub struct Counter {
    texts: u32,
    counts: Vec<u32>,
}

impl Default for Counter {
    fn default() -> Self {
        Self { texts: 0, counts: vec![0; Idf::LEN] }
    }
}

impl Counter {
    pub(crate) fn add(&mut self, text: &WordList) {
        self.texts += 1;
        let mut last = None;
        for &word in &text.sorted {
            if last.replace(word) != Some(word) {
                self.counts[Idf::bucket(word)] += 1;
            }
        }
    }

    pub(crate) fn finish(&self) -> Idf {
        let all = (self.texts + 1) as f32;
        let table =
            self.counts.iter().map(|&n| ((all / (n + 1) as f32).ln() * STEPS).clamp(1.0, 255.0) as u8);
        Idf::of_table(table.collect())
    }

    /// In how many texts a word stands.
    pub(crate) fn texts_with(&self, word: Word) -> u32 {
        self.counts[Idf::bucket(word)]
    }
}

//! How alike two user turns are, for everything that compares a similarity with a bound of its own: rules
//! (`similar-to-earlier`) and plugins.
//!
//! The measure is the Dice coefficient of the two multisets of words (folded; one character is a word in scripts without
//! spaces): 1 for the same words in any order, 0 for no word in common.
//!
//! The learned score uses [`WordBag`] where it looks back at a turn from what came after (training's hindsight). How a turn
//! relates to earlier ones it measures itself (`features/likeness.rs` of `rejoinder-score`): the same coefficient over the
//! same words is one of its features, counted in the pass that also weighs words by rarity, and beside it stand runs of
//! words and of bytes. Those features are part of the model's format, so they change with a new feature version only.

use crate::fold::{Folded, words_with};

/// The multiset of a text's words, as sorted 64-bit hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordBag(Vec<u64>);

impl WordBag {
    /// The words of folded text.
    pub fn of_folded(folded: &str) -> Self {
        let mut hashes = Vec::with_capacity(folded.len() / WORD_BYTES + 1);
        hashes.extend(words_with(folded, FIRST_HASH, hash).map(|(_, hash)| hash));
        hashes.sort_unstable();
        Self(hashes)
    }

    /// The words of any text.
    pub fn new(text: &str) -> Self {
        Self::of_folded(Folded::new(text).text())
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no words.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of words in common, each counted as often as both hold it.
    pub fn common(&self, other: &Self) -> usize {
        let (mut i, mut j, mut common) = (0, 0, 0);
        while i < self.0.len() && j < other.0.len() {
            // Without a branch, which nothing could foretell.
            let (x, y) = (self.0[i], other.0[j]);
            common += usize::from(x == y);
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
        common
    }

    /// Dice coefficient in [0, 1]: 2·|A∩B| / (|A|+|B|); 0 where either is empty.
    pub fn dice(&self, other: &Self) -> f32 {
        if self.is_empty() || other.is_empty() {
            return 0.0;
        }
        2.0 * self.common(other) as f32 / (self.len() + other.len()) as f32
    }
}

/// Most texts have a word in so many bytes at most.
const WORD_BYTES: usize = 4;

const FIRST_HASH: u64 = 0xcbf2_9ce4_8422_2325;

/// Mixes a word byte by byte (FNV-1a): the bags are never exposed to an attacker who gains by collisions.
const fn hash(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_words_are_one_and_disjoint_words_zero() {
        let a = WordBag::new("Sort this LIST, please");
        assert_eq!(a.dice(&WordBag::new("please sort this list")), 1.0);
        assert_eq!(a.dice(&WordBag::new("bonjour")), 0.0);
        assert_eq!(a.dice(&WordBag::new("")), 0.0);
    }

    #[test]
    fn counts_repeated_words() {
        assert_eq!(WordBag::new("a a b").common(&WordBag::new("a a a")), 2);
    }
}

//! A uniform draw without replacement from turns that come in any order, on any number of threads: those with the lowest
//! hashes under a seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rejoinder_core::random::splitmix;
use rejoinder_core::{Category, RecordId};
use rejoinder_export::labels::{self, Label};
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};
use serde::{Deserialize, Serialize};

use crate::spool_row::SpoolRow;

/// A draw under way: the turns with the lowest hashes so far.
pub struct UniformDraw<T> {
    most: usize,
    /// The number of turns to draw from, as far as it is known; else 0.
    of: u64,
    bound: HashBound,
    found: Vec<(u64, T)>,
}

/// The highest hash that can still be drawn, as far as is known.
#[derive(Clone)]
pub struct HashBound(Arc<AtomicU64>);

impl HashBound {
    /// Whether a turn with this hash may be among the lowest.
    pub fn admits(&self, hash: u64) -> bool {
        hash <= self.0.load(Ordering::Relaxed)
    }
}

impl<T> UniformDraw<T> {
    /// A draw of `most` turns from about `of` turns; `of` is 0 where nobody knows the number.
    pub fn new(most: usize, of: u64) -> Self {
        // Four times as high as is needed on average, and so high enough but for a miracle.
        let guess = (most as f64 * 4.0 + 40.0) / of as f64;
        let bound = if guess < 1.0 { (guess * u64::MAX as f64) as u64 } else { u64::MAX };
        Self { most, of, bound: HashBound(Arc::new(bound.into())), found: Vec::new() }
    }

    /// The bound of the hashes, for any thread to ask before work is put into a turn.
    pub fn bound(&self) -> HashBound {
        self.bound.clone()
    }

    /// Adds turns with the hash of each turn.
    pub fn add(&mut self, turns: Vec<(u64, T)>) {
        self.found.extend(turns);
        if self.found.len() > self.most {
            self.found.sort_by_key(|(hash, _)| *hash);
            self.found.truncate(self.most);
            self.bound.0.store(self.found.last().map_or(0, |(hash, _)| *hash), Ordering::Relaxed);
        }
    }

    /// Whether the first guess at the bound was too low: draw again, with `of` unknown.
    pub fn is_short(&self) -> bool {
        (self.found.len() as u64) < self.of.min(self.most as u64)
    }

    /// The turns drawn, in no order.
    pub fn found(&self) -> impl Iterator<Item = &T> {
        self.found.iter().map(|(_, turn)| turn)
    }

    /// The turns drawn, with the hash of each turn.
    pub fn into_found(self) -> Vec<(u64, T)> {
        self.found
    }
}

/// By what a turn is told from all others: draws and samples go by this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TurnAddress {
    /// By the shard and the ordinal of the conversation, and the message's index.
    Place,
    /// By the conversation's id, and the message's index: the same however conversations were numbered. In place of the shard stands 0,
    /// in place of the ordinal a hash of the id.
    Conversation,
}

impl TurnAddress {
    /// The address of a conversation's first message; other messages differ in the index alone.
    pub fn of(self, conversation: &ScannedConversation<'_>) -> RecordId {
        match self {
            Self::Place => {
                RecordId { shard: conversation.shard, ordinal: conversation.ordinal, message_index: 0 }
            }
            Self::Conversation => {
                let hash = blake3::hash(conversation.record.conversation.id.as_bytes());
                let beginning = hash.as_bytes().first_chunk().copied().unwrap_or_default();
                // SQLite and most languages know integers of 63 bits.
                RecordId { shard: 0, ordinal: u64::from_le_bytes(beginning) >> 1, message_index: 0 }
            }
        }
    }
}

/// A turn that was drawn, as an oracle is asked about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawnTurn {
    /// What the judge is asked.
    pub row: SpoolRow,
    /// Whether the record has `labels` of its own.
    pub is_labelled: bool,
    /// What the record's labels say of the turn; `None` = no feedback.
    pub label: Option<Category>,
}

impl DrawnTurn {
    /// A turn of a scanned batch.
    pub fn of(
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) -> Self {
        let listed = labels::read(&conversation.record).ok();
        let of_turn = |label: &&Label| label.turn == turn.message_index;
        Self {
            row: SpoolRow::about(engine, scanned, conversation, &[turn]).swap_remove(0),
            is_labelled: listed.is_some(),
            label: listed.iter().flatten().find(of_turn).and_then(|label| label.answer.category()),
        }
    }

    /// The same turn under another address.
    pub(crate) fn under(mut self, address: RecordId) -> Self {
        let row = &mut self.row;
        (row.question.id, row.stretch) = (address, address);
        row.turns.iter_mut().for_each(|record| record.id = address);
        self
    }
}

/// A seed that nobody chose.
pub fn seed() -> u64 {
    fastrand::u64(..1 << 32)
}

/// A number that looks random, a function of seed and turn: rounds of splitmix64 (Steele, Lea and Flood 2014).
pub fn hash(seed: u64, id: RecordId) -> u64 {
    [u64::from(id.shard), id.ordinal, u64::from(id.message_index)]
        .into_iter()
        .fold(splitmix::first(seed), |hash, part| splitmix::first(hash ^ splitmix::first(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_are_found_whatever_the_order_and_a_bound_too_low_is_noticed() {
        let hashes: Vec<u64> =
            (0..1_000).map(|ordinal| hash(9, RecordId { shard: 0, ordinal, message_index: 2 })).collect();
        let drawn = |of: u64, backwards: bool| {
            let mut lowest = UniformDraw::new(20, of);
            let bound = lowest.bound();
            for piece in 0..10 {
                let piece = if backwards { 9 - piece } else { piece };
                let of_piece = hashes[piece * 100..(piece + 1) * 100].iter();
                lowest.add(of_piece.filter(|hash| bound.admits(**hash)).map(|hash| (*hash, *hash)).collect());
            }
            let mut found: Vec<u64> = lowest.found().copied().collect();
            found.sort_unstable();
            (found, lowest.is_short())
        };
        let mut expected = hashes.clone();
        expected.sort_unstable();
        expected.truncate(20);
        assert_eq!(drawn(1_000, false), (expected.clone(), false));
        assert_eq!(drawn(0, true), (expected, false));
        assert!(drawn(1_000_000, false).1);
    }

    #[test]
    fn every_turn_is_as_likely_to_be_drawn() {
        // 400 draws of 10 of 100 turns: each turn is drawn 40 times, give or take.
        let mut drawn = [0_u32; 100];
        for seed in 0..400 {
            let mut hashes: Vec<(u64, usize)> = (0..100)
                .map(|i| {
                    (
                        hash(seed, RecordId { shard: 0, ordinal: i / 4, message_index: (i % 4) as u32 * 2 }),
                        i as usize,
                    )
                })
                .collect();
            hashes.sort_unstable();
            hashes[..10].iter().for_each(|(_, turn)| drawn[*turn] += 1);
        }
        // Variance 36; chi-square with 99 degrees of freedom stays below 149 in 999 of 1,000 cases.
        let chi_square: f64 = drawn.iter().map(|&n| (f64::from(n) - 40.0).powi(2) / 36.0).sum();
        assert!(chi_square < 149.0, "{chi_square}");
    }
}

//! What the plugins before the current one said: columns that are lent to it beside the batch.

use std::ops::Range;

#[cfg(unix)]
use bytemuck::{cast_slice, cast_slice_mut};
use rejoinder_core::{Verdict, Vote};

use crate::abi::verdict;

/// What the plugins before the current one said, a row a candidate.
#[derive(Debug, Default)]
pub(crate) struct EarlierVotes {
    pub plugins: usize,
    pub verdict: Vec<u8>,
    pub category: Vec<u8>,
    pub score: Vec<f32>,
}

impl EarlierVotes {
    /// Forgets all votes.
    pub fn clear(&mut self) {
        self.plugins = 0;
        self.verdict.clear();
        self.category.clear();
        self.score.clear();
    }

    /// Copies the first `plugins` votes of some rows of `votes`, which holds `stride` a candidate.
    pub fn refill(
        &mut self,
        votes: &[Vote],
        stride: usize,
        plugins: usize,
        rows: impl Iterator<Item = usize>,
    ) {
        self.clear();
        self.plugins = plugins;
        for vote in rows.flat_map(|row| &votes[row * stride..][..plugins]) {
            let (verdict, category) = match vote.verdict {
                Verdict::Abstain => (verdict::ABSTAIN, 0),
                Verdict::Accept(category) => (verdict::ACCEPT, category as u8),
                Verdict::Reject => (verdict::REJECT, 0),
                Verdict::Escalate => (verdict::ESCALATE, 0),
            };
            self.verdict.push(verdict);
            self.category.push(category);
            self.score.push(vote.score.unwrap_or(f32::NAN));
        }
    }
}

impl EarlierVotes {
    /// Becomes what was said of the candidates in a range of a whole batch. Returns itself.
    ///
    /// # Panics
    /// If the whole batch has fewer candidates.
    pub fn cut_out(&mut self, whole: &Self, range: &Range<usize>) -> &Self {
        self.clear();
        self.plugins = whole.plugins;
        let votes = range.start * whole.plugins..range.end * whole.plugins;
        self.verdict.extend_from_slice(&whole.verdict[votes.clone()]);
        self.category.extend_from_slice(&whole.category[votes.clone()]);
        self.score.extend_from_slice(&whole.score[votes]);
        self
    }
}

#[cfg(unix)]
impl EarlierVotes {
    /// The columns as they lie in memory.
    pub fn as_bytes(&self) -> [&[u8]; 3] {
        [&self.verdict, &self.category, cast_slice(&self.score)]
    }

    /// Room for what `plugins` said of `n` candidates, in the order of [`Self::as_bytes`].
    pub fn make_room(&mut self, n: usize, plugins: usize) -> [&mut [u8]; 3] {
        self.plugins = plugins;
        self.verdict.resize(n * plugins, 0);
        self.category.resize(n * plugins, 0);
        self.score.resize(n * plugins, f32::NAN);
        [&mut self.verdict, &mut self.category, cast_slice_mut(&mut self.score)]
    }
}

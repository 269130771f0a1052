//! The draw: which turns, and what became of each.

use std::num::NonZeroUsize;

use rejoinder_core::RecordId;
use rejoinder_core::random::splitmix::{GAMMA, mix};
use rejoinder_scan::Engine;

use super::filter::TurnFilter;
use super::listing;
use super::marked::MarkedTurns;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::outcome::TurnOutcome;
use crate::scan;

/// How many turns are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawSize {
    /// All that fit.
    All,
    /// So many at most.
    Most(usize),
}

/// A turn, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawnTurn {
    /// The turn's address.
    pub id: RecordId,
    /// What became of the turn.
    pub outcome: TurnOutcome,
    /// Where the feedback stands in the turn, in bytes, if the turn was found to be feedback.
    pub span: Option<(usize, usize)>,
}

/// Turns that were drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnDraw {
    /// The turns, in input order.
    pub turns: Vec<DrawnTurn>,
    /// How many turns the draw was from.
    pub fitting: u64,
    /// Whether the run has read its whole input; else the draw was from what it has read.
    pub is_whole: bool,
}

/// Draws evenly from the later turns that a run has decided about and that fit a filter. Another seed draws other turns.
/// `engine` is the run's.
///
/// # Errors
/// If the run or its input cannot be read, or is not what it was.
pub fn draw(
    run: &RunDir,
    engine: &Engine,
    filter: &TurnFilter,
    size: DrawSize,
    seed: u64,
    threads: NonZeroUsize,
) -> Result<TurnDraw, RunError> {
    let is_whole = scan::is_complete(run)?;
    let mut urn = Urn { size, seed, drawn: Vec::new(), fitting: 0 };
    let lists_all = filter.wants_unmarked(&engine.rules);
    let mut marked = MarkedTurns::new(run, filter, lists_all)?.peekable();
    let is_wanted = |outcome, is_hit| is_hit && filter.fits(outcome);
    if !lists_all {
        for row in marked {
            let row = row?;
            if is_wanted(row.turn.outcome, filter.wants_hit(&row.rules)) {
                urn.add(row.turn);
            }
        }
        return Ok(TurnDraw { is_whole, ..urn.end() });
    }
    listing::list(run, engine, filter, threads, |listed| {
        let row = marked.next_if(|row| row.as_ref().map_or(true, |row| row.turn.id <= listed.id));
        let turn = match row.transpose()? {
            Some(row) if row.turn.id < listed.id => return Err(gone(row.turn.id)),
            Some(row) => row.turn,
            None => DrawnTurn { id: listed.id, outcome: TurnOutcome::Rejected, span: None },
        };
        if is_wanted(turn.outcome, listed.is_hit) {
            urn.add(turn);
        }
        Ok(())
    })?;
    match marked.next() {
        Some(row) => Err(gone(row?.turn.id)),
        None => Ok(TurnDraw { is_whole, ..urn.end() }),
    }
}

/// The input lacks a turn of the run.
pub(super) fn gone(id: RecordId) -> RunError {
    RunError::InputChanged(id, "there is no such later turn".to_owned())
}

/// The turns with the smallest ranks are an even sample, whatever the order they come in.
struct Urn {
    size: DrawSize,
    seed: u64,
    drawn: Vec<(u64, DrawnTurn)>,
    fitting: u64,
}

/// So many turns more than wanted are kept before the turns are sorted.
const SPARE: usize = 4096;

impl Urn {
    fn add(&mut self, turn: DrawnTurn) {
        self.fitting += 1;
        self.drawn.push((rank(self.seed, turn.id), turn));
        if let DrawSize::Most(most) = self.size
            && self.drawn.len() >= most.saturating_mul(2).saturating_add(SPARE)
        {
            self.keep_smallest(most);
        }
    }

    fn keep_smallest(&mut self, most: usize) {
        // The address tells turns with the same rank apart.
        self.drawn.sort_unstable_by_key(|(rank, turn)| (*rank, turn.id));
        self.drawn.truncate(most);
    }

    fn end(mut self) -> TurnDraw {
        if let DrawSize::Most(most) = self.size {
            self.keep_smallest(most);
        }
        let mut turns: Vec<DrawnTurn> = self.drawn.into_iter().map(|(_, turn)| turn).collect();
        turns.sort_unstable_by_key(|turn| turn.id);
        TurnDraw { turns, fitting: self.fitting, is_whole: false }
    }
}

/// The rank of a turn depends on seed and address alone.
pub(crate) fn rank(seed: u64, id: RecordId) -> u64 {
    let fields = [seed, u64::from(id.shard), id.ordinal, u64::from(id.message_index)];
    fields.into_iter().fold(GAMMA, |z, field| mix(z.wrapping_add(GAMMA) ^ field))
}

//! Drawn turns in their conversations, with what rules and plugins make of them.

use std::num::NonZeroUsize;

use rejoinder_core::RecordId;
use rejoinder_read::Chunk;
use rejoinder_scan::{Engine, ScanError, ScannedBatch, ScannedConversation, ScannedTurn, Worker, in_order};

use super::draw::{DrawnTurn, gone};
use super::places::{KnownPlaces, portions_of};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::outcome::TurnOutcome;

/// A turn of a run, where it stands, and what became of it.
#[derive(Clone, Copy)]
pub struct TurnView<'a> {
    /// The engine that decided about the turn.
    pub engine: &'a Engine,
    /// The batch that the turn was scanned in.
    pub scanned: &'a ScannedBatch<'a>,
    /// The turn's conversation.
    pub conversation: &'a ScannedConversation<'a>,
    /// The turn.
    pub turn: &'a ScannedTurn,
    /// What became of the turn.
    pub outcome: TurnOutcome,
    /// Where the run's record of the turn says that the feedback stands, in bytes of the turn; `None` where there is no record.
    pub span: Option<(usize, usize)>,
}

/// Fetches the conversations of turns (in input order), lets the engine look at these conversations, and hands what `make` makes
/// of each turn to `sink`, in input order. `engine` is the run's.
///
/// # Errors
/// If the input cannot be read, or lacks a turn; if a plugin cannot be used; if the sink fails.
pub fn view<T: Send, E: From<RunError> + From<ScanError> + Send>(
    run: &RunDir,
    engine: &Engine,
    turns: &[DrawnTurn],
    threads: NonZeroUsize,
    make: impl Fn(TurnView<'_>) -> T + Sync,
    mut sink: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let asked = run.asked()?;
    let ids: Vec<RecordId> = turns.iter().map(|turn| turn.id).collect();
    let known = KnownPlaces::of(run, ids.iter().copied())?;
    let portions = portions_of(&run.manifest.inputs, &engine.config.input, &ids, &known);
    let begin = || Ok(Worker::new(engine)?.knowing(&asked));
    let work = |worker: &mut Worker<'_>, chunk: &Chunk| viewed(worker, chunk, turns, &make).map_err(E::from);
    let mut left = turns.iter();
    in_order(portions, threads, begin, work, |made: Vec<(RecordId, T)>| {
        for (id, one) in made {
            match left.next() {
                Some(next) if next.id == id => sink(one)?,
                next => return Err(gone(next.map_or(id, |next| next.id)).into()),
            }
        }
        Ok(())
    })?;
    left.next().map_or(Ok(()), |next| Err(gone(next.id).into()))
}

/// What is made of the turns whose conversations a chunk holds.
fn viewed<T>(
    worker: &mut Worker<'_>,
    chunk: &Chunk,
    turns: &[DrawnTurn],
    make: impl Fn(TurnView<'_>) -> T,
) -> Result<Vec<(RecordId, T)>, RunError> {
    let place = |turn: &DrawnTurn| (turn.id.shard, turn.id.ordinal);
    let before = turns.partition_point(|turn| place(turn) < (chunk.start.shard, chunk.start.line));
    let mut left = &turns[before..];
    let mut made = Vec::new();
    for entry in chunk.entries() {
        let own = left.partition_point(|turn| place(turn) <= (chunk.start.shard, entry.ordinal));
        let own = left.split_off(..own).unwrap_or_default();
        if own.is_empty() {
            if left.first().is_none_or(|next| next.id.shard != chunk.start.shard) {
                break;
            }
            continue;
        }
        let only = chunk.only(&entry);
        let scanned = worker.scan(&only)?;
        for DrawnTurn { id, outcome, span } in own.iter().copied() {
            let conversation = scanned.conversations.first().ok_or_else(|| gone(id))?;
            let mut all = scanned.turns(conversation).iter();
            let turn = all.find(|turn| conversation.id(turn) == id).ok_or_else(|| gone(id))?;
            let engine = worker.engine;
            made.push((id, make(TurnView { engine, scanned: &scanned, conversation, turn, outcome, span })));
        }
    }
    Ok(made)
}

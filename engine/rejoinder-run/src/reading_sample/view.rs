//! Drawn turns in their conversations, with what rules and plugins make of them.

use std::num::NonZeroUsize;

use rejoinder_core::RecordId;
use rejoinder_read::{Chunk, InputFile, Portions, Position};
use rejoinder_scan::config::InputConfig;
use rejoinder_scan::{Engine, ScanError, ScannedBatch, ScannedConversation, ScannedTurn, Worker, in_order};

use super::draw::{DrawnTurn, gone};
use crate::error::RunError;
use crate::folder::{RunDir, end_of_part};
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
    let known = ends_of_parts(run)?;
    let portions = portions_of(&run.manifest.inputs, &engine.config.input, turns, &known);
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

/// Places in the input where reading may begin: the ends of the committed parts, in order.
fn ends_of_parts(run: &RunDir) -> Result<Vec<Position>, RunError> {
    run.ledger.parts()?.iter().map(end_of_part).collect()
}

/// The portions of the input that hold the conversations of turns, and portions between these. Each file is read from the last
/// known place before its first turn on, up to its last turn.
fn portions_of<'a>(
    files: &'a [InputFile],
    input: &'a InputConfig,
    turns: &'a [DrawnTurn],
    known: &'a [Position],
) -> impl Iterator<Item = rejoinder_read::Portion> + Send + 'a {
    turns.chunk_by(|a, b| a.id.shard == b.id.shard).flat_map(move |own| {
        let (first, last) = (own[0].id, own[own.len() - 1].id);
        let from = begin_before(known, first);
        Portions::new(files, &input.map, from, input.max_record_bytes).take_while(move |portion| {
            (portion.start().shard, portion.start().line) <= (last.shard, last.ordinal)
        })
    })
}

/// The last of some known places, or else of the file's beginning, that does not lie behind a turn's conversation.
fn begin_before(known: &[Position], id: RecordId) -> Position {
    let before = known.iter().rev().find(|at| (at.shard, at.line) <= (id.shard, id.ordinal));
    before.copied().filter(|at| at.shard == id.shard).unwrap_or(Position::of_file(id.shard))
}

/// A place in the input from which on a turn's conversation is soon read.
///
/// # Errors
/// If the ledger cannot be read.
pub fn begin_of(run: &RunDir, id: RecordId) -> Result<Position, RunError> {
    Ok(begin_before(&ends_of_parts(run)?, id))
}

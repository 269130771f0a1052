//! Turns of a run to read with one's own eyes, drawn evenly from all that fit.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use rejoinder_core::RecordId;
use rejoinder_core::random::splitmix::{GAMMA, mix};
use rejoinder_scan::{Engine, Scan, ScannedBatch, ScannedConversation, ScannedTurn};

use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging;
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
}

/// Which turns are drawn.
#[derive(Clone, Copy, Debug)]
pub struct ReadingDraw {
    /// So many turns are drawn at most.
    pub most: usize,
    /// Another seed draws other turns.
    pub seed: u64,
    /// So many threads scan.
    pub threads: NonZeroUsize,
}

/// Turns that were drawn.
#[derive(Clone, Debug)]
pub struct ReadingSample<T> {
    /// What was made of each turn, in input order.
    pub turns: Vec<T>,
    /// How many turns the draw was from.
    pub fitting: u64,
}

/// Draws evenly from the later turns of a run whose outcome fits, and lets `view` make something of each turn drawn.
///
/// # Errors
/// If the run or its input cannot be read, or is not what it was.
pub fn reading_sample<T: Send>(
    run: &RunDir,
    draw: ReadingDraw,
    fits: impl Fn(TurnOutcome) -> bool + Sync,
    view: impl Fn(TurnView<'_>) -> T + Sync,
) -> Result<ReadingSample<T>, RunError> {
    let engine = run.engine()?;
    let judged = judging::judged(run)?;
    let asked_before = run.asked()?;
    // The turns with the smallest ranks are an even sample, whatever the order they come in.
    let mut drawn: Vec<(Rank, T)> = Vec::new();
    let mut fitting = 0_u64;
    let scan =
        Scan { asked_before: Some(&asked_before), ..Scan::of(&engine, &run.manifest.inputs, draw.threads) };
    scan.run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let turns = || {
                let of =
                    |conversation| scanned.turns(conversation).iter().map(move |turn| (conversation, turn));
                scanned.conversations.iter().flat_map(of).map(|(conversation, turn)| {
                    let answer = judged.get(&conversation.id(turn)).copied().unwrap_or_default();
                    (conversation, turn, TurnOutcome::new(turn.decision(), answer))
                })
            };
            let fit = turns().filter(|(.., outcome)| fits(*outcome));
            let mut ranks: Vec<(Rank, ())> =
                fit.map(|(conversation, turn, _)| (rank(draw.seed, conversation.id(turn)), ())).collect();
            let count = ranks.len() as u64;
            keep_smallest(&mut ranks, draw.most);
            let kept: HashSet<RecordId> = ranks.iter().map(|((_, id), ())| *id).collect();
            let viewed = turns().filter(|(conversation, turn, _)| kept.contains(&conversation.id(turn)));
            let viewed = viewed.map(|(conversation, turn, outcome)| {
                let made =
                    view(TurnView { engine: worker.engine, scanned: &scanned, conversation, turn, outcome });
                (rank(draw.seed, conversation.id(turn)), made)
            });
            Ok::<_, RunError>((count, viewed.collect::<Vec<_>>()))
        },
        |(count, viewed)| {
            fitting += count;
            drawn.extend(viewed);
            keep_smallest(&mut drawn, draw.most);
            Ok(())
        },
    )?;
    drawn.sort_by_key(|((_, id), _)| *id);
    Ok(ReadingSample { turns: drawn.into_iter().map(|(_, made)| made).collect(), fitting })
}

/// A number that looks random, and the turn's address, which tells turns with the same number apart.
type Rank = (u64, RecordId);

fn keep_smallest<T>(drawn: &mut Vec<(Rank, T)>, most: usize) {
    drawn.sort_by_key(|(rank, _)| *rank);
    drawn.truncate(most);
}

/// The rank of a turn depends on seed and address alone.
fn rank(seed: u64, id: RecordId) -> Rank {
    let fields = [seed, u64::from(id.shard), id.ordinal, u64::from(id.message_index)];
    (fields.into_iter().fold(GAMMA, |z, field| mix(z.wrapping_add(GAMMA) ^ field)), id)
}

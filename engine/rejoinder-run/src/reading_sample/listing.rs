//! All later turns of a run's input, listed without deciding about them.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::ops::Range;

use rejoinder_core::RecordId;
use rejoinder_read::{Chunk, Duplicates, Portions, Position};
use rejoinder_scan::{Engine, ScanError, Worker, in_order};

use super::filter::TurnFilter;
use crate::error::RunError;
use crate::folder::RunDir;

/// A later turn of the input.
pub(super) struct ListedTurn {
    pub(super) id: RecordId,
    /// Whether one of the wanted rules hits the turn; true where rules do not matter.
    pub(super) is_hit: bool,
}

/// The conversations of a chunk that are not left out for themselves.
#[derive(Default)]
struct ChunkListing {
    conversations: Vec<ListedConversation>,
    turns: Vec<ListedTurn>,
}

struct ListedConversation {
    /// What conversations that count as the same have in common; 0 where all are kept.
    fingerprint: u64,
    turns: Range<usize>,
}

/// Hands the later turns that a run has decided about to `visit`, in input order. Rules look at the turns only where the filter
/// names rules.
pub(super) fn list(
    run: &RunDir,
    engine: &Engine,
    filter: &TurnFilter,
    threads: NonZeroUsize,
    mut visit: impl FnMut(ListedTurn) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let input = &engine.config.input;
    let Some(end) = end_of_scan(run)? else { return Ok(()) };
    let portions =
        Portions::new(&run.manifest.inputs, &input.map, Position::default(), input.max_record_bytes)
            .take_while(move |portion| portion.start() < end);
    let mut seen = HashSet::new();
    let begin = || match filter.rules.is_empty() {
        true => Ok(None),
        false => Worker::new(engine).map(Some).map_err(Some),
    };
    let work = |worker: &mut Result<Option<Worker<'_>>, Option<ScanError>>, chunk: &Chunk| match worker {
        Ok(None) => Ok(listed(chunk, engine)),
        Ok(Some(worker)) => hit(chunk, worker, filter),
        // A thread whose worker cannot be made has told why at its first chunk; nobody looks behind that.
        Err(why) => Err(why.take().map_or_else(|| RunError::Io(String::new()), RunError::from)),
    };
    in_order(portions, threads, begin, work, |listing: ChunkListing| {
        let mut turns = listing.turns.into_iter();
        for conversation in listing.conversations {
            let own = turns.by_ref().take(conversation.turns.len());
            let is_kept = input.duplicates == Duplicates::Keep || seen.insert(conversation.fingerprint);
            let is_before_end = |id: RecordId| (id.shard, id.ordinal) < (end.shard, end.line);
            own.filter(|turn| is_kept && is_before_end(turn.id)).try_for_each(&mut visit)?;
        }
        Ok(())
    })
}

/// Where the scan of a run has come to; `None` if nothing is committed.
pub(super) fn end_of_scan(run: &RunDir) -> Result<Option<Position>, RunError> {
    let Some(last) = run.ledger.parts()?.pop() else { return Ok(None) };
    let end = serde_json::from_str(&last.end);
    end.map(Some).map_err(|e| RunError::io("the ledger's last part has no readable end", &e))
}

/// The later turns of a chunk.
fn listed(chunk: &Chunk, engine: &Engine) -> ChunkListing {
    let input = &engine.config.input;
    let shard = chunk.start.shard;
    let mut listing = ChunkListing::default();
    for entry in chunk.entries().filter(|entry| entry.size() <= input.max_record_bytes as u64) {
        let Ok(record) = entry.record() else { continue };
        if input.leaves_out(&record).is_some() {
            continue;
        }
        let first = listing.turns.len();
        listing.turns.extend(record.later_turns().map(|turn| ListedTurn {
            id: RecordId { shard, ordinal: entry.ordinal, message_index: turn as u32 },
            is_hit: true,
        }));
        let turns = first..listing.turns.len();
        let fingerprint = match input.duplicates {
            Duplicates::Keep => 0,
            kind => kind.fingerprint(&record.conversation),
        };
        listing.conversations.push(ListedConversation { fingerprint, turns });
    }
    listing
}

/// The later turns of a chunk, with what the rules make of them.
fn hit(chunk: &Chunk, worker: &mut Worker<'_>, filter: &TurnFilter) -> Result<ChunkListing, RunError> {
    let scanned = worker.scan(chunk)?;
    let input = &worker.engine.config.input;
    let mut listing = ChunkListing::default();
    for conversation in &scanned.conversations {
        let first = listing.turns.len();
        listing.turns.extend(scanned.turns(conversation).iter().map(|turn| ListedTurn {
            id: conversation.id(turn),
            is_hit: filter.wants_hit(&scanned.rule_ids(worker.engine, turn)),
        }));
        let turns = first..listing.turns.len();
        let fingerprint = match input.duplicates {
            Duplicates::Keep => 0,
            kind => kind.fingerprint(&conversation.record.conversation),
        };
        listing.conversations.push(ListedConversation { fingerprint, turns });
    }
    Ok(listing)
}

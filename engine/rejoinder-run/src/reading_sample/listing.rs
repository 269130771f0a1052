//! All later turns of a run's input, listed without deciding about them.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::ops::Range;

use rejoinder_core::{Conversation, RecordId};
use rejoinder_read::{Chunk, Duplicates, Portions, Position};
use rejoinder_scan::{Engine, Worker, in_order};

use super::filter::TurnFilter;
use crate::error::RunError;
use crate::folder::{RunDir, end_of_part};

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

impl ChunkListing {
    /// Ends a conversation, whose turns stand from `first` on.
    fn close(&mut self, first: usize, conversation: &Conversation<'_>, duplicates: Duplicates) {
        let fingerprint = match duplicates {
            Duplicates::Keep => 0,
            kind => kind.fingerprint(conversation),
        };
        self.conversations.push(ListedConversation { fingerprint, turns: first..self.turns.len() });
    }
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
    let Some(end) = run.ledger.parts()?.last().map(end_of_part).transpose()? else { return Ok(()) };
    let portions =
        Portions::new(&run.manifest.inputs, &input.map, Position::default(), input.max_record_bytes)
            .take_while(move |portion| portion.start() < end);
    let mut seen = HashSet::new();
    let begin = || match filter.rules.is_empty() {
        true => Ok(None),
        false => Ok(Some(Worker::new(engine)?)),
    };
    let work = |worker: &mut Option<Worker<'_>>, chunk: &Chunk| match worker {
        None => Ok(listed(chunk, engine)),
        Some(worker) => hit(chunk, worker, filter),
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
        listing.close(first, &record.conversation, input.duplicates);
    }
    listing
}

/// The later turns of a chunk, with what the rules make of them.
fn hit(chunk: &Chunk, worker: &mut Worker<'_>, filter: &TurnFilter) -> Result<ChunkListing, RunError> {
    let scanned = worker.scan(chunk)?;
    let duplicates = worker.engine.config.input.duplicates;
    let mut listing = ChunkListing::default();
    for conversation in &scanned.conversations {
        let first = listing.turns.len();
        listing.turns.extend(scanned.turns(conversation).iter().map(|turn| ListedTurn {
            id: conversation.id(turn),
            is_hit: filter.wants_hit(&scanned.rule_ids(worker.engine, turn)),
        }));
        listing.close(first, &conversation.record.conversation, duplicates);
    }
    Ok(listing)
}

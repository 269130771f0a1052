//! All later turns of a run's input, listed without deciding about them.

use std::num::NonZeroUsize;

use rejoinder_core::RecordId;
use rejoinder_read::{Chunk, Portions};
use rejoinder_scan::{Engine, RepeatedConversations, Worker, in_order};

use super::filter::TurnFilter;
use crate::error::RunError;
use crate::folder::{RunDir, end_of_part};
use crate::replay;

/// A later turn of the input.
pub(super) struct ListedTurn {
    pub(super) id: RecordId,
    /// Whether one of the wanted rules hits the turn; true where rules do not matter.
    pub(super) is_hit: bool,
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
        Portions::new(&run.manifest.inputs, &input.map, run.input_range().from, input.max_record_bytes)
            .take_while(move |portion| portion.start() < end);
    let repeated = replay::repeated(run, threads)?;
    let begin = || match filter.rules.is_empty() {
        true => Ok(None),
        false => Ok(Some(Worker::new(engine)?.passing_over(&repeated))),
    };
    let work = |worker: &mut Option<Worker<'_>>, chunk: &Chunk| match worker {
        None => Ok(listed(chunk, engine, &repeated)),
        Some(worker) => hit(chunk, worker, filter),
    };
    in_order(portions, threads, begin, work, |turns: Vec<ListedTurn>| {
        let is_before_end = |id: RecordId| (id.shard, id.ordinal) < (end.shard, end.line);
        turns.into_iter().filter(|turn| is_before_end(turn.id)).try_for_each(&mut visit)
    })
}

/// The later turns of a chunk.
fn listed(chunk: &Chunk, engine: &Engine, repeated: &RepeatedConversations) -> Vec<ListedTurn> {
    let input = &engine.config.input;
    let shard = chunk.start.shard;
    let mut turns = Vec::new();
    for entry in chunk.entries().filter(|entry| entry.size() <= input.max_record_bytes as u64) {
        let Ok(record) = entry.record() else { continue };
        let ordinal = entry.ordinal;
        if input.leaves_out(&record).is_none() && repeated.why(shard, ordinal).is_none() {
            turns.extend(record.later_turns().map(|turn| ListedTurn {
                id: RecordId { shard, ordinal, message_index: turn as u32 },
                is_hit: true,
            }));
        }
    }
    turns
}

/// The later turns of a chunk, with what the rules make of them.
fn hit(chunk: &Chunk, worker: &mut Worker<'_>, filter: &TurnFilter) -> Result<Vec<ListedTurn>, RunError> {
    let scanned = worker.scan(chunk)?;
    let of_conversation =
        |conversation| scanned.turns(conversation).iter().map(move |turn| (conversation, turn));
    let turns = scanned.conversations.iter().flat_map(of_conversation);
    let listed = turns.map(|(conversation, turn)| ListedTurn {
        id: conversation.id(turn),
        is_hit: filter.wants_hit(&scanned.rule_ids(worker.engine, turn)),
    });
    Ok(listed.collect())
}

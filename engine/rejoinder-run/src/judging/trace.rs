//! What the judge replied about single turns.

use std::collections::{BTreeMap, HashMap, HashSet};

use rejoinder_core::RecordId;
use rejoinder_judge::TurnFinding;
use rejoinder_ledger::{Reply, ReplyStore, Spending};

use super::Judge;
use super::collect::judge_of;
use super::reading::{GroupAnswers, read};
use super::spool::Spool;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::spool_row::SpoolRow;

/// The judge's replies about one turn, what follows from the replies, and what the replies took.
#[derive(Clone, Debug)]
pub struct JudgeTrace {
    /// What follows from the replies.
    pub found: TurnFinding,
    /// For each request the key, the reply, and what this run spent.
    pub replies: Vec<(String, Reply, Spending)>,
}

/// What the judge replied about one turn; `None` if the judge was not asked, or has not answered.
///
/// # Errors
/// If the spool, the store or the ledger cannot be read.
pub fn trace(run: &RunDir, id: RecordId) -> Result<Option<JudgeTrace>, RunError> {
    Ok(traces(run, &[id])?.remove(&id))
}

/// What the judge replied about each of some turns that it has answered about. Of the spool only the parts of these turns are read, each
/// once.
///
/// # Errors
/// If the spool, the store or the ledger cannot be read.
pub fn traces(run: &RunDir, ids: &[RecordId]) -> Result<HashMap<RecordId, JudgeTrace>, RunError> {
    let mut found = HashMap::new();
    let Some(judge) = judge_of(run)? else { return Ok(found) };
    let store = run.replies()?;
    let spool = Spool { run, form: &judge.form, store: &store, is_to_ask: false };
    for (part, mut wanted) in by_part(run, ids)? {
        for group in spool.of_part(part) {
            if wanted.is_empty() {
                break;
            }
            traces_of(run, &judge, &group?, &store, &mut wanted, &mut found)?;
        }
    }
    Ok(found)
}

/// The turns by the part that holds them.
fn by_part(run: &RunDir, ids: &[RecordId]) -> Result<BTreeMap<u64, HashSet<RecordId>>, RunError> {
    let ends = run.ends_of_parts()?;
    let mut parts: BTreeMap<u64, HashSet<RecordId>> = BTreeMap::new();
    for id in ids {
        let place = ends.partition_point(|(_, end)| (end.shard, end.line) <= (id.shard, id.ordinal));
        if let Some((part, _)) = ends.get(place) {
            parts.entry(*part).or_default().insert(*id);
        }
    }
    Ok(parts)
}

/// Moves the wanted turns of a group to those that were found, as far as the judge has answered.
fn traces_of(
    run: &RunDir,
    judge: &Judge,
    group: &[SpoolRow],
    store: &ReplyStore,
    wanted: &mut HashSet<RecordId>,
    found: &mut HashMap<RecordId, JudgeTrace>,
) -> Result<(), RunError> {
    let own: HashSet<RecordId> =
        group.iter().flat_map(|row| &row.turns).map(|turn| turn.id).filter(|id| wanted.remove(id)).collect();
    if own.is_empty() {
        return Ok(());
    }
    for GroupAnswers { turns, replied } in read(judge, group, store)? {
        let turns: Vec<_> = turns.into_iter().filter(|(id, ..)| own.contains(id)).collect();
        if turns.is_empty() {
            continue;
        }
        let mut replies = Vec::new();
        for (key, reply) in replied.keys.into_iter().zip(replied.replies) {
            let spent = run.ledger.spent_on(&key)?;
            replies.push((key, reply, spent));
        }
        for (id, turn, _) in turns {
            found.entry(id).or_insert_with(|| JudgeTrace { found: turn, replies: replies.clone() });
        }
    }
    Ok(())
}

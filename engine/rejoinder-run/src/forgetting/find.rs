//! Finds the conversations that are to be forgotten: in the rows of the run, and in the input as far as it is there.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use rejoinder_core::Feedback;
use rejoinder_read::input::forgotten_mark;
use rejoinder_read::{Chunk, InputFile, Portions, Position, QuarantinedRecord, Record};
use rejoinder_scan::{ScanError, in_order};

use super::redacted::redacted_forms;
use super::target::{ConversationName, ForgottenPlace, ForgottenTarget};
use crate::error::RunError;
use crate::folder::{PartKind, RunDir};
use crate::recall::audit::AuditSample;
use crate::spool_row::SpoolRow;

/// Whether a conversation at a place with an id is wanted.
type Wanted<'w> = dyn Fn(ForgottenPlace, &str) -> bool + Sync + 'w;

/// Finds the conversations of a name, and those at `places`. Returns them, and the input files that could not be looked into.
///
/// # Errors
/// If the run cannot be read, or an input file that is there.
pub(super) fn find(
    run: &RunDir,
    name: Option<&ConversationName>,
    places: &[ForgottenPlace],
    threads: NonZeroUsize,
) -> Result<(ForgottenTarget, Vec<PathBuf>), RunError> {
    let is_wanted = |place: ForgottenPlace, id: &str| {
        places.contains(&place) || name.is_some_and(|name| name.names(place, id))
    };
    let mut target = ForgottenTarget::default();
    in_rows(run, &is_wanted, &mut target)?;
    let mut unread = Vec::new();
    for shard in 0..run.manifest.inputs.len() {
        match in_file(run, shard, &is_wanted, threads)? {
            Some(found) => {
                for (place, record) in found {
                    target.in_input.insert(place);
                    match record {
                        Ok(record) => target.record(place, &record, &run.manifest.config.judge),
                        Err(reason) => target.set_aside(place, &reason),
                    }
                }
            }
            // The copy of standard input is the run's own.
            None if run.manifest.stdin => {}
            None => unread.push(run.manifest.inputs[shard].current_path().to_owned()),
        }
    }
    if let Some(id) = name.and_then(ConversationName::id) {
        target.ids.insert(id.to_owned());
        target.marks.insert(forgotten_mark::of_id(id));
    }
    target.redacted_ids = target.ids.iter().flat_map(|id| redacted_forms(id)).collect();
    Ok((target, unread))
}

fn in_rows(run: &RunDir, is_wanted: &Wanted<'_>, target: &mut ForgottenTarget) -> Result<(), RunError> {
    let is_own = |row: &SpoolRow| {
        row.turns.iter().any(|turn| is_wanted((turn.id.shard, turn.id.ordinal), &turn.conversation_id))
    };
    for (part, _) in run.parts()? {
        for kind in [PartKind::Parts, PartKind::Judged] {
            for row in run.rows::<Feedback>(kind, part) {
                let row = row?;
                if is_wanted((row.id.shard, row.id.ordinal), &row.conversation_id) {
                    target.feedback(&row);
                }
            }
        }
        for row in run.rows::<SpoolRow>(PartKind::Spool, part) {
            let row = row?;
            if is_own(&row) {
                target.spooled(&row);
            }
        }
        for row in run.rows::<QuarantinedRecord>(PartKind::Quarantine, part) {
            let QuarantinedRecord { shard, line, reason, .. } = row?;
            if is_wanted((shard, line), "") {
                target.set_aside((shard, line), &reason);
            }
        }
    }
    let audited = AuditSample::of(run)?.map_or_else(Vec::new, |sample| sample.turns);
    audited.iter().map(|drawn| &drawn.turn.row).filter(|row| is_own(row)).for_each(|row| target.drawn(row));
    Ok(())
}

/// A conversation of the input: where it stands, and the record, or why the record was set aside.
type FoundRecord = (ForgottenPlace, Result<Record<'static>, String>);

/// The wanted conversations of an input file; `None` if the file is not there, or holds something else than it did.
fn in_file(
    run: &RunDir,
    shard: usize,
    is_wanted: &Wanted<'_>,
    threads: NonZeroUsize,
) -> Result<Option<Vec<FoundRecord>>, RunError> {
    let input = &run.manifest.config.input;
    let file = &run.manifest.inputs[shard];
    let now = InputFile::describe_as(file.current_path(), input.asked());
    if !now.is_ok_and(|(now, _)| now.hash == file.hash) {
        return Ok(None);
    }
    // What is forgotten already may be asked for again.
    let mut files = run.manifest.inputs[..=shard].to_vec();
    files[shard].forgotten.clear();
    let portions = Portions::new(&files, &input.map, Position::of_file(shard as u32), input.max_record_bytes);
    let mut found = Vec::new();
    in_order(
        portions,
        threads,
        || Ok(()),
        |(), chunk: &Chunk| Ok(in_chunk(chunk, input.max_record_bytes as u64, is_wanted)),
        |of_chunk| {
            found.extend(of_chunk);
            Ok::<_, ScanError>(())
        },
    )?;
    Ok(Some(found))
}

fn in_chunk(chunk: &Chunk, most: u64, is_wanted: &Wanted<'_>) -> Vec<FoundRecord> {
    let shard = chunk.start.shard;
    let entries = chunk.entries().filter(|entry| entry.size() <= most).filter_map(|entry| {
        let place = (shard, entry.ordinal);
        match entry.record() {
            Ok(record) => {
                let id = &record.conversation.id;
                is_wanted(place, id).then(|| (place, Ok(record.borrowed().into_owned())))
            }
            Err(why) => {
                is_wanted(place, &entry.id().unwrap_or_default()).then(|| (place, Err(why.to_string())))
            }
        }
    });
    // Records that are set aside before they are parsed have a place, and no id.
    let aside = chunk.set_aside.iter().filter(|record| is_wanted((shard, record.line), ""));
    entries.chain(aside.map(|record| ((shard, record.line), Err(record.reason.clone())))).collect()
}

//! Reading a finished run again together with its input: feedback stands in rows of its own, so whoever wants
//! to see the dialogue beside the feedback comes through here.

use std::iter::Peekable;
use std::num::NonZeroUsize;

use rejoinder_core::{Feedback, RecordId};
use rejoinder_read::{Chunk, ChunkReader, InputFile, Portions, Position, Record};
use rejoinder_scan::{RepeatedConversations, ScanError, StopFlag, default_threads};

use crate::error::RunError;
use crate::folder::{PartKind, RunDir};

/// All feedback of a run, accepted here or found by the judge, in input order.
///
/// # Errors
/// If a part cannot be read.
pub fn feedback(run: &RunDir) -> Result<impl Iterator<Item = Result<Feedback, RunError>>, RunError> {
    let parts = run.parts()?;
    Ok(parts.into_iter().flat_map(|(index, _)| {
        let accepted = run.rows(PartKind::Parts, index).peekable();
        let judged = run.rows(PartKind::Judged, index).peekable();
        FeedbackMerge { accepted, judged }
    }))
}

/// Merges two rows of feedback by id.
struct FeedbackMerge<A: Iterator, B: Iterator> {
    accepted: Peekable<A>,
    judged: Peekable<B>,
}

impl<A, B> Iterator for FeedbackMerge<A, B>
where
    A: Iterator<Item = Result<Feedback, RunError>>,
    B: Iterator<Item = Result<Feedback, RunError>>,
{
    type Item = Result<Feedback, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.accepted.peek(), self.judged.peek()) {
            (Some(Ok(a)), Some(Ok(b))) if b.id < a.id => self.judged.next(),
            (Some(_), _) => self.accepted.next(),
            (None, _) => self.judged.next(),
        }
    }
}

/// Calls `visit` with each conversation that the run looks at, and the shard and number of the conversation, in input order:
/// conversations that the config leaves out are left out here, too.
///
/// # Errors
/// If the input is not what it was, or cannot be read.
pub fn conversations(run: &RunDir, visit: &mut dyn FnMut(&Record<'_>, u32, u64)) -> Result<(), RunError> {
    let input = &run.manifest.config.input;
    let repeated = repeated(run, default_threads())?;
    for chunk in chunks(run)? {
        let chunk = chunk?;
        for entry in chunk.entries().filter(|entry| entry.size() <= input.max_record_bytes as u64) {
            let Ok(record) = entry.record() else { continue };
            let (shard, ordinal) = (chunk.start.shard, entry.ordinal);
            if input.leaves_out(&record).is_none() && repeated.why(shard, ordinal).is_none() {
                visit(&record, shard, ordinal);
            }
        }
    }
    Ok(())
}

/// The conversations that the run leaves out because its input holds the same conversation elsewhere.
///
/// # Errors
/// If the input cannot be read.
pub(crate) fn repeated(run: &RunDir, threads: NonZeroUsize) -> Result<RepeatedConversations, RunError> {
    let (input, files) = (&run.manifest.config.input, &run.manifest.inputs);
    let all = InputFile::with_forgotten(files);
    let portions = || Portions::new(&all, &input.map, Position::default(), input.max_record_bytes);
    Ok(rejoinder_scan::repeated(input, files, threads, &StopFlag::default(), portions)?)
}

/// The chunks of the part of the input that the run scans; the input is what it was.
fn chunks(run: &RunDir) -> Result<impl Iterator<Item = Result<Chunk, RunError>>, RunError> {
    let input = &run.manifest.config.input;
    let range = run.input_range();
    let chunks = ChunkReader::new(run.unchanged_input()?, &input.map, range.from, input.max_record_bytes)
        .take_while(move |chunk| range.until.is_none_or(|until| chunk.start < until));
    Ok(chunks.map(|mut chunk| match chunk.failure.take() {
        Some(why) => Err(ScanError::Read(why).into()),
        None => Ok(chunk),
    }))
}

/// Calls `visit` with each conversation that holds feedback, and its feedback, in input order.
///
/// # Errors
/// If the input is not what it was, or the run cannot be read.
pub fn conversations_with_feedback<E: From<RunError>>(
    run: &RunDir,
    visit: impl FnMut(&Record<'_>, &[Feedback]) -> Result<(), E>,
) -> Result<(), E> {
    conversations_with(run, feedback(run)?, |f| (f.id, &f.conversation_id), visit)
}

/// Calls `visit` with each conversation that holds some of the turns, and these turns, in input order; `place` gives the id
/// of a turn and of its conversation.
///
/// # Errors
/// If the input is not what it was, or the run cannot be read.
pub fn conversations_with<T, E: From<RunError>>(
    run: &RunDir,
    turns: impl Iterator<Item = Result<T, RunError>>,
    place: impl Fn(&T) -> (RecordId, &str),
    mut visit: impl FnMut(&Record<'_>, &[T]) -> Result<(), E>,
) -> Result<(), E> {
    let mut rows = turns.peekable();
    let id = |turn: &T| place(turn).0;
    for chunk in chunks(run)? {
        let chunk = chunk?;
        for entry in chunk.entries() {
            let mut own = Vec::new();
            while let Some(row) = rows.next_if(|row| {
                let stands_here = |id: RecordId| (id.shard, id.ordinal) == (chunk.start.shard, entry.ordinal);
                row.as_ref().map_or(true, |turn| stands_here(id(turn)))
            }) {
                own.push(row?);
            }
            if own.is_empty() {
                continue;
            }
            let (first, conversation_id) = place(&own[0]);
            let record = entry.record().map_err(|why| changed(first, &why.to_string()))?;
            if record.conversation.id != conversation_id {
                return Err(changed(first, "another conversation stands there").into());
            }
            let messages = record.conversation.messages.len();
            if let Some(beyond) = own.iter().map(id).find(|id| id.message_index as usize >= messages) {
                return Err(changed(beyond, "the conversation is shorter").into());
            }
            visit(&record, &own)?;
        }
    }
    match rows.next() {
        Some(row) => Err(changed(id(&row?), "the input ends before it").into()),
        None => Ok(()),
    }
}

fn changed(id: RecordId, why: &str) -> RunError {
    RunError::InputChanged(id, why.to_owned())
}

//! Reading a finished run again together with its input: labels are side-car rows, so whoever wants to see the
//! dialogue beside them comes through here.

use std::iter::Peekable;

use rejoinder_core::Feedback;
use rejoinder_read::{ChunkReader, Position, Record};

use crate::failure::{Exit, Failure};
use crate::pipeline::run_dir::{Kind, RunDir};

/// All feedback of a run, accepted here or found by the judge, in input order.
///
/// # Errors
/// If a part cannot be read.
pub fn feedback(run: &RunDir) -> Result<impl Iterator<Item = Result<Feedback, Failure>>, Failure> {
    let parts = run.parts()?;
    Ok(parts.into_iter().flat_map(|(index, _)| {
        let accepted = run.rows(Kind::Parts, index).peekable();
        let judged = run.rows(Kind::Judged, index).peekable();
        Merge { accepted, judged }
    }))
}

/// Merges two rows of feedback by id.
struct Merge<A: Iterator, B: Iterator> {
    accepted: Peekable<A>,
    judged: Peekable<B>,
}

impl<A, B> Iterator for Merge<A, B>
where
    A: Iterator<Item = Result<Feedback, Failure>>,
    B: Iterator<Item = Result<Feedback, Failure>>,
{
    type Item = Result<Feedback, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.accepted.peek(), self.judged.peek()) {
            (Some(Ok(a)), Some(Ok(b))) if b.id < a.id => self.judged.next(),
            (Some(_), _) => self.accepted.next(),
            (None, _) => self.judged.next(),
        }
    }
}

/// Calls `visit` with each conversation that holds feedback, and its feedback, in input order.
///
/// # Errors
/// If the input is not what it was, or the run cannot be read.
pub fn conversations_with_feedback(
    run: &RunDir,
    mut visit: impl FnMut(&Record<'_>, &[Feedback]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let input = &run.manifest.config.input;
    let mut rows = feedback(run)?.peekable();
    for chunk in ChunkReader::new(run.input()?, &input.map, Position::default(), input.max_record_bytes) {
        if let Some(why) = chunk.failure {
            return Err(Failure::new(Exit::Io, why));
        }
        for entry in chunk.entries() {
            let mut own = Vec::new();
            while let Some(row) = rows.next_if(|row| {
                row.as_ref()
                    .map_or(true, |f| (f.id.shard, f.id.ordinal) == (chunk.start.shard, entry.ordinal))
            }) {
                own.push(row?);
            }
            if own.is_empty() {
                continue;
            }
            let record = entry.record().map_err(|why| changed(&own[0], &why))?;
            if record.conversation.id != own[0].conversation_id {
                return Err(changed(&own[0], "another conversation stands there"));
            }
            let messages = record.conversation.messages.len();
            if let Some(beyond) = own.iter().find(|f| f.message_index as usize >= messages) {
                return Err(changed(beyond, "the conversation is shorter"));
            }
            visit(&record, &own)?;
        }
    }
    match rows.next() {
        Some(row) => Err(changed(&row?, "the input ends before it")),
        None => Ok(()),
    }
}

fn changed(feedback: &Feedback, why: &str) -> Failure {
    Failure::new(Exit::Invalid, format!("the input has changed since the run: record {}: {why}", feedback.id))
}

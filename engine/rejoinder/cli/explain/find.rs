//! Finds the conversation that is asked about.

use std::num::NonZeroUsize;

use rejoinder_core::{RecordId, printable};
use rejoinder_read::{Chunk, ChunkReader, InputFile, Position};
use rejoinder_run::reading_sample::{ConversationPlace, conversations_named};
use rejoinder_scan::config::InputConfig;

use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;

/// What is asked about, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AskedName {
    /// A turn, by its address.
    Turn(RecordId),
    /// All later turns of a conversation, by the id that the corpus gives it.
    Conversation(String),
}

impl AskedName {
    pub(super) fn new(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Conversation(text.to_owned()), Self::Turn)
    }
}

/// A chunk of the one record that holds a turn. Reading begins at `from`, which does not lie behind the record.
pub(super) fn record(
    inputs: &[InputFile],
    input: &InputConfig,
    from: Position,
    id: RecordId,
) -> Result<Chunk, Failure> {
    for chunk in ChunkReader::new(inputs, &input.map, from, input.max_record_bytes) {
        if chunk.start.shard != id.shard || chunk.start.line > id.ordinal {
            break;
        }
        if let Some(why) = chunk.failure {
            return Err(Failure::new(Exit::Io, why));
        }
        if let Some(found) = chunk.single(id.ordinal) {
            return Ok(found);
        }
        if let Some(lost) = chunk.set_aside.iter().find(|lost| lost.line == id.ordinal) {
            return Err(Failure::usage(format!("{}:{}: {}", lost.file, lost.line + 1, lost.reason)));
        }
    }
    Err(Failure::usage(format!("there is no record {id} in the input")))
}

/// Where the conversations with an id stand.
///
/// # Errors
/// If there is none.
pub(super) fn conversations(
    inputs: &[InputFile],
    input: &InputConfig,
    id: &str,
    threads: NonZeroUsize,
) -> Result<Vec<ConversationPlace>, Failure> {
    let found = conversations_named(inputs, input, id, threads)?;
    match found.is_empty() {
        true => Err(Failure::usage(format!(
            "no conversation of the input ({}) has the id `{}`, and that is no turn's id either, such as 0:17:4",
            counted(inputs.len() as u64, "file"),
            printable(id)
        ))),
        false => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_of_a_turn_is_the_id_of_a_conversation() {
        let turn = RecordId { shard: 0, ordinal: 17, message_index: 4 };
        assert_eq!(AskedName::new("0:17:4"), AskedName::Turn(turn));
        for id in ["0:17", "abc", "0:17:x", "https://chat/0:1:2:3"] {
            assert_eq!(AskedName::new(id), AskedName::Conversation(id.to_owned()));
        }
    }
}

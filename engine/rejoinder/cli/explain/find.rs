//! Finds the conversation that is asked about.

use std::num::NonZeroUsize;

use rejoinder_core::{RecordId, printable};
use rejoinder_read::InputFile;
use rejoinder_run::reading_sample::{ConversationPlace, RecordFault, conversations_named};
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

/// Why a record cannot be explained.
pub(super) fn no_record(fault: RecordFault) -> Failure {
    match fault {
        RecordFault::Unreadable(why) => Failure::new(Exit::Io, why),
        RecordFault::Run(error) => error.into(),
        fault @ (RecordFault::SetAside(_) | RecordFault::Missing(_)) => Failure::usage(fault.to_string()),
    }
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

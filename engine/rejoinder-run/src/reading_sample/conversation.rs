//! Conversations by the id that the corpus gives them.

use std::num::NonZeroUsize;

use rejoinder_core::RecordId;
use rejoinder_read::{Chunk, InputFile, Portions, Position};
use rejoinder_scan::config::InputConfig;
use rejoinder_scan::{ScanError, in_order};

/// Where a conversation stands in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationPlace {
    /// Index of the input file.
    pub shard: u32,
    /// Number of the conversation in the file, from 0.
    pub ordinal: u64,
    /// The addresses of the later turns.
    pub turns: Vec<RecordId>,
}

/// The conversations with an id, in input order.
///
/// # Errors
/// If a file cannot be read.
pub fn conversations_named(
    files: &[InputFile],
    input: &InputConfig,
    id: &str,
    threads: NonZeroUsize,
) -> Result<Vec<ConversationPlace>, ScanError> {
    let portions = Portions::new(files, &input.map, Position::default(), input.max_record_bytes);
    let mut found = Vec::new();
    in_order(
        portions,
        threads,
        || Ok(()),
        |(), chunk| Ok(named(chunk, input, id)),
        |places| {
            found.extend(places);
            Ok::<_, ScanError>(())
        },
    )?;
    Ok(found)
}

fn named(chunk: &Chunk, input: &InputConfig, id: &str) -> Vec<ConversationPlace> {
    let shard = chunk.start.shard;
    let entries = chunk.entries().filter(|entry| entry.size() <= input.max_record_bytes as u64);
    let places = entries.filter_map(|entry| {
        let record = entry.record().ok().filter(|record| record.conversation.id == id)?;
        let ordinal = entry.ordinal;
        let turns = record.later_turns().map(|turn| RecordId { shard, ordinal, message_index: turn as u32 });
        Some(ConversationPlace { shard, ordinal, turns: turns.collect() })
    });
    places.collect()
}

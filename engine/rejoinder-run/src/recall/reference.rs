//! Later turns beside what somebody else found in the same conversations, such as the rows that the paper released: what
//! rules, votes and score say of each turn, without a judge.

use std::num::NonZeroUsize;

use rejoinder_cascade::DecisionReason;
use rejoinder_core::Category;
use rejoinder_read::InputFile;
use rejoinder_scan::{Engine, Scan, ScanError, ScannedConversation, StopFlag};

use crate::error::RunError;
use crate::spool_row::SpoolRow;

/// What somebody else found in one conversation: numbers of exchanges, as the paper counts them, with categories.
pub type ReferenceRows = [(u32, Category)];

/// A later turn beside what somebody else found.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceTurn {
    /// The reason of the decision by rules and votes alone, without the score.
    pub ground: DecisionReason,
    /// The score: the probability of what the engine's purpose wants.
    pub score: f32,
    /// The estimated tokens of the messages that a question about the turn shows.
    pub shown_tokens: u32,
    /// What somebody else found there; none where nothing was found.
    pub found: Option<Category>,
}

/// All later turns of some files beside what somebody else found.
#[derive(Clone, Debug, Default)]
pub struct ReferenceTurns {
    /// The turns, in input order.
    pub turns: Vec<ReferenceTurn>,
    /// Conversations that were read.
    pub conversations: u64,
    /// Conversations in which something was found.
    pub with_rows: u64,
    /// Rows about these conversations that name an exchange which no user's turn follows.
    pub without_turn: u64,
    /// The id of a conversation that was read: the first one.
    pub example: Option<String>,
}

impl ReferenceTurns {
    /// Looks at all files; `rows` gives what somebody else found in the conversation with an id. The engine must score every turn.
    ///
    /// # Errors
    /// If a file cannot be read, there is no score, or `stop` was asked for.
    pub fn of<'a>(
        engine: &Engine,
        files: &[InputFile],
        threads: NonZeroUsize,
        stop: &StopFlag,
        rows: &(impl Fn(&str) -> Option<&'a ReferenceRows> + Sync),
    ) -> Result<Self, RunError> {
        let mut all = Self::default();
        Scan::of(engine, files, threads).run(
            |worker, chunk| {
                let scanned = worker.scan(chunk)?;
                let mut read = Self::default();
                for conversation in &scanned.conversations {
                    let id = &*conversation.record.conversation.id;
                    let found = rows(id);
                    read.example.get_or_insert_with(|| id.to_owned());
                    read.conversations += 1;
                    read.with_rows += u64::from(found.is_some());
                    let found = found.unwrap_or_default();
                    let mut met = 0;
                    for turn in scanned.turns(conversation) {
                        let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
                        let (score, _) = worker.engine.score(votes).ok_or(ScanError::NoScore)?;
                        let row = &SpoolRow::about(worker.engine, &scanned, conversation, &[turn])[0];
                        let found =
                            found.iter().find(|row| row.0 == exchange(conversation, turn.message_index));
                        met += u64::from(found.is_some());
                        read.turns.push(ReferenceTurn {
                            ground: worker.engine.settle(hits, votes, None),
                            score,
                            shown_tokens: u32::try_from(row.shown_tokens).unwrap_or(u32::MAX),
                            found: found.map(|row| row.1),
                        });
                    }
                    read.without_turn += (found.len() as u64).saturating_sub(met);
                }
                Ok::<_, RunError>(read)
            },
            |read| {
                stop.check()?;
                all.turns.extend(read.turns);
                all.conversations += read.conversations;
                all.with_rows += read.with_rows;
                all.without_turn += read.without_turn;
                all.example = all.example.take().or(read.example);
                Ok(())
            },
        )?;
        Ok(all)
    }
}

/// The number of the exchange that a turn judges; 0 for a greeting.
fn exchange(conversation: &ScannedConversation<'_>, message_index: usize) -> u32 {
    conversation.record.conversation.judged_exchange(message_index).map_or(0, |exchange| exchange.number)
}

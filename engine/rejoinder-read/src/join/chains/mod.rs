//! Which calls belong to one chat, and which messages of each call are new, told by the hashes of the messages alone.
//!
//! A call brings the messages so far and the answer. Two calls belong together where the messages that both have stand in
//! the same order without a gap: one is contained in the other (a history that grows), or the end of one is the beginning
//! of the other (a history that was cut to its last messages). Calls of one session that have no message in common follow
//! each other in time (one turn a call). All this is known once all calls were seen, in any order.
//!
//! Memory: 8 bytes for each message that is kept and 28 to 57 for its place in the index, 4 a call (and 20 once their fates
//! are known), some 200 a chat; up to twice as much of the first while lists grow.

mod alignment;
mod calls;
mod fates;
mod index;
mod parts;
mod sessions;
#[cfg(test)]
mod tests;

pub(super) use calls::{CallSummary, Chat, Fate};
pub(super) use index::Chains;

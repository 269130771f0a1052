//! How the messages of two chains lie beside each other.

use super::index::Chain;

/// How a call lies beside a chain.
#[derive(Clone, Copy)]
pub(super) enum Alignment {
    /// The first key of the call is the chain's key of this number, which may be before the first key of the chain.
    Aligned(i64),
    /// The keys of the call from this number on come after the end of the chain; the keys before sum up the chain.
    Resumed(usize),
}

/// The number of messages at the end of a chat that a call begins with again. A call never repeats all of its own messages: who says the
/// same twice is heard twice.
pub(super) fn overlap(chat: &[u64], call: &[u64]) -> usize {
    (1..call.len()).rev().find(|length| chat.ends_with(&call[..*length])).unwrap_or(0)
}

/// The key from which on a call goes on from the end of a chain, after one or two messages in the place of earlier ones.
pub(super) fn resumed(known: &Chain, keys: &[u64], shift: i64, at: i64) -> Option<usize> {
    let (at, end) = (usize::try_from(at).ok()?, known.keys.len() as i64);
    // The common run must reach the end of the chain.
    let stop = usize::try_from(end - shift).ok().filter(|stop| *stop <= keys.len() && *stop > at + 1)?;
    let mut start = stop;
    while start > 0
        && shift + start as i64 > 0
        && known.keys[(shift + start as i64 - 1) as usize] == keys[start - 1]
    {
        start -= 1;
    }
    (start <= 2 && stop - start >= 2).then_some(stop)
}

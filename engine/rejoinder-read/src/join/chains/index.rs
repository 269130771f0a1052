//! Chains of messages as they grow: each call goes into the chain that it repeats or goes on from, or begins one.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::alignment::{Alignment, resumed};
use super::calls::{CallId, CallSummary};
use super::parts::{Part, cut, keep, spread};

#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    pub(super) session: Option<u64>,
    pub(super) scope: u64,
    pub(super) keys: Vec<u64>,
    /// The number of keys that were put in front of the first indexed key.
    pub(super) front: i64,
    pub(super) parts: Vec<Part>,
    pub(super) users: u32,
    /// The times of the earliest and the latest call.
    pub(super) times: Option<(i128, i128)>,
    pub(super) id: Option<u64>,
    pub(super) kind: u64,
    pub(super) is_helper: bool,
    pub(super) sums_up: bool,
    /// Whether the chain became part of another.
    pub(super) is_gone: bool,
}

/// The calls seen so far.
pub(in crate::join) struct Chains {
    pub(super) chains: Vec<Chain>,
    /// For two keys that stand one after the other: the chain, and the place of the first key.
    pub(super) index: HashMap<u64, (u32, i64)>,
    /// The chain that took each call, or [`NOWHERE`].
    pub(super) taken: Vec<u32>,
    /// The number of bytes that are kept, about, and the most that may be kept.
    pub(super) bytes: usize,
    pub(super) limit: usize,
}

pub(super) const NOWHERE: u32 = u32::MAX;
/// Stands before the first key of a chain.
const START: u64 = 0;
/// The number of places that are tried for a call.
const TRIES: usize = 16;

pub(super) fn two(scope: u64, first: u64, second: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (scope, first, second).hash(&mut hasher);
    hasher.finish()
}

impl Chains {
    /// A collection without calls, which will keep about `limit` bytes.
    pub(in crate::join) fn new(limit: usize) -> Self {
        Self { chains: Vec::new(), index: HashMap::new(), taken: Vec::new(), bytes: 0, limit }
    }

    /// Notes the next call.
    pub(in crate::join) fn add(&mut self, seen: CallSummary) {
        let call = CallId::try_from(self.taken.len()).unwrap_or(NOWHERE);
        self.bytes += 16;
        if self.bytes >= self.limit || call == NOWHERE {
            return self.taken.push(NOWHERE);
        }
        let scope = seen.session.map_or(seen.scope, |session| two(1, session, 1));
        let chain = Chain {
            session: seen.session,
            scope: seen.scope,
            parts: vec![Part { call, from: 0, to: seen.keys.len() as u32 }],
            users: seen.users,
            times: seen.time.map(|time| (time, time)),
            id: seen.id,
            kind: seen.kind,
            is_helper: seen.is_helper,
            sums_up: seen.sums_up,
            keys: seen.keys,
            ..Chain::default()
        };
        let at = self.place(scope, chain);
        self.taken.push(at);
    }

    /// Replaces the name of each session, once all sessions are known.
    pub(in crate::join) fn rename_sessions(&mut self, mut name: impl FnMut(u64) -> u64) {
        self.chains.iter_mut().for_each(|chain| chain.session = chain.session.map(&mut name));
    }

    /// Merges a chain into another, or adds it beside the others. Returns the place of the chain.
    pub(super) fn place(&mut self, scope: u64, new: Chain) -> u32 {
        let is_session = new.session.is_some();
        if let Some((at, found)) = self.find(scope, &new)
            && self.merge(scope, at, found, &new, is_session)
        {
            return at;
        }
        let at = self.chains.len() as u32;
        self.bytes += 150 + new.keys.len() * 36;
        self.chains.push(new);
        self.reindex(scope, at, 0, usize::MAX);
        at
    }

    /// The chain that a new one has messages in common with.
    pub(super) fn find(&self, scope: u64, new: &Chain) -> Option<(u32, Alignment)> {
        let keys = &new.keys;
        let pairs = (1..keys.len()).rev().map(|at| (at as i64 - 1, keys[at - 1], keys[at]));
        let first = keys.first().map(|first| (-1, START, *first));
        let mut tries = 0;
        for (at, one, other) in pairs.chain(first) {
            let Some(&(chain, place)) = self.index.get(&two(scope, one, other)) else { continue };
            let known = &self.chains[chain as usize];
            if known.is_gone {
                continue;
            }
            let shift = place + known.front - at;
            let common = |known: &Chain| -> bool {
                let low = shift.max(0);
                let high = (shift + keys.len() as i64).min(known.keys.len() as i64);
                low < high
                    && known.keys[low as usize..high as usize]
                        == keys[(low - shift) as usize..(high - shift) as usize]
            };
            if common(known) {
                return Some((chain, Alignment::Aligned(shift)));
            }
            if new.session.is_some()
                && let Some(from) = resumed(known, keys, shift, at)
            {
                return Some((chain, Alignment::Resumed(from)));
            }
            tries += 1;
            if tries == TRIES {
                break;
            }
        }
        None
    }

    /// Merges a new chain into the chain at `at`. Returns false if the two are separate nonetheless.
    pub(super) fn merge(
        &mut self,
        scope: u64,
        at: u32,
        found: Alignment,
        new: &Chain,
        is_session: bool,
    ) -> bool {
        let known = &mut self.chains[at as usize];
        let (own, more) = (known.keys.len() as i64, new.keys.len() as i64);
        let apart = |known: &Chain| {
            new.times.zip(known.times).is_some_and(|(new, known)| new.0 > known.1 || new.1 < known.0)
        };
        let (old, front) = match found {
            Alignment::Resumed(from) => {
                known.parts.extend(cut(new, from));
                known.keys.extend_from_slice(&new.keys[from..]);
                (own as usize, 0)
            }
            Alignment::Aligned(shift) if shift >= 0 && shift + more <= own => {
                // Somebody may say the same twice, and get the same answer, where a call brings one turn alone.
                let is_turn = is_session && new.users <= 1 && more <= 3;
                let is_same = new.id.is_some() && new.id == known.id;
                if is_turn && !is_same && (shift > 0 || more == own) && apart(known) {
                    return false;
                }
                known.times = spread(known.times, new.times);
                return true;
            }
            Alignment::Aligned(shift) if shift <= 0 && shift + more >= own => {
                // Strangers, too, begin with a greeting and get the same answer.
                if shift < 0 && !is_session && own < 4 {
                    return false;
                }
                known.parts.clone_from(&new.parts);
                known.keys.clone_from(&new.keys);
                (known.kind, known.is_helper, known.sums_up) = (new.kind, new.is_helper, new.sums_up);
                known.front += -shift;
                self.bytes += (more - own) as usize * 36;
                let (from, to) = ((-shift) as usize, (own - shift) as usize);
                self.count(at, new);
                self.reindex(scope, at, 0, from + 1);
                self.reindex(scope, at, to, usize::MAX);
                return true;
            }
            Alignment::Aligned(shift) if shift > 0 => {
                let from = (own - shift) as usize;
                known.parts.extend(cut(new, from));
                known.keys.extend_from_slice(&new.keys[from..]);
                (own as usize, 0)
            }
            Alignment::Aligned(shift) if !is_session && more + shift < 4 => return false,
            Alignment::Aligned(shift) => {
                let front = (-shift) as usize;
                let mut parts: Vec<Part> = keep(new, front).collect();
                parts.append(&mut known.parts);
                known.parts = parts;
                let mut keys = new.keys[..front].to_vec();
                keys.append(&mut known.keys);
                known.keys = keys;
                known.front += front as i64;
                (known.keys.len(), front)
            }
        };
        let now = self.chains[at as usize].keys.len();
        self.bytes += (now - own as usize) * 36;
        self.count(at, new);
        self.reindex(scope, at, 0, front + usize::from(front > 0));
        self.reindex(scope, at, old, usize::MAX);
        true
    }

    pub(super) fn count(&mut self, at: u32, new: &Chain) {
        let known = &mut self.chains[at as usize];
        known.users = known.users.max(new.users).max(u32::from(known.parts.len() > 1) + 1);
        known.times = spread(known.times, new.times);
    }

    /// Indexes the pairs of a chain's keys whose second is one of those `from..to`.
    pub(super) fn reindex(&mut self, scope: u64, at: u32, from: usize, to: usize) {
        let chain = &self.chains[at as usize];
        for second in from..chain.keys.len().min(to) {
            let first = second.checked_sub(1).map_or(START, |first| chain.keys[first]);
            let place = second as i64 - 1 - chain.front;
            // Of chats with the same beginning the latest is the one that may go on.
            self.index.insert(two(scope, first, chain.keys[second]), (at, place));
        }
    }
}

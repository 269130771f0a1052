//! Which calls belong to one chat, and what of each is new: by the hashes of their messages alone.
//!
//! A call brings the messages so far and the answer. Two calls belong together where the messages that both have stand in
//! the same order without a gap: one is contained in the other (a history that grows), or the end of one is the beginning
//! of the other (a history that was cut to its last messages). Calls of one session that have no message in common follow
//! each other in time (one turn a call). All this is known once all calls were seen, in any order.
//!
//! Memory: 8 bytes for each message that is kept and 28 to 57 for its place in the index, 4 a call (and 20 once their fates
//! are known), some 200 a chat; up to twice as much of the first while lists grow.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// Number of a call in its file.
pub(super) type CallId = u32;

/// What is known of a call when it is seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What the calls of one chat share, where anything is said of it.
    pub session: Option<u64>,
    /// Within what calls without a session may be of one chat: a user, or everything.
    pub scope: u64,
    /// A hash of each message that a person or the model wrote.
    pub keys: Vec<u64>,
    /// How many of them are the user's.
    pub users: u32,
    /// When it was made, in nanoseconds since 1970.
    pub time: Option<i128>,
    /// A hash of its own name, where it has one: of its request or its trace.
    pub id: Option<u64>,
    /// A hash of what kind of call it is said to be, and of its instructions.
    pub kind: u64,
    /// Whether it is plainly a helper's.
    pub is_helper: bool,
    /// Whether its first message sums up what was said before.
    pub sums_up: bool,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its messages stand in the chat that is kept.
    Repeated { chat: u32 },
    /// It is an application's own.
    Helper,
    /// Its messages from `from` on, up to `to`, are part number `nth` of a chat.
    Part { chat: u32, nth: u32, from: u32, to: u32 },
    /// It was left alone, since too much would have had to be kept.
    Unjoined,
}

/// A chat, in so many parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chat {
    pub parts: u32,
    /// Of the chats of its session the how manieth it is, from 0.
    pub nth_of_session: u32,
}

#[derive(Clone, Debug)]
struct Part {
    call: CallId,
    from: u32,
    to: u32,
}

#[derive(Clone, Debug, Default)]
struct Chain {
    session: Option<u64>,
    scope: u64,
    keys: Vec<u64>,
    /// So many keys were put in front of the first one that was indexed.
    front: i64,
    parts: Vec<Part>,
    users: u32,
    /// Its earliest and its latest call.
    times: Option<(i128, i128)>,
    id: Option<u64>,
    kind: u64,
    is_helper: bool,
    sums_up: bool,
    /// It became part of another.
    is_gone: bool,
}

/// How a call lies beside a chain.
#[derive(Clone, Copy)]
enum Match {
    /// Its first key is the chain's key of this number, which may be before the first.
    Aligned(i64),
    /// Its keys from this number on come after the end of the chain; what stands before sums up.
    Resumed(usize),
}

/// The calls seen so far.
pub(super) struct Chains {
    chains: Vec<Chain>,
    /// Where two keys stand one after the other: chain, and place of the first of them.
    index: HashMap<u64, (u32, i64)>,
    /// For each call the chain that took it, or none.
    taken: Vec<u32>,
    /// Bytes that are kept, about, and the most.
    bytes: usize,
    limit: usize,
}

const NOWHERE: u32 = u32::MAX;
/// Stands before the first key of a chain.
const START: u64 = 0;
/// So many places are tried for a call.
const TRIES: usize = 16;

fn two(scope: u64, first: u64, second: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (scope, first, second).hash(&mut hasher);
    hasher.finish()
}

impl Chains {
    /// No calls; about `limit` bytes are kept.
    pub(super) fn new(limit: usize) -> Self {
        Self { chains: Vec::new(), index: HashMap::new(), taken: Vec::new(), bytes: 0, limit }
    }

    /// Notes the next call.
    pub(super) fn see(&mut self, seen: Seen) {
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

    /// Puts another name in the place of each session's, now that all are known.
    pub(super) fn rename_sessions(&mut self, mut name: impl FnMut(u64) -> u64) {
        self.chains.iter_mut().for_each(|chain| chain.session = chain.session.map(&mut name));
    }

    /// Puts a chain where it belongs: into another, or beside them; returns where.
    fn place(&mut self, scope: u64, new: Chain) -> u32 {
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
    fn find(&self, scope: u64, new: &Chain) -> Option<(u32, Match)> {
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
                return Some((chain, Match::Aligned(shift)));
            }
            if new.session.is_some()
                && let Some(from) = resumed(known, keys, shift, at)
            {
                return Some((chain, Match::Resumed(from)));
            }
            tries += 1;
            if tries == TRIES {
                break;
            }
        }
        None
    }

    /// Merges a new chain into the one at `at`; false if they are none the less two.
    fn merge(&mut self, scope: u64, at: u32, found: Match, new: &Chain, is_session: bool) -> bool {
        let known = &mut self.chains[at as usize];
        let (own, more) = (known.keys.len() as i64, new.keys.len() as i64);
        let apart = |known: &Chain| {
            new.times.zip(known.times).is_some_and(|(new, known)| new.0 > known.1 || new.1 < known.0)
        };
        let (old, front) = match found {
            Match::Resumed(from) => {
                known.parts.extend(cut(new, from));
                known.keys.extend_from_slice(&new.keys[from..]);
                (own as usize, 0)
            }
            Match::Aligned(shift) if shift >= 0 && shift + more <= own => {
                // Somebody may say the same twice, and get the same answer, where a call brings one turn alone.
                let is_turn = is_session && new.users <= 1 && more <= 3;
                let is_same = new.id.is_some() && new.id == known.id;
                if is_turn && !is_same && (shift > 0 || more == own) && apart(known) {
                    return false;
                }
                known.times = spread(known.times, new.times);
                return true;
            }
            Match::Aligned(shift) if shift <= 0 && shift + more >= own => {
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
            Match::Aligned(shift) if shift > 0 => {
                let from = (own - shift) as usize;
                known.parts.extend(cut(new, from));
                known.keys.extend_from_slice(&new.keys[from..]);
                (own as usize, 0)
            }
            Match::Aligned(shift) if !is_session && more + shift < 4 => return false,
            Match::Aligned(shift) => {
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

    fn count(&mut self, at: u32, new: &Chain) {
        let known = &mut self.chains[at as usize];
        known.users = known.users.max(new.users).max(u32::from(known.parts.len() > 1) + 1);
        known.times = spread(known.times, new.times);
    }

    /// Indexes the pairs of a chain's keys whose second is one of those `from..to`.
    fn reindex(&mut self, scope: u64, at: u32, from: usize, to: usize) {
        let chain = &self.chains[at as usize];
        for second in from..chain.keys.len().min(to) {
            let first = second.checked_sub(1).map_or(START, |first| chain.keys[first]);
            let place = second as i64 - 1 - chain.front;
            // Of chats with the same beginning the latest is the one that may go on.
            self.index.insert(two(scope, first, chain.keys[second]), (at, place));
        }
    }

    /// What becomes of each call, and the chats.
    pub(super) fn fates(mut self) -> (Vec<Fate>, Vec<Chat>) {
        self.merge_lone_sessions();
        let mut sessions: HashMap<u64, Vec<u32>> = HashMap::new();
        for (at, chain) in self.chains.iter().enumerate().filter(|(_, chain)| !chain.is_gone) {
            if let Some(session) = chain.session {
                sessions.entry(session).or_default().push(at as u32);
            }
        }
        let mut helps = vec![false; self.chains.len()];
        let mut chats: Vec<Chat> = Vec::new();
        let mut numbers = vec![0; self.chains.len()];
        let mut all: Vec<_> = sessions.into_values().collect();
        all.sort_unstable();
        for mut of_session in all {
            // In the order of time; where nobody tells it, in that of the file.
            of_session.sort_by_key(|at| (self.chains[*at as usize].times.map(|times| times.0), *at));
            self.rejoin(&of_session);
            of_session.retain(|at| !self.chains[*at as usize].is_gone);
            self.settle(&of_session, &mut helps);
            let is_chat = |at: &&u32| !self.chains[**at as usize].is_gone && !helps[**at as usize];
            let left = of_session.iter().filter(is_chat);
            left.enumerate().for_each(|(nth, at)| numbers[*at as usize] = nth as u32);
        }
        let mut fates: Vec<Fate> = self
            .taken
            .iter()
            .map(|at| if *at == NOWHERE { Fate::Unjoined } else { Fate::Repeated { chat: *at } })
            .collect();
        // Among calls that repeat each other, a helper's is known by its words alone.
        let is_log = self.taken.len() > self.chains.len();
        let mut of_chain = vec![NOWHERE; self.chains.len()];
        for (at, chain) in self.chains.iter().enumerate().filter(|(_, chain)| !chain.is_gone) {
            let stands_alone = chain.session.is_none() && chain.users <= 1 && chain.is_helper;
            if helps[at] || is_log && stands_alone {
                chain.parts.iter().for_each(|part| fates[part.call as usize] = Fate::Helper);
                continue;
            }
            let chat = chats.len() as u32;
            of_chain[at] = chat;
            chats.push(Chat { parts: chain.parts.len() as u32, nth_of_session: numbers[at] });
            for (nth, part) in chain.parts.iter().enumerate() {
                fates[part.call as usize] =
                    Fate::Part { chat, nth: nth as u32, from: part.from, to: part.to };
            }
        }
        for fate in &mut fates {
            if let Fate::Repeated { chat } = fate {
                *chat = of_chain.get(self.chain(*chat) as usize).copied().unwrap_or(NOWHERE);
                if *chat == NOWHERE {
                    *fate = Fate::Helper;
                }
            }
        }
        (fates, chats)
    }

    /// The chain that a chain has become part of, or itself.
    fn chain(&self, mut at: u32) -> u32 {
        while let Some(chain) = self.chains.get(at as usize).filter(|chain| chain.is_gone) {
            at = chain.front as u32;
        }
        at
    }

    /// Some programs make a new session for each call: where hardly any goes on, the content tells. Two sessions that say the
    /// same are still two.
    fn merge_lone_sessions(&mut self) {
        let mut calls: HashMap<u64, u32> = HashMap::new();
        for chain in &self.chains {
            if let Some(session) = chain.session {
                *calls.entry(session).or_default() += 1;
            }
        }
        let lone = calls.values().filter(|calls| **calls == 1).count();
        if 10 * lone < 9 * calls.len() {
            return;
        }
        let mut seen: HashMap<u32, u32> = HashMap::new();
        self.taken.iter().filter(|at| **at != NOWHERE).for_each(|at| *seen.entry(*at).or_default() += 1);
        for at in 0..self.chains.len() {
            let chain = &self.chains[at];
            let is_lone = chain.session.is_some_and(|session| calls.get(&session) == Some(&1));
            if !is_lone || chain.keys.len() < 2 || seen.get(&(at as u32)) != Some(&1) {
                continue;
            }
            let lone = Chain { session: None, ..chain.clone() };
            let scope = two(2, lone.scope, 2);
            let goes_on = |other: u32| self.chains[other as usize].keys != lone.keys;
            match self.find(scope, &lone).filter(|(other, _)| goes_on(*other)) {
                Some((other, found)) if self.merge(scope, other, found, &lone, false) => {
                    // Where it has gone stands in its `front`.
                    let gone = &mut self.chains[at];
                    (gone.is_gone, gone.front) = (true, i64::from(other));
                }
                _ => self.reindex(scope, at as u32, 0, usize::MAX),
            }
        }
    }

    /// Merges chains of one session that have messages in common since others have grown.
    fn rejoin(&mut self, of_session: &[u32]) {
        if of_session.len() < 2 {
            return;
        }
        for &at in of_session {
            let own = self.chains[at as usize].clone();
            let Some(session) = own.session else { continue };
            let scope = two(1, session, 1);
            self.chains[at as usize].is_gone = true;
            let merged = match self.find(scope, &own) {
                Some((other, found)) if self.merge(scope, other, found, &own, true) => Some(other),
                _ => None,
            };
            let chain = &mut self.chains[at as usize];
            match merged {
                Some(other) => chain.front = i64::from(other),
                None => {
                    chain.is_gone = false;
                    self.reindex(scope, at, 0, usize::MAX);
                }
            }
        }
    }

    /// Settles the chains of one session, which have no message in common and stand in the order of time.
    fn settle(&mut self, of_session: &[u32], helps: &mut [bool]) {
        if of_session.len() < 2 {
            return;
        }
        let is_chat = |chains: &Self, at: u32| chains.chains[at as usize].users > 1;
        let kinds: Vec<u64> = of_session
            .iter()
            .filter(|at| is_chat(self, **at))
            .map(|at| self.chains[*at as usize].kind)
            .collect();
        let has_chat = !kinds.is_empty();
        let all_help = of_session.iter().all(|at| self.chains[*at as usize].is_helper);
        // The chat that goes on, in time.
        let mut current: Option<u32> = None;
        for &at in of_session {
            let own = self.chains[at as usize].clone();
            let common = current.map_or(0, |before| overlap(&self.chains[before as usize].keys, &own.keys));
            if own.users > 1 && !own.sums_up && common == 0 {
                current = Some(at);
                continue;
            }
            let is_aside = own.users <= 1
                && has_chat
                && !own.sums_up
                && (!kinds.contains(&own.kind) || own.times.is_none());
            if !all_help && own.users <= 1 && (own.is_helper || is_aside) {
                helps[at as usize] = true;
                continue;
            }
            match current {
                Some(before) => {
                    // What sums up was never said.
                    let from = if own.sums_up && own.keys.len() > 1 { 1 } else { common };
                    let parts: Vec<Part> = cut(&own, from).collect();
                    let known = &mut self.chains[before as usize];
                    known.parts.extend(parts);
                    known.keys.extend_from_slice(&own.keys[from..]);
                    known.users = known.users.max(own.users);
                    let gone = &mut self.chains[at as usize];
                    (gone.is_gone, gone.front) = (true, i64::from(before));
                }
                None => current = Some(at),
            }
        }
    }
}

/// How many messages at the end of a chat a call begins with again. Not all of its own: who says the same twice is heard
/// twice.
fn overlap(chat: &[u64], call: &[u64]) -> usize {
    (1..call.len()).rev().find(|length| chat.ends_with(&call[..*length])).unwrap_or(0)
}

/// The parts of a chain's keys before key `to`.
fn keep(chain: &Chain, to: usize) -> impl Iterator<Item = Part> {
    let mut left = to as u32;
    chain.parts.clone().into_iter().filter_map(move |mut part| {
        let length = (part.to - part.from).min(left);
        left -= length;
        part.to = part.from + length;
        (length > 0).then_some(part)
    })
}

/// The parts of a chain's keys from `from` on.
fn cut(chain: &Chain, from: usize) -> impl Iterator<Item = Part> {
    let mut skip = from as u32;
    chain.parts.clone().into_iter().filter_map(move |mut part| {
        let length = part.to - part.from;
        let skipped = skip.min(length);
        skip -= skipped;
        part.from += skipped;
        (skipped < length).then_some(part)
    })
}

fn spread(one: Option<(i128, i128)>, other: Option<(i128, i128)>) -> Option<(i128, i128)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

/// Where a call goes on from the end of a chain, after one or two messages that stand for what was left out: from which key.
fn resumed(known: &Chain, keys: &[u64], shift: i64, at: i64) -> Option<usize> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(session: Option<u64>, keys: std::ops::Range<u64>, time: i128) -> Seen {
        let keys: Vec<u64> = keys.map(|key| key + 1).collect();
        // Even ones are the user's.
        let users = keys.iter().filter(|key| **key % 2 == 1).count() as u32;
        Seen { session, keys, users, time: Some(time), id: Some(time as u64), ..Seen::default() }
    }

    fn fates(calls: &[Seen]) -> (Vec<Fate>, Vec<Chat>) {
        let mut chains = Chains::new(1 << 20);
        calls.iter().for_each(|call| chains.see(call.clone()));
        chains.fates()
    }

    /// The keys of each chat.
    fn chats(calls: &[Seen]) -> Vec<Vec<u64>> {
        let (fates, all) = fates(calls);
        let mut parts: Vec<Vec<(u32, Vec<u64>)>> = vec![Vec::new(); all.len()];
        for (call, fate) in calls.iter().zip(fates) {
            if let Fate::Part { chat, nth, from, to } = fate {
                parts[chat as usize].push((nth, call.keys[from as usize..to as usize].to_vec()));
            }
        }
        for (chat, parts) in all.iter().zip(&mut parts) {
            assert_eq!(chat.parts as usize, parts.len());
            parts.sort();
        }
        parts.into_iter().map(|parts| parts.into_iter().flat_map(|(_, keys)| keys).collect()).collect()
    }

    fn whole(length: u64) -> Vec<u64> {
        (1..=length).collect()
    }

    #[test]
    fn a_history_that_grows_is_kept_once() {
        for session in [None, Some(7)] {
            let calls = [call(session, 0..2, 1), call(session, 0..4, 2), call(session, 0..6, 3)];
            assert_eq!(chats(&calls), [whole(6)]);
            assert_eq!(fates(&calls).0[..2], [Fate::Repeated { chat: 0 }; 2]);
        }
    }

    #[test]
    fn one_turn_a_call_is_put_in_the_order_of_time() {
        let calls = [call(Some(7), 2..4, 2), call(Some(7), 0..2, 1), call(Some(7), 4..6, 3)];
        assert_eq!(chats(&calls), [whole(6)]);
        let without = calls.map(|call| Seen { session: None, ..call });
        assert_eq!(chats(&without).len(), 3, "nothing says that they belong together");
    }

    #[test]
    fn the_last_answer_that_a_call_repeats_is_said_once() {
        let calls = [call(Some(7), 0..2, 1), call(Some(7), 1..4, 2), call(Some(7), 3..6, 3)];
        assert_eq!(chats(&calls), [whole(6)]);
    }

    #[test]
    fn who_thanks_twice_is_heard_twice() {
        let thanks = |time| call(Some(7), 2..4, time);
        let calls = [call(Some(7), 0..2, 1), thanks(2), call(Some(7), 6..8, 3), thanks(4)];
        assert_eq!(chats(&calls), [[1, 2, 3, 4, 7, 8, 3, 4]]);
        let again = [call(Some(7), 0..2, 1), thanks(2), thanks(2)];
        assert_eq!(chats(&again), [[1, 2, 3, 4]], "the same call, exported twice");
    }

    #[test]
    fn a_chat_goes_on_from_its_summary() {
        let mut compacted = call(Some(7), 4..10, 9);
        compacted.keys.insert(0, 99);
        let calls = [call(Some(7), 0..8, 1), compacted];
        assert_eq!(chats(&calls), [whole(10)]);
        let mut anew = call(Some(7), 8..10, 9);
        (anew.sums_up, anew.users) = (true, 2);
        anew.keys.insert(0, 99);
        assert_eq!(chats(&[call(Some(7), 0..8, 1), anew]), [whole(10)]);
    }

    #[test]
    fn helpers_stay_out_of_chats() {
        let title = Seen { keys: vec![50, 51], users: 1, kind: 5, ..call(Some(7), 0..2, 2) };
        let calls = [call(Some(7), 0..2, 1), title.clone(), call(Some(7), 0..4, 3)];
        assert_eq!((chats(&calls), fates(&calls).0[1]), (vec![whole(4)], Fate::Helper));
        let named = Seen { is_helper: true, ..title };
        let calls = [call(Some(7), 0..2, 1), named, call(Some(7), 2..4, 3)];
        assert_eq!((chats(&calls), fates(&calls).0[1]), (vec![whole(4)], Fate::Helper));
    }

    #[test]
    fn a_session_for_each_call_is_none() {
        let calls = [call(Some(1), 0..2, 1), call(Some(2), 0..4, 2), call(Some(3), 0..6, 3)];
        assert_eq!(chats(&calls), [whole(6)]);
        let same = [call(Some(1), 0..2, 1), call(Some(2), 0..2, 2)];
        assert_eq!(chats(&same), [whole(2), whole(2)], "two people may say the same");
    }

    #[test]
    fn strangers_with_the_same_greeting_stay_strangers() {
        let stranger = |keys: &[u64]| Seen { keys: keys.to_vec(), users: 2, ..Seen::default() };
        let calls = [stranger(&[1, 2, 3, 4]), stranger(&[1, 2, 5, 6]), stranger(&[8, 9, 1, 2])];
        assert_eq!(chats(&calls), [vec![1, 2, 3, 4], vec![1, 2, 5, 6], vec![8, 9, 1, 2]]);
    }

    #[test]
    fn memory_is_what_is_said() {
        let (chats, turns) = (2_000_u64, 10_u64);
        let mut chains = Chains::new(usize::MAX);
        for turn in 1..=turns {
            // Histories that grow: each call repeats all before it, and only the last is kept.
            (0..chats).for_each(|n| chains.see(call(Some(n), n * 100..n * 100 + 2 * turn, i128::from(turn))));
        }
        let of_chain = |chain: &Chain| chain.keys.capacity() * 8 + chain.parts.capacity() * size_of::<Part>();
        let bytes = chains.chains.iter().map(of_chain).sum::<usize>()
            + chains.chains.capacity() * size_of::<Chain>()
            + chains.index.capacity() * (size_of::<(u64, (u32, i64))>() + 1)
            + chains.taken.capacity() * 4;
        let (chats, turns) = (chats as usize, turns as usize);
        let said = chats * 2 * turns * (16 + 57) + chats * turns * 8 + chats * 400;
        assert!(bytes < said, "{bytes} bytes, said are {said}");
        assert!(chains.bytes > bytes / 3, "{} counted, {bytes} taken", chains.bytes);
    }

    #[test]
    fn what_exceeds_the_limit_is_left_alone() {
        let mut chains = Chains::new(600);
        (0..20).for_each(|n| chains.see(call(None, n * 10..n * 10 + 4, 1)));
        let (fates, chats) = chains.fates();
        assert!(chats.len() < 4 && fates.len() == 20);
        assert_eq!(fates[10..], [Fate::Unjoined; 10]);
    }

    proptest! {
        #[test]
        fn windows_of_a_chat_make_the_chat_in_any_order(
            length in 2_u64..20, window in 2_u64..8, seed in any::<u64>(), has_session in any::<bool>(),
        ) {
            let length = length * 2;
            // After each answer what was said last, four messages or more, so that neighbours overlap.
            let ends = (1..=length / 2).map(|turn| turn * 2);
            let mut calls: Vec<Seen> =
                ends.map(|end| call(has_session.then_some(7), end.saturating_sub(2 + window)..end, i128::from(end))).collect();
            fastrand::Rng::with_seed(seed).shuffle(&mut calls);
            let kept = chats(&calls);
            if !has_session {
                // Without a session, an order in which neighbours come last leaves them apart; nothing is lost.
                let mut all: Vec<u64> = kept.iter().flatten().copied().collect();
                all.sort_unstable();
                all.dedup();
                prop_assert_eq!(all, whole(length));
            } else {
                prop_assert_eq!(kept, [whole(length)]);
            }
        }

        #[test]
        fn every_call_has_one_fate_and_every_part_one_place(
            calls in prop::collection::vec((prop::option::of(0_u64..3), 0_u64..12, 0_u64..8, 0_i128..9, any::<[bool; 2]>()), 0..30),
        ) {
            let calls: Vec<Seen> = calls
                .into_iter()
                .map(|(session, from, length, time, [is_helper, sums_up])| {
                    Seen { is_helper, sums_up, ..call(session, from..from + length, time) }
                })
                .collect();
            let kept = chats(&calls);
            let (all, _) = fates(&calls);
            prop_assert_eq!(all.len(), calls.len());
            // Whatever was left out as repeated stands in what is kept, but for what sums up: that was never said.
            for (call, fate) in calls.iter().zip(&all) {
                if let Fate::Repeated { chat } = fate {
                    let keys = &kept[*chat as usize];
                    let sums_up = calls.iter().any(|call| call.sums_up);
                    let is_there = sums_up || call.keys.is_empty() || keys.windows(call.keys.len()).any(|window| window == call.keys);
                    prop_assert!(is_there, "{:?} in {:?}", call.keys, keys);
                }
            }
        }
    }
}

use proptest::prelude::*;

use super::index::Chain;
use super::parts::Part;
use super::*;

fn call(session: Option<u64>, keys: std::ops::Range<u64>, time: i128) -> CallSummary {
    let keys: Vec<u64> = keys.map(|key| key + 1).collect();
    // Even ones are the user's.
    let users = keys.iter().filter(|key| **key % 2 == 1).count() as u32;
    CallSummary { session, keys, users, time: Some(time), id: Some(time as u64), ..CallSummary::default() }
}

fn fates(calls: &[CallSummary]) -> (Vec<Fate>, Vec<Chat>) {
    let mut chains = Chains::new(1 << 20);
    calls.iter().for_each(|call| chains.add(call.clone()));
    chains.fates()
}

/// The keys of each chat.
fn chats(calls: &[CallSummary]) -> Vec<Vec<u64>> {
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
    let without = calls.map(|call| CallSummary { session: None, ..call });
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
    let title = CallSummary { keys: vec![50, 51], users: 1, kind: 5, ..call(Some(7), 0..2, 2) };
    let calls = [call(Some(7), 0..2, 1), title.clone(), call(Some(7), 0..4, 3)];
    assert_eq!((chats(&calls), fates(&calls).0[1]), (vec![whole(4)], Fate::Helper));
    let named = CallSummary { is_helper: true, ..title };
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
    let stranger = |keys: &[u64]| CallSummary { keys: keys.to_vec(), users: 2, ..CallSummary::default() };
    let calls = [stranger(&[1, 2, 3, 4]), stranger(&[1, 2, 5, 6]), stranger(&[8, 9, 1, 2])];
    assert_eq!(chats(&calls), [vec![1, 2, 3, 4], vec![1, 2, 5, 6], vec![8, 9, 1, 2]]);
}

#[test]
fn memory_is_what_is_said() {
    let (chats, turns) = (2_000_u64, 10_u64);
    let mut chains = Chains::new(usize::MAX);
    for turn in 1..=turns {
        // Histories that grow: each call repeats all before it, and only the last is kept.
        (0..chats).for_each(|n| chains.add(call(Some(n), n * 100..n * 100 + 2 * turn, i128::from(turn))));
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
    (0..20).for_each(|n| chains.add(call(None, n * 10..n * 10 + 4, 1)));
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
        let mut calls: Vec<CallSummary> =
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
        let calls: Vec<CallSummary> = calls
            .into_iter()
            .map(|(session, from, length, time, [is_helper, sums_up])| {
                CallSummary { is_helper, sums_up, ..call(session, from..from + length, time) }
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

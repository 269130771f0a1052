//! What a keeper makes of messages: those of clients, and bytes that are none.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use rejoinder_judge::accounts::{
    AccountKeeper, Accounts, Grant, KeeperTerms, KeyedReply, RemoteAccounts, StoredReplies,
};
use rejoinder_ledger::{
    LedgerEntry, Reply, RequestOutcome, RequestState, Reservation, Spending, SpendingLimits,
};

use crate::keeper::Job;

fn tokens(tokens: u64) -> Spending {
    Spending { calls: 1, tokens, ..Spending::default() }
}

fn reserve(client: &RemoteAccounts, amount: Spending) -> Grant {
    client.write(vec![LedgerEntry::Reserve { key: "k".to_owned(), amount }]).unwrap().pop().unwrap()
}

fn given(grant: Grant) -> Reservation {
    let Grant::Given { reservation, .. } = grant else { panic!("{grant:?}") };
    reservation
}

#[test]
fn a_budget_is_over_once_nobody_can_give_anything_back() {
    let lease = Duration::from_millis(800);
    let limits = SpendingLimits { tokens: Some(15), ..SpendingLimits::default() };
    let job = Job::new(KeeperTerms { limits, lease, ..KeeperTerms::default() });
    let (one, other) = (job.client(), job.client());
    let reservation = given(reserve(&one, tokens(10)));
    assert!(matches!(reserve(&other, tokens(10)), Grant::Later(1..)), "the first may cost less");
    assert_eq!(reserve(&one, tokens(10)), Grant::Over, "its own end is for a client to wait for");
    let outcome = RequestOutcome {
        state: RequestState::Answered,
        status: 200,
        amount: tokens(5),
        usage: None,
        millis: 1,
    };
    one.write(vec![LedgerEntry::Settle(reservation, outcome)]).unwrap();
    given(reserve(&other, tokens(10)));
    std::thread::sleep(lease);
    assert_eq!(reserve(&one, tokens(10)), Grant::Over, "the other one is gone, and its tokens with it");
    assert_eq!(
        job.keeper().spent().unwrap().amount,
        Spending { calls: 2, tokens: 15, ..Spending::default() }
    );
}

#[test]
fn far_requests_are_not_reserved_ahead() {
    let job = Job::new(KeeperTerms { tokens_per_minute: Some(6_000.0), ..KeeperTerms::default() });
    let client = job.client();
    let entry = || LedgerEntry::Reserve { key: "k".to_owned(), amount: tokens(60) };
    let grants = client.write(vec![entry(), entry(), entry(), entry()]).unwrap();
    let waits: Vec<Option<u64>> = grants
        .iter()
        .map(|grant| if let Grant::Given { wait_ms, .. } = grant { Some(*wait_ms) } else { None })
        .collect();
    assert_eq!((waits[0], waits[3]), (Some(0), None), "{grants:?}");
    assert_eq!(job.keeper().spent().unwrap().amount.calls, 2, "{grants:?}");
}

#[test]
fn replies_come_back_as_they_were_put() {
    let job = Job::within(SpendingLimits::default());
    let client = job.client();
    let reply = Reply { model: "m".to_owned(), content: "\u{1b}[2J\"é".to_owned(), ..Reply::default() };
    let turns = vec!["t1".to_owned(), "t2".to_owned()];
    let note = KeyedReply { key: "k".to_owned(), reply: reply.clone(), turns };
    client.put(&[note.clone(), KeyedReply { key: "l".to_owned(), ..note }]).unwrap();
    let keys = ["k", "absent", "l"].map(str::to_owned);
    assert_eq!(client.replies(&keys).unwrap(), [Some(reply.clone()), None, Some(reply)]);
    let shared = client.shared("t2").unwrap();
    assert_eq!(
        shared.iter().map(|s| (s.key.as_str(), s.place, s.turns)).collect::<Vec<_>>(),
        [("k", 1, 2), ("l", 1, 2)]
    );
    assert!(client.contains("k").unwrap() && !client.contains("absent").unwrap());
}

#[test]
fn another_version_and_other_bytes_are_refused_with_a_sentence() {
    let job = Job::within(SpendingLimits::default());
    for (bytes, why) in [
        (&b"\xff\xfe"[..], "cannot be read"),
        (b"{}", "missing field `version`"),
        (br#"{"version":2,"client":"c","content":{"new":1}}"#, "the same version of the program"),
        (br#"{"version":1,"client":"","content":"renew"}"#, "the name of a client"),
        (br#"{"version":1,"client":"c","content":{"claim":[1]}}"#, "cannot be read"),
    ] {
        let answer = String::from_utf8(job.keeper().handle(bytes)).unwrap();
        assert!(answer.contains(r#""failed""#) && answer.contains(why), "{answer}");
    }
    let client = RemoteAccounts::new(Box::new(|_| Ok(b"<html>gateway</html>".to_vec())));
    let error = client.renew().unwrap_err().to_string();
    assert!(error.contains("a message cannot be read"), "{error}");
    let hostile = r#"{"version":1,"client":"c","content":{"failed":"\u001b[2Jgone"}}"#;
    let client = RemoteAccounts::new(Box::new(|_| Ok(hostile.as_bytes().to_vec())));
    let error = client.renew().unwrap_err().to_string();
    assert!(error.contains("gone") && !error.contains('\u{1b}'), "{error:?}");
    // An answer to somebody else, and an answer to another question.
    let keeper = job.keeper();
    let others = Mutex::new(None);
    let client = RemoteAccounts::new(Box::new(move |bytes| {
        let answer = keeper.handle(bytes);
        Ok(others.lock().unwrap().get_or_insert(answer).clone())
    }));
    client.renew().unwrap();
    assert!(client.reply("k").unwrap_err().to_string().contains("not about what was asked"));
}

fn any_message() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("0".to_owned()),
        Just(u64::MAX.to_string()),
        any::<i64>().prop_map(|n| n.to_string())
    ];
    let amount = prop::collection::vec(number.clone(), 4)
        .prop_map(|n| format!(r#"{{"calls":{},"tokens":{},"money":{},"gpu":{}}}"#, n[0], n[1], n[2], n[3]));
    let usage = prop::collection::vec(number.clone(), 3).prop_map(|n| {
        format!(r#"{{"prompt_tokens":{},"cached_tokens":{},"completion_tokens":{}}}"#, n[0], n[1], n[2])
    });
    let reservation = (number.clone(), amount.clone())
        .prop_map(|(id, amount)| format!(r#"{{"id":{id},"amount":{amount}}}"#));
    let entry = (0..3, reservation, amount, usage, number).prop_map(|(kind, reservation, amount, usage, n)| match kind {
        0 => format!(r#"{{"reserve":{{"key":"k","amount":{amount}}}}}"#),
        1 => format!(r#"{{"release":{reservation}}}"#),
        _ => format!(
            r#"{{"settle":[{reservation},{{"state":"answered","status":200,"amount":{amount},"usage":{usage},"millis":{n}}}]}}"#
        ),
    });
    let content = prop_oneof![
        Just(r#""renew""#.to_owned()),
        prop::collection::vec(entry, 0..4)
            .prop_map(|entries| format!(r#"{{"write":[{}]}}"#, entries.join(","))),
        prop::collection::vec(".{0,9}", 0..4).prop_map(|keys| format!(r#"{{"claim":{keys:?}}}"#)),
        prop::collection::vec("[a-c]", 0..4).prop_map(|keys| format!(r#"{{"shared-by":{keys:?}}}"#)),
        ".{0,30}",
    ];
    (0..3_u32, "[a-c]{0,2}", content).prop_map(|(version, client, content)| {
        format!(r#"{{"version":{version},"client":"{client}","content":{content}}}"#)
    })
}

#[test]
fn any_bytes_and_any_figures_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let limits = SpendingLimits { calls: Some(5), ..SpendingLimits::default() };
    let terms = KeeperTerms { limits, tokens_per_minute: Some(1e9), ..KeeperTerms::default() };
    let keeper = Arc::new(AccountKeeper::open(folder.path(), terms).unwrap());
    let is_answer = |bytes: &[u8]| {
        let answer = keeper.handle(bytes);
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["version"], 1);
    };
    proptest!(ProptestConfig::with_cases(64), |(bytes in prop::collection::vec(any::<u8>(), 0..200))| {
        is_answer(&bytes);
    });
    proptest!(ProptestConfig::with_cases(128), |(message in any_message(), cut in 0..400_usize)| {
        is_answer(message.as_bytes());
        is_answer(&message.as_bytes()[..cut.min(message.len())]);
    });
}

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use super::{Ledger, LedgerEntry, PartRow, RequestOutcome, RequestState, SpendingTotal, TokenUsage};
use crate::spending::{Spending, SpendingLimits};

const CALL: Spending = Spending { calls: 1, tokens: 10, money: 100, gpu: 1_000 };

fn calls(limit: u64) -> SpendingLimits {
    SpendingLimits { calls: Some(limit), ..SpendingLimits::default() }
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    (folder, path)
}

#[test]
fn no_number_of_threads_and_handles_passes_a_limit() {
    let (_folder, path) = file();
    let first = Ledger::create(&path).unwrap();
    let second = Ledger::open(&path).unwrap();
    let given = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (ledger, given) = (if thread % 2 == 0 { &first } else { &second }, &given);
            scope.spawn(move || {
                for _ in 0..10 {
                    if ledger.reserve("k", CALL, &calls(25)).unwrap().is_some() {
                        given.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!((given.into_inner(), second.spent().unwrap().amount.calls), (25, 25));
}

#[test]
fn whoever_looks_at_a_ledger_sees_what_is_written_and_leaves_no_trace() {
    let (folder, path) = file();
    let names = || {
        let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    };
    assert!(Ledger::open_to_look(&path).is_err());
    assert!(names().is_empty());
    let ledger = Ledger::create(&path).unwrap();
    ledger.put("scan", "complete").unwrap();
    let at_work = names();
    let seen = Ledger::open_to_look(&path).unwrap();
    assert_eq!(seen.get("scan").unwrap().as_deref(), Some("complete"), "it stands in the log still");
    assert!(seen.put("scan", "other").is_err());
    drop(seen);
    assert_eq!(names(), at_work);
    ledger.put("scan", "more").unwrap();
    drop(ledger);
    let ended = names();
    assert_eq!(ended, ["ledger.sqlite"]);
    let seen = Ledger::open_to_look(&path).unwrap();
    assert_eq!(seen.get("scan").unwrap().as_deref(), Some("more"));
    assert_eq!(names(), ended);
}

#[test]
fn every_unit_limits_and_what_was_not_needed_is_free_again() {
    let (_folder, path) = file();
    let ledger = Ledger::create(&path).unwrap();
    for limits in [
        calls(2),
        SpendingLimits { tokens: Some(29), ..SpendingLimits::default() },
        SpendingLimits { money: Some(299), ..SpendingLimits::default() },
        SpendingLimits { gpu: Some(2_999), ..SpendingLimits::default() },
    ] {
        let before = ledger.spent().unwrap();
        let one = ledger.reserve("k", CALL, &limits).unwrap().unwrap();
        let two = ledger.reserve("k", CALL, &limits).unwrap().unwrap();
        assert_eq!(ledger.reserve("k", CALL, &limits).unwrap(), None, "{limits:?}");
        ledger.write(&[LedgerEntry::Release(one), LedgerEntry::Release(two)], &limits).unwrap();
        assert_eq!(ledger.spent().unwrap(), before);
    }
}

#[test]
fn a_reservation_is_spent_until_released_and_survives_reopening() {
    let (_folder, path) = file();
    let ledger = Ledger::create(&path).unwrap();
    let kept = ledger.reserve("a", CALL, &calls(2)).unwrap().unwrap();
    let returned = ledger.reserve("b", CALL, &calls(2)).unwrap().unwrap();
    let usage = TokenUsage { prompt_tokens: 4, cached_tokens: 3, completion_tokens: 1 };
    let amount = Spending { calls: 1, tokens: 5, money: 50, gpu: 0 };
    let outcome =
        RequestOutcome { state: RequestState::Answered, status: 200, amount, usage: Some(usage), millis: 5 };
    let entries = [
        LedgerEntry::Release(returned),
        LedgerEntry::Settle(kept, outcome),
        LedgerEntry::Reserve { key: "d".into(), amount: CALL },
    ];
    assert!(ledger.write(&entries, &calls(2)).unwrap()[0].is_some());
    ledger.commit_part(0, "{}", "e").unwrap();
    ledger.put("scan", "one").unwrap();
    ledger.put("scan", "two").unwrap();
    drop(ledger);
    let ledger = Ledger::open(&path).unwrap();
    let mut expected = amount;
    expected += CALL;
    assert_eq!(ledger.spent().unwrap(), SpendingTotal { amount: expected, usage });
    assert_eq!(ledger.spent_on("a").unwrap(), amount);
    assert_eq!(ledger.parts().unwrap(), [PartRow { index: 0, summary: "{}".into(), end: "e".into() }]);
    assert_eq!(ledger.get("scan").unwrap().as_deref(), Some("two"));
    assert!(ledger.commit_part(0, "{}", "e").is_err(), "a part is committed once");
}

#[test]
fn a_missing_a_broken_and_a_newer_file_are_refused() {
    let (_folder, path) = file();
    assert!(Ledger::open(&path).is_err());
    std::fs::write(&path, "no database at all, but text that is long enough to be read as a header").unwrap();
    let error = Ledger::open(&path).err().unwrap().to_string();
    assert!(error.contains("ledger.sqlite") && error.contains("not a database"), "{error}");
    std::fs::remove_file(&path).unwrap();
    drop(Ledger::create(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Ledger::open(&path).err().unwrap().to_string();
    assert!(error.contains("schema 99"), "{error}");
}

#[test]
fn turns_that_are_in_a_group_of_a_form_are_known() {
    let ledger = Ledger::in_memory().unwrap();
    let ungrouped = |form| {
        let mut turns: Vec<&str> = ledger.ungrouped(form, &["a", "b", "c"]).unwrap().into_iter().collect();
        turns.sort_unstable();
        turns
    };
    assert_eq!(ungrouped("f"), ["a", "b", "c"]);
    ledger.put_groups("f", &["a", "c"], "groups", "[[0,1]]").unwrap();
    ledger.put_groups("f", &["a"], "groups", "[[0],[1]]").unwrap();
    assert_eq!((ungrouped("f"), ungrouped("g")), (vec!["b"], vec!["a", "b", "c"]));
    assert_eq!(ledger.get("groups").unwrap().as_deref(), Some("[[0],[1]]"));
}

#[test]
fn a_reservation_ends_once_however_often_its_end_is_told() {
    let ledger = Ledger::in_memory().unwrap();
    let told = |entries: [LedgerEntry; 2]| {
        for entry in &entries {
            ledger.write(std::slice::from_ref(entry), &calls(9)).unwrap();
        }
        ledger.spent().unwrap().amount.calls
    };
    let again = |of: &super::Reservation| super::Reservation { id: of.id, amount: of.amount };
    let usage = Some(TokenUsage { prompt_tokens: 7, ..TokenUsage::default() });
    let outcome =
        RequestOutcome { state: RequestState::Answered, status: 200, amount: CALL, usage, millis: 5 };
    let answered = ledger.reserve("k", CALL, &calls(9)).unwrap().unwrap();
    let twice = again(&answered);
    assert_eq!(
        told([LedgerEntry::Settle(twice, outcome.clone()), LedgerEntry::Settle(answered, outcome)]),
        1
    );
    assert_eq!(ledger.spent().unwrap().usage.prompt_tokens, 7);
    let unsent = ledger.reserve("k", CALL, &calls(9)).unwrap().unwrap();
    let twice = again(&unsent);
    ledger.write(&[LedgerEntry::Release(again(&unsent))], &calls(9)).unwrap();
    let _next = ledger.reserve("k", CALL, &calls(9)).unwrap().unwrap();
    assert_eq!(told([LedgerEntry::Release(twice), LedgerEntry::Release(unsent)]), 2, "the next one stays");
    assert_eq!(ledger.spent_on("k").unwrap().calls, 2);
}

#[test]
fn what_an_earlier_run_has_spent_counts_against_the_limits_and_stays_beside_what_is_spent_here() {
    let (_folder, path) = file();
    let ledger = Ledger::create(&path).unwrap();
    let usage = TokenUsage { prompt_tokens: 7, ..TokenUsage::default() };
    let earlier = SpendingTotal { amount: Spending { calls: 3, ..CALL }, usage };
    ledger.take_over(earlier, &[("letters", "{}".to_owned())]).unwrap();
    assert_eq!(ledger.get("letters").unwrap().as_deref(), Some("{}"));
    assert!(ledger.reserve("k", CALL, &calls(4)).unwrap().is_some());
    assert!(
        ledger.reserve("k", CALL, &calls(4)).unwrap().is_none(),
        "the earlier run has spent three of four"
    );
    let SpendingTotal { amount, usage } = Ledger::open(&path).unwrap().spent().unwrap();
    assert_eq!((amount.calls, amount.tokens, usage.prompt_tokens), (4, 20, 7));
}

#[test]
fn requests_groups_and_some_facts_of_another_ledger_are_added() {
    let ((_folder, path), (_other_folder, other_path)) = (file(), file());
    let (ledger, other) = (Ledger::create(&path).unwrap(), Ledger::create(&other_path).unwrap());
    let usage = Some(TokenUsage { prompt_tokens: 7, ..TokenUsage::default() });
    let outcome =
        RequestOutcome { state: RequestState::Answered, status: 200, amount: CALL, usage, millis: 5 };
    for (ledger, key) in [(&ledger, "own"), (&other, "theirs")] {
        let settled = ledger.reserve(key, CALL, &calls(9)).unwrap().unwrap();
        ledger.write(&[LedgerEntry::Settle(settled, outcome.clone())], &calls(9)).unwrap();
        ledger.reserve("both", CALL, &calls(9)).unwrap().unwrap();
        ledger.put_groups("f", &[key], &format!("groups {key}"), "[]").unwrap();
        ledger.put("scan", key).unwrap();
    }
    ledger.absorb(&other, "groups ").unwrap();
    let SpendingTotal { amount, usage } = ledger.spent().unwrap();
    assert_eq!((amount.calls, amount.gpu, usage.prompt_tokens), (4, 4_000, 14));
    assert_eq!((ledger.spent_on("theirs").unwrap(), ledger.spent_on("both").unwrap().calls), (CALL, 2));
    assert!(ledger.ungrouped("f", &["own", "theirs"]).unwrap().is_empty());
    assert_eq!(ledger.facts("groups ").unwrap().len(), 2);
    assert_eq!(ledger.get("scan").unwrap().as_deref(), Some("own"));
    assert_eq!(other.spent().unwrap().amount.calls, 2);
}

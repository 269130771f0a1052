//! The budget is never passed.

use rejoinder_judge::{JudgeConfig, Price, StopReason};
use rejoinder_ledger::SpendingLimits;

use crate::support::server::{Response, Server, by_rule, labelled};
use crate::support::{NONE, calls, config, form, paced, question, questions, run, store};

#[test]
fn the_budget_holds_through_retries_and_concurrency() {
    // Every first attempt of three fails: retries are calls too.
    let server = Server::start(|r| if r.number % 3 == 0 { Response::new(503, "busy") } else { by_rule(r) });
    let store = store();
    let asked = run(&store, &config(&server), questions(40), &calls(10));
    assert_eq!((server.requests(), asked.progress.attempts, asked.stop), (10, 10, Some(StopReason::Budget)));
    assert_eq!(store.ledger.spent().unwrap().amount.calls, 10);
    let kept = questions(40)
        .iter()
        .filter(|q| {
            let request = form(&config(&server)).next(std::slice::from_ref(q), &[]).unwrap();
            store.replies.contains(&request.key).unwrap()
        })
        .count();
    assert_eq!(kept as u64, asked.progress.answered, "every answer that was paid for is kept");
    assert!(asked.progress.answered >= 6);
    assert_eq!(run(&store, &config(&server), questions(40), &calls(10)).progress.attempts, 0);
}

#[test]
fn every_unit_of_a_budget_holds_under_retries_and_64_in_flight() {
    // A third fails; each prompt is reported to be 400 tokens long and answered by one.
    let server = Server::start(|r| match r.number % 3 {
        0 => Response::new(500, "oops"),
        _ => labelled(r, "E", &[("E", -0.1)]),
    });
    let price = Price { input: 1.0, output: 2.0, gpu_input: 50.0, gpu_output: 900.0, ..Price::default() };
    let config = paced(JudgeConfig { price, ..config(&server) }, |pace| pace.max_in_flight = 64);
    for limits in [
        calls(50),
        SpendingLimits { tokens: Some(40_000), ..NONE },
        SpendingLimits { money: Some(40_000_000), ..NONE },
        SpendingLimits { gpu: Some(2_000_000_000), ..NONE },
    ] {
        let before = server.all_requests();
        let store = store();
        let asked = run(&store, &config, questions(400), &limits);
        let spent = store.ledger.spent().unwrap().amount;
        assert_eq!(asked.stop, Some(StopReason::Budget), "{asked:?}");
        assert!(limits.allow(&spent), "{spent:?} of {limits:?}");
        assert_eq!(
            (server.all_requests() - before) as u64,
            spent.calls,
            "all that was sent is accounted for"
        );
        assert!(spent.calls > 10, "{spent:?}");
        // At the end hardly more is left than one request may need.
        let request = form(&config).next(&[question(0, "thanks 0")], &[]).unwrap();
        let mut more = spent;
        (0..2).for_each(|_| more += request.most);
        assert!(!limits.allow(&more), "{spent:?} of {limits:?}");
    }
}

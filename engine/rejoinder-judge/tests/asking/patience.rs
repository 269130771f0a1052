//! How fast a server is asked, and how long it is waited for.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use rejoinder_judge::{AskProgress, JudgeConfig, StopReason, ask};

use crate::support::server::{Response, Server, by_rule, completion};
use crate::support::{NONE, calls, config, form, paced, questions, run, source, store};

#[test]
fn too_many_requests_are_tried_again_after_the_time_asked_for() {
    let server = Server::start(|r| match r.number {
        0 => Response::new(429, r#"{"error":{"message":"slow down"}}"#).header("retry-after", "1"),
        _ => by_rule(r),
    });
    let begun = Instant::now();
    let asked = run(&store(), &config(&server), questions(1), &NONE);
    assert_eq!((asked.progress.answered, asked.progress.attempts, asked.stop), (1, 2, None));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_server_that_never_answers_is_given_up_and_its_answers_before_are_kept() {
    let server =
        Server::start(|r| if r.number < 4 { by_rule(r) } else { Response::new(500, "out of memory") });
    let store = store();
    let config = paced(config(&server), |pace| pace.max_retries = 1);
    let asked = run(&store, &config, questions(200), &NONE);
    assert_eq!(asked.progress.answered, 4);
    let Some(StopReason::Unavailable(why)) = asked.stop else { panic!("{asked:?}") };
    assert!(why.contains("HTTP 500: out of memory"), "{why}");
    assert!(server.requests() < 30, "{} requests into the void", server.requests());
}

#[test]
fn a_dead_port_costs_no_call() {
    let server = Server::start(by_rule);
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let store = store();
    let config = JudgeConfig { base_urls: vec![format!("http://{dead}/v1")], ..config(&server) };
    let config = paced(config, |pace| pace.patience = Duration::from_millis(300));
    let asked = run(&store, &config, questions(20), &calls(5));
    assert!(matches!(asked.stop, Some(StopReason::Unreachable(_))), "{asked:?}");
    assert_eq!((asked.progress.attempts, store.ledger.spent().unwrap().amount.calls), (0, 0));
}

#[test]
fn a_slow_server_is_asked_within_the_limit_and_timed_out() {
    let server = Server::start(|r| {
        std::thread::sleep(Duration::from_millis(40));
        by_rule(r)
    });
    run(&store(), &config(&server), questions(12), &NONE);
    assert_eq!(server.most_in_flight(), 3);
    let stuck = Server::start(|r| {
        std::thread::sleep(Duration::from_secs(3));
        completion(r, "late")
    });
    let impatient = paced(config(&stuck), |pace| {
        pace.timeout = Duration::from_millis(100);
        pace.max_retries = 0;
    });
    let asked = run(&store(), &impatient, questions(1), &NONE);
    let Some(StopReason::Unavailable(why)) = asked.stop else { panic!("{asked:?}") };
    assert!(why.contains("no answer"), "{why}");
}

#[test]
fn an_interruption_keeps_what_is_in_flight_and_waits_for_no_retry() {
    // The first two are answered slowly, the third is told to come back in half a minute.
    let server = Server::start(|r| {
        if r.number == 2 {
            return Response::new(429, "later").header("retry-after", "30");
        }
        std::thread::sleep(Duration::from_millis(400));
        by_rule(r)
    });
    let store = store();
    let begun = Instant::now();
    let mut enough = |_: &AskProgress| match server.requests() {
        0..3 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let config = config(&server);
    let asked =
        ask(&config, &form(&config), source(questions(40)), &store.within(NONE), &mut enough).unwrap();
    assert_eq!(
        (asked.stop, asked.progress.answered, server.requests()),
        (Some(StopReason::Interrupted), 2, 3)
    );
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_server_that_goes_away_and_comes_back_costs_nothing_but_time() {
    let gone = std::sync::atomic::AtomicUsize::new(0);
    // From the tenth request on it is gone for half a second: connections are reset, then refused with 503.
    let server = Server::start(move |r| {
        let down = std::sync::atomic::Ordering::SeqCst;
        if r.number < 10 || gone.load(down) > 12 {
            return by_rule(r);
        }
        std::thread::sleep(Duration::from_millis(10));
        match gone.fetch_add(1, down) {
            0..4 => Response::new(0, ""),
            _ => Response::new(503, r#"{"error":{"code":503,"message":"Loading model"}}"#),
        }
    });
    let store = store();
    let asked = run(&store, &config(&server), questions(60), &NONE);
    assert_eq!((asked.progress.answered, asked.progress.failed, asked.stop), (60, 0, None));
}

#[test]
fn a_minute_has_no_more_requests_than_allowed() {
    let server = Server::start(by_rule);
    let config = paced(config(&server), |pace| pace.requests_per_minute = Some(1_200.0));
    let begun = Instant::now();
    run(&store(), &config, questions(20), &NONE);
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[test]
fn a_busy_server_is_asked_by_fewer_at_a_time() {
    // It bears four requests at once and answers 429 to more.
    let open = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |r| {
        let order = std::sync::atomic::Ordering::SeqCst;
        let response = match open.fetch_add(1, order) {
            0..4 => {
                std::thread::sleep(Duration::from_millis(10));
                by_rule(r)
            }
            _ => Response::new(429, "too many"),
        };
        open.fetch_sub(1, order);
        response
    });
    let config = paced(config(&server), |pace| pace.max_in_flight = 64);
    let asked = run(&store(), &config, questions(400), &NONE);
    assert_eq!((asked.progress.answered, asked.stop), (400, None));
    assert!(server.requests() < 800, "{} requests for 400 answers", server.requests());
}

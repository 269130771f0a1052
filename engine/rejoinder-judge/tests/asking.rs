//! Asking against a real HTTP server: how often it is asked, what is kept, and when asking gives up.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use rejoinder_core::RecordId;
use rejoinder_judge::{ApiKey, Asked, AskedTurn, JudgeConfig, Progress, Question, Stop, Unit, ask};
use rejoinder_ledger::{Ledger, Replies};

#[path = "../../../tests/support/server.rs"]
mod server;
use server::{Response, Server, by_rule, completion};

fn config(server: &Server) -> JudgeConfig {
    JudgeConfig {
        base_url: server.base_url(),
        model: "m".into(),
        api_key: None,
        unit: Unit::Turn,
        max_in_flight: 3,
        max_tokens: 64,
        timeout: Duration::from_secs(5),
        max_retries: 3,
        json_schema: true,
    }
}

fn questions(count: u64) -> Vec<Question> {
    (0..count)
        .map(|ordinal| Question {
            id: RecordId { shard: 0, ordinal, message_index: 2 },
            dialogue: format!("\n# user: thanks {ordinal}"),
            gain: 0.5,
            turns: vec![AskedTurn { message_index: 2, text: format!("thanks {ordinal}"), open: true }],
        })
        .collect()
}

struct Store {
    _folder: tempfile::TempDir,
    ledger: Ledger,
    replies: Replies,
}

fn store() -> Store {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(&folder.path().join("l")).unwrap();
    let replies = Replies::open(&folder.path().join("r")).unwrap();
    Store { _folder: folder, ledger, replies }
}

fn run(store: &Store, config: &JudgeConfig, questions: Vec<Question>, calls: Option<u64>) -> Asked {
    ask(config, &mut questions.into_iter(), &store.ledger, &store.replies, calls, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap()
}

#[test]
fn a_stored_reply_is_never_asked_for_again_and_the_same_prompt_is_asked_once() {
    let server = Server::start(by_rule);
    let store = store();
    let mut twice = questions(5);
    twice.extend(questions(5));
    let first = run(&store, &config(&server), twice, None);
    assert_eq!((first.answered, first.from_store, server.requests()), (5, 5, 5));
    let second = run(&store, &config(&server), questions(6), None);
    assert_eq!((second.answered, second.from_store, server.requests()), (1, 5, 6));
    let body = &server.log()[0].body;
    assert_eq!((body["temperature"].as_u64(), body["messages"].as_array().unwrap().len()), (Some(0), 1));
    assert_eq!(body["response_format"]["json_schema"]["schema"]["additionalProperties"], false);
}

#[test]
fn the_budget_holds_through_retries_and_concurrency() {
    // Every first attempt of three fails: retries are calls too.
    let server = Server::start(|r| if r.number % 3 == 0 { Response::new(503, "busy") } else { by_rule(r) });
    let store = store();
    let asked = run(&store, &config(&server), questions(40), Some(10));
    assert_eq!((server.requests(), asked.attempts, asked.stop), (10, 10, Some(Stop::Budget)));
    assert_eq!(store.ledger.spent().unwrap().calls, 10);
    let kept = questions(40)
        .iter()
        .filter(|q| store.replies.get(&config(&server).reply_key(q)).unwrap().is_some())
        .count();
    assert_eq!(kept as u64, asked.answered, "every answer that was paid for is kept");
    assert!(asked.answered >= 6);
    assert_eq!(run(&store, &config(&server), questions(40), Some(10)).attempts, 0);
}

#[test]
fn too_many_requests_are_tried_again_after_the_time_asked_for() {
    let server = Server::start(|r| match r.number {
        0 => Response::new(429, r#"{"error":{"message":"slow down"}}"#).header("retry-after", "1"),
        _ => by_rule(r),
    });
    let begun = Instant::now();
    let asked = run(&store(), &config(&server), questions(1), None);
    assert_eq!((asked.answered, asked.attempts, asked.stop), (1, 2, None));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_server_that_never_answers_is_given_up_and_its_answers_before_are_kept() {
    let server =
        Server::start(|r| if r.number < 4 { by_rule(r) } else { Response::new(500, "out of memory") });
    let store = store();
    let config = JudgeConfig { max_retries: 1, ..config(&server) };
    let asked = run(&store, &config, questions(200), None);
    assert_eq!(asked.answered, 4);
    let Some(Stop::Unavailable(why)) = asked.stop else { panic!("{asked:?}") };
    assert!(why.contains("HTTP 500: out of memory"), "{why}");
    assert!(server.requests() < 30, "{} requests into the void", server.requests());
}

#[test]
fn a_wrong_key_or_model_ends_at_once() {
    for status in [401, 403, 404] {
        let server = Server::start(move |_| Response::new(status, r#"{"error":{"message":"no"}}"#));
        let asked = run(&store(), &config(&server), questions(50), None);
        assert!(matches!(asked.stop, Some(Stop::Unavailable(_))), "{asked:?}");
        assert!(server.requests() <= 3);
    }
}

#[test]
fn a_refused_question_is_left_alone_and_the_others_are_answered() {
    let server = Server::start(|r| {
        if r.prompt().ends_with("thanks 1") {
            Response::new(400, r#"{"error":{"message":"maximum context length"}}"#)
        } else {
            by_rule(r)
        }
    });
    let asked = run(&store(), &config(&server), questions(6), None);
    assert_eq!((asked.answered, asked.refused, asked.attempts, asked.stop), (5, 1, 6, None));
}

#[test]
fn a_row_of_refusals_ends_asking_only_where_it_is_long() {
    let too_long = || Response::new(400, r#"{"error":{"message":"maximum context length"}}"#);
    let some = Server::start(move |r| if r.number < 8 { too_long() } else { by_rule(r) });
    let asked = run(&store(), &config(&some), questions(30), None);
    assert_eq!((asked.answered, asked.refused, asked.stop), (22, 8, None));
    let all = Server::start(move |_| too_long());
    let asked = run(&store(), &config(&all), questions(200), None);
    assert_eq!(asked.stop, Some(Stop::Unavailable("HTTP 400: maximum context length".into())));
    assert!(all.requests() < 40, "{} requests into the void", all.requests());
}

#[test]
fn a_key_that_the_server_repeats_is_not_shown() {
    let server = Server::start(|r| {
        let (_, key) = r.headers.iter().find(|(name, _)| name == "authorization").unwrap();
        Response::new(401, format!(r#"{{"error":{{"message":"Incorrect key {key}"}}}}"#))
    });
    let config = JudgeConfig { api_key: Some(ApiKey::new("sk-very-secret".into())), ..config(&server) };
    let asked = run(&store(), &config, questions(1), None);
    assert_eq!(asked.stop, Some(Stop::Unavailable("HTTP 401: Incorrect key Bearer ***".into())));
}

#[test]
fn odd_token_counts_cost_neither_the_answer_nor_the_sums() {
    let server = Server::start(|r| {
        let usage = [
            r#"{"prompt_tokens":12.5,"completion_tokens":null}"#,
            r#"{"prompt_tokens":9223372036854775807}"#,
            "null",
        ];
        let usage = usage[r.number % usage.len()];
        Response::new(200, format!(r#"{{"choices":[{{"message":{{"content":"UR5"}}}}],"usage":{usage}}}"#))
    });
    let store = store();
    let asked = run(&store, &config(&server), questions(6), None);
    assert_eq!((asked.answered, asked.attempts), (6, 6));
    assert_eq!(store.ledger.spent().unwrap().prompt_tokens, 0);
}

#[test]
fn an_error_page_with_status_200_is_no_answer() {
    let failed_midway = r#"{"choices":[{"message":{"content":"{\"Us"},"finish_reason":"error"}]}"#;
    let overloaded = r#"{"error":{"message":"overloaded"}}"#;
    for page in ["<html>login</html>", overloaded, failed_midway, r#"{"choices":[]}"#, "{}", ""] {
        let server =
            Server::start(move |r| if r.number == 0 { Response::new(200, page) } else { by_rule(r) });
        let asked = run(&store(), &config(&server), questions(1), None);
        assert_eq!((asked.answered, asked.attempts), (1, 2), "{page}");
    }
}

#[test]
fn a_dead_port_costs_no_call() {
    let server = Server::start(by_rule);
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let store = store();
    let config = JudgeConfig { base_url: format!("http://{dead}/v1"), max_retries: 0, ..config(&server) };
    let asked = run(&store, &config, questions(20), Some(5));
    assert!(matches!(asked.stop, Some(Stop::Unavailable(_))), "{asked:?}");
    assert_eq!((asked.attempts, store.ledger.spent().unwrap().calls), (0, 0));
}

#[test]
fn a_slow_server_is_asked_within_the_limit_and_timed_out() {
    let server = Server::start(|r| {
        std::thread::sleep(Duration::from_millis(40));
        by_rule(r)
    });
    run(&store(), &config(&server), questions(12), None);
    assert_eq!(server.most_in_flight(), 3);
    let stuck = Server::start(|r| {
        std::thread::sleep(Duration::from_secs(3));
        completion(r, "late")
    });
    let impatient = JudgeConfig { timeout: Duration::from_millis(100), max_retries: 0, ..config(&stuck) };
    let asked = run(&store(), &impatient, questions(1), None);
    let Some(Stop::Unavailable(why)) = asked.stop else { panic!("{asked:?}") };
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
    let mut enough = |_: &Progress| match server.requests() {
        0..3 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let asked = ask(
        &config(&server),
        &mut questions(40).into_iter(),
        &store.ledger,
        &store.replies,
        None,
        &mut enough,
    )
    .unwrap();
    assert_eq!((asked.stop, asked.answered, server.requests()), (Some(Stop::Interrupted), 2, 3));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

//! Asking against a real HTTP server: how often it is asked, what is kept, and when asking gives up.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::{ApiKey, AskProgress, EmptyReplyReason, JudgeConfig, Pace, Price, StopReason, ask};
use rejoinder_ledger::{SpendingLimits, TokenUsage};

mod support;
use support::server::{Response, Server, by_rule, completion, labelled, last_user_message};
use support::{calls, config, form, question, questions, run, source, store};

fn paced(config: JudgeConfig, change: impl FnOnce(&mut Pace)) -> JudgeConfig {
    let mut config = config;
    change(&mut config.pace);
    config
}

const NONE: SpendingLimits = SpendingLimits { calls: None, tokens: None, money: None, gpu: None };

#[test]
fn a_stored_reply_is_never_asked_for_again_and_the_same_prompt_is_asked_once() {
    let server = Server::start(by_rule);
    let store = store();
    let mut twice = questions(5);
    twice.extend(questions(5));
    let first = run(&store, &config(&server), twice, &NONE);
    assert_eq!((first.progress.answered, first.progress.from_store, server.requests()), (5, 5, 5));
    let second = run(&store, &config(&server), questions(6), &NONE);
    assert_eq!((second.progress.answered, second.progress.from_store, server.requests()), (1, 5, 6));
    let body = &server.log()[0].body;
    assert_eq!((body["temperature"].as_u64(), body["messages"].as_array().unwrap().len()), (Some(0), 1));
    assert_eq!(
        (body["max_tokens"].as_u64(), &body["structured_outputs"]["choice"][0]),
        (Some(1), &"A".into())
    );
}

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
fn a_wrong_key_or_model_ends_at_once() {
    for (status, most) in [(401, 3), (403, 20), (404, 3)] {
        let server = Server::start(move |_| Response::new(status, r#"{"error":{"message":"no"}}"#));
        let asked = run(&store(), &config(&server), questions(50), &NONE);
        assert!(
            matches!(&asked.stop, Some(StopReason::Refuses { status: s, .. }) if *s == status),
            "{asked:?}"
        );
        assert!(server.requests() <= most, "{} requests", server.requests());
    }
}

#[test]
fn a_refused_question_is_left_alone_and_the_others_are_answered() {
    let server = Server::start(|r| {
        if r.prompt().contains("# user: thanks 1\n") {
            Response::new(400, r#"{"error":{"message":"unsupported character"}}"#)
        } else {
            by_rule(r)
        }
    });
    let asked = run(&store(), &config(&server), questions(6), &NONE);
    assert_eq!(
        (asked.progress.answered, asked.progress.refused, asked.progress.attempts, asked.stop),
        (5, 1, 6, None)
    );
}

#[test]
fn a_row_of_refusals_ends_asking_only_where_it_is_long() {
    let too_long = || Response::new(400, r#"{"error":{"message":"unsupported character"}}"#);
    let some = Server::start(move |r| if r.number < 8 { too_long() } else { by_rule(r) });
    let asked = run(&store(), &config(&some), questions(30), &NONE);
    assert_eq!((asked.progress.answered, asked.progress.refused, asked.stop), (22, 8, None));
    let all = Server::start(move |_| too_long());
    let asked = run(&store(), &config(&all), questions(200), &NONE);
    let words = "HTTP 400: unsupported character".to_owned();
    assert_eq!(asked.stop, Some(StopReason::Refuses { status: 400, words }));
    assert!(all.requests() < 20, "{} requests into the void", all.requests());
}

#[test]
fn a_key_that_the_server_repeats_is_not_shown() {
    let server = Server::start(|r| {
        let (_, key) = r.headers.iter().find(|(name, _)| name == "authorization").unwrap();
        Response::new(401, format!(r#"{{"error":{{"message":"Incorrect key {key}"}}}}"#))
    });
    let config = JudgeConfig { api_key: Some(ApiKey::new("sk-very-secret".into())), ..config(&server) };
    let asked = run(&store(), &config, questions(1), &NONE);
    let words = "HTTP 401: Incorrect key Bearer ***".to_owned();
    assert_eq!(asked.stop, Some(StopReason::Refuses { status: 401, words }));
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
        Response::new(200, format!(r#"{{"choices":[{{"message":{{"content":"E"}}}}],"usage":{usage}}}"#))
    });
    let store = store();
    let asked = run(&store, &config(&server), questions(6), &NONE);
    assert_eq!((asked.progress.answered, asked.progress.attempts), (6, 6));
    assert_eq!(store.ledger.spent().unwrap().usage.prompt_tokens, 0);
}

#[test]
fn an_error_page_with_status_200_is_no_answer() {
    let failed_midway = r#"{"choices":[{"message":{"content":"{\"Us"},"finish_reason":"error"}]}"#;
    let overloaded = r#"{"error":{"message":"overloaded"}}"#;
    for page in ["<html>login</html>", overloaded, failed_midway, r#"{"choices":[]}"#, "{}", ""] {
        let server =
            Server::start(move |r| if r.number == 0 { Response::new(200, page) } else { by_rule(r) });
        let asked = run(&store(), &config(&server), questions(1), &NONE);
        assert_eq!((asked.progress.answered, asked.progress.attempts), (1, 2), "{page}");
    }
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
fn of_several_endpoints_each_has_its_own_conversations() {
    let servers = [Server::start(by_rule), Server::start(by_rule)];
    let base_urls = servers.iter().map(Server::base_url).collect();
    let config = JudgeConfig { base_urls, ..config(&servers[0]) };
    let config = paced(config, |pace| pace.max_in_flight = 16);
    // Six conversations with four turns each.
    let all = (0..24).map(|i| question(i / 4, &format!("thanks in {} for {i}", i / 4)));
    let store = store();
    let asked = run(&store, &config, all.clone().collect(), &NONE);
    assert_eq!((asked.progress.answered, asked.stop), (24, None));
    for (rest, server) in (0..).zip(&servers) {
        let log = server.log();
        assert_eq!(log.len(), 12);
        for request in log {
            let number =
                last_user_message(request.prompt()).split(' ').nth(2).unwrap().parse::<u64>().unwrap();
            assert_eq!(number % 2, rest, "{number}");
        }
    }
    let first = JudgeConfig { base_urls: vec![servers[0].base_url()], ..config };
    assert_eq!(run(&store, &first, all.collect(), &NONE).progress.from_store, 24, "keys name the first");
}

#[test]
fn an_endpoint_that_goes_away_leaves_its_requests_to_the_others() {
    let gone = Server::start(|r| if r.number < 5 { by_rule(r) } else { Response::new(0, "") });
    let there = Server::start(by_rule);
    let config = JudgeConfig { base_urls: vec![gone.base_url(), there.base_url()], ..config(&gone) };
    let asked = run(&store(), &config, questions(60), &NONE);
    assert_eq!((asked.progress.answered, asked.progress.failed, asked.stop), (60, 0, None));
    assert!(gone.requests() < 20, "{} requests to one that is gone", gone.requests());
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
    let asked = ask(
        &config,
        &form(&config),
        source(questions(40)),
        &store.ledger,
        &store.replies,
        &NONE,
        &mut enough,
    )
    .unwrap();
    assert_eq!(
        (asked.stop, asked.progress.answered, server.requests()),
        (Some(StopReason::Interrupted), 2, 3)
    );
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
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
fn one_bad_request_is_given_up_and_the_others_are_answered() {
    let server = Server::start(|r| match r.prompt().contains("# user: thanks 7\n") {
        true => Response::new(500, "this one breaks the server"),
        false => by_rule(r),
    });
    let config = paced(config(&server), |pace| pace.max_retries = 2);
    let store = store();
    let asked = run(&store, &config, questions(50), &NONE);
    assert_eq!((asked.progress.answered, asked.progress.failed), (49, 1));
    let Some(StopReason::Unavailable(why)) = asked.stop else { panic!("{asked:?}") };
    assert!(why.contains("1 of the requests") && why.contains("this one breaks"), "{why}");
    assert_eq!(server.requests(), 49 + 3);
}

#[test]
fn a_prompt_that_is_too_long_is_shortened_until_it_fits_and_that_is_remembered() {
    let server = Server::start(|r| match r.prompt().len() {
        6_000.. => Response::new(
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
        ),
        _ => by_rule(r),
    });
    let long = question(0, &format!("thanks {}", "and more ".repeat(1_500)));
    let store = store();
    let asked = run(&store, &config(&server), vec![long.clone()], &NONE);
    assert_eq!((asked.progress.answered, asked.progress.refused, asked.stop), (1, 0, None));
    let needed = server.requests();
    assert!((2..=4).contains(&needed), "{needed}");
    let again = run(&store, &config(&server), vec![long], &NONE);
    assert_eq!(
        (again.progress.from_store, server.requests()),
        (needed as u64, needed),
        "nothing is asked again"
    );
}

#[test]
fn an_answer_that_holds_nothing_is_not_kept_and_asked_for_again_the_next_time() {
    for (page, why) in [
        (r#"{"choices":[{"message":{"content":null}}]}"#, EmptyReplyReason::Blank),
        (
            r#"{"choices":[{"message":{"content":"","reasoning_content":"The user"},"finish_reason":"length"}]}"#,
            EmptyReplyReason::Thinking,
        ),
        (
            r#"{"choices":[{"message":{"content":null},"finish_reason":"content_filter"}]}"#,
            EmptyReplyReason::Filtered,
        ),
        (
            r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"x"}]},"finish_reason":"tool_calls"}]}"#,
            EmptyReplyReason::ToolCall,
        ),
    ] {
        let server =
            Server::start(move |r| if r.number == 0 { Response::new(200, page) } else { by_rule(r) });
        let store = store();
        let asked = run(&store, &config(&server), questions(1), &NONE);
        assert_eq!((asked.progress.answered, asked.progress.empty, server.requests()), (0, 1, 1), "{page}");
        assert_eq!(asked.empty, [(why, 1)].into());
        let asked = run(&store, &config(&server), questions(1), &NONE);
        assert_eq!((asked.progress.answered, asked.stop, server.requests()), (1, None, 2), "{page}");
    }
    let server = Server::start(|_| Response::new(200, r#"{"choices":[{"message":{"content":null}}]}"#));
    let asked = run(&store(), &config(&server), questions(200), &NONE);
    assert_eq!(asked.stop, Some(StopReason::Silent(EmptyReplyReason::Blank)));
    assert!(server.requests() < 20, "{} answers without a word were paid for", server.requests());
}

#[test]
fn the_span_is_asked_for_in_a_second_request_that_is_stored_like_the_first() {
    let server = Server::start(|r| match r.prompt().contains("The pattern of the last user message above") {
        true => completion(r, r#"{"User Response Pattern":"UR5","User Response Text":"thanks"}"#),
        false => by_rule(r),
    });
    let config = JudgeConfig { asks_span: true, ..config(&server) };
    let store = store();
    let all = vec![question(0, "well, thanks a lot"), question(1, "and now in Rust")];
    let asked = run(&store, &config, all.clone(), &NONE);
    assert_eq!((asked.progress.answered, server.requests()), (3, 3), "only feedback has a span");
    assert_eq!(run(&store, &config, all, &NONE).progress.from_store, 3);
}

#[test]
fn answers_in_disguise_are_tried_again_or_kept_as_what_they_are() {
    for (page, is_kept) in [
        ("<html>502 Bad Gateway</html>", false),
        (r#"{"choices":[{"message":{"content":"E"#, false),
        (r#"{"choices":[{"message":{"content":"I cannot answer that."}}]}"#, true),
        (r#"{"model":"another","choices":[{"message":{"content":"E"}},{"message":{"content":"B"}}]}"#, true),
    ] {
        let server =
            Server::start(move |r| if r.number == 0 { Response::new(200, page) } else { by_rule(r) });
        let store = store();
        let asked = run(&store, &config(&server), questions(1), &NONE);
        assert_eq!((asked.progress.answered, server.requests()), (1, if is_kept { 1 } else { 2 }), "{page}");
        let says_something = !is_kept || page.contains("another");
        assert_eq!(asked.progress.unparseable, u64::from(!says_something), "{page}");
        assert_eq!(asked.other_models.contains("another"), page.contains("another"));
    }
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

#[test]
fn json_answers_about_several_turns_are_asked_together() {
    let server = Server::start(by_rule);
    let config = JudgeConfig { answer: Some(AnswerFormat::Json), turns_per_request: 4, ..config(&server) };
    let form = form(&config);
    assert_eq!(form.questions_per_request(), 4);
    let store = store();
    let group: Vec<_> = ["thanks", "no, in Rust", "go on", "thank you"]
        .iter()
        .zip(0..)
        .map(|(t, i)| question(i, t))
        .collect();
    let source = Box::new(|sink: &mut dyn FnMut(_) -> ControlFlow<()>| {
        let _ = sink(group.clone());
    });
    let asked =
        ask(&config, &form, source, &store.ledger, &store.replies, &NONE, &mut |_| ControlFlow::Continue(()))
            .unwrap();
    assert_eq!((asked.progress.answered, asked.progress.unparseable, server.requests()), (1, 0, 1));
    let schema = &server.log()[0].body["response_format"]["json_schema"]["schema"];
    assert_eq!(schema["properties"]["Answers"]["minItems"], 4);
    let spent = store.ledger.spent().unwrap();
    assert_ne!(spent.usage, TokenUsage::default());
}

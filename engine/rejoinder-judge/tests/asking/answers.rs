//! What becomes of answers: kept once, read in any disguise, asked for again where they hold nothing.

use std::ops::ControlFlow;

use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::{EmptyReplyReason, JudgeConfig, StopReason, ask};
use rejoinder_ledger::TokenUsage;

use crate::support::server::{Response, Server, by_rule, completion};
use crate::support::{NONE, config, form, question, questions, run, store};

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
    let whole = JudgeConfig { window: None, ..config(&server) };
    let asked = run(&store, &whole, vec![long.clone()], &NONE);
    assert_eq!((asked.progress.answered, asked.progress.refused, asked.stop), (1, 0, None));
    let needed = server.requests();
    assert!((2..=4).contains(&needed), "{needed}");
    let again = run(&store, &whole, vec![long], &NONE);
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
    let asked = ask(&config, &form, source, &store.within(NONE), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((asked.progress.answered, asked.progress.unparseable, server.requests()), (1, 0, 1));
    let schema = &server.log()[0].body["response_format"]["json_schema"]["schema"];
    assert_eq!(schema["properties"]["Answers"]["minItems"], 4);
    let spent = store.ledger.spent().unwrap();
    assert_ne!(spent.usage, TokenUsage::default());
}

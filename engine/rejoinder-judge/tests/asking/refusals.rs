//! What becomes of refusals, of one question and of all.

use rejoinder_judge::{ApiKey, JudgeConfig, StopReason};

use crate::support::server::{Response, Server, by_rule};
use crate::support::{NONE, config, paced, questions, run, store};

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

//! Letters of several turns in one answer: what servers make of the request, and what becomes of each turn.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::server::{
    Dialect, Request, Response, Server, WantedLetters, by_letters, by_rule, by_rule_in_prose, lettered,
    letters, letters_in, marked_turns, tokenized, wanted,
};
use crate::support::{Ended, assert_funnel_adds_up, figure, folder, rejoinder, rows, text, write};

/// Twenty dialogues with sixteen turns that wait; four of them say FLAGGED, each in another group of four.
const CHATS: &str = "tests/data/judge/chats.jsonl";

type Handler = fn(&Request) -> Response;

/// What is flagged is a correction, and nothing else is feedback.
fn rule(turn: &str) -> &'static str {
    if turn.contains("FLAGGED") { "UR2" } else { "No Feedback" }
}

/// As a server that obeys a regex for several letters, but for answers to chats about so many turns or more, which `of` makes of
/// the letters.
fn several(
    request: &Request,
    least: usize,
    of: fn(&Request, Vec<String>, &WantedLetters) -> Response,
) -> Response {
    match wanted(Dialect::Structured, &request.body) {
        Some(wanted) if !request.is_probe() && wanted.turns >= least => {
            of(request, letters(request, &wanted, rule), &wanted)
        }
        _ => letters_in(Dialect::Structured, request, rule),
    }
}

/// As [`letters_in`], with words in place of the letters of several turns.
fn in_words(request: &Request, words: fn(Vec<String>) -> String) -> Response {
    fn said(_: &Request, words: &str, finish_reason: &str) -> Response {
        let message = json!({"message": {"content": words}, "finish_reason": finish_reason});
        let usage = json!({"prompt_tokens": 100, "completion_tokens": 5});
        Response::new(200, json!({"model": "m", "choices": [message], "usage": usage}).to_string())
    }
    match wanted(Dialect::Structured, &request.body) {
        Some(wanted) if !request.is_probe() && wanted.turns > 1 => {
            let words = words(letters(request, &wanted, rule));
            let is_cut = words.ends_with('…');
            said(request, words.trim_end_matches('…'), if is_cut { "length" } else { "stop" })
        }
        _ => letters_in(Dialect::Structured, request, rule),
    }
}

fn refusal(status: u16, words: &str) -> Response {
    Response::new(status, json!({"error": {"message": words}}).to_string())
}

/// The reply of a server, changed.
fn changed(response: Response, change: impl FnOnce(&mut Value)) -> Response {
    let mut body: Value = serde_json::from_str(&response.body).expect("it is a reply");
    change(&mut body);
    Response { body: body.to_string(), ..response }
}

/// What is to be seen of a server.
struct Behaviour {
    name: &'static str,
    handler: Handler,
    requests: usize,
    judged: u64,
    /// Of the feedback, how much has probabilities.
    probable: usize,
    /// Each stands in what is said on standard error.
    says: &'static [&'static str],
    /// Lines under `[judge]`.
    config: &'static str,
}

const fn row(name: &'static str, handler: Handler, requests: usize) -> Behaviour {
    Behaviour { name, handler, requests, judged: 16, probable: 4, says: &[], config: "" }
}

fn behaviours() -> Vec<Behaviour> {
    vec![
        row("answers", |r| letters_in(Dialect::Structured, r, rule), 4),
        row("obeys a grammar", |r| letters_in(Dialect::Grammar, r, rule), 4),
        row("obeys a regex", |r| letters_in(Dialect::Regex, r, rule), 4),
        row("obeys a schema", |r| letters_in(Dialect::Schema, r, rule), 4),
        Behaviour {
            config: "turns-per-request = 1",
            ..row("is asked about one turn at a time", |r| letters_in(Dialect::Structured, r, rule), 16)
        },
        Behaviour {
            config: "turns-per-request = 50",
            ..row("is asked about all turns at once", |r| letters_in(Dialect::Structured, r, rule), 1)
        },
        row(
            "leaves the last turn out",
            |r| several(r, 2, |r, said, wanted| lettered(r, &said[..said.len() - 1], wanted)),
            4 + 4,
        ),
        row(
            "names the first turn only",
            |r| several(r, 2, |r, said, wanted| lettered(r, &said[..1], wanted)),
            4 + 12,
        ),
        row(
            "names a turn too many",
            |r| several(r, 2, |r, said, wanted| lettered(r, &[said, vec!["E".to_owned()]].concat(), wanted)),
            4 + 16,
        ),
        Behaviour {
            probable: 0,
            ..row(
                "numbers its letters in another order",
                |r| {
                    in_words(r, |said| {
                        let numbered = (1..).zip(&said).map(|(number, letter)| format!("{number}: {letter}"));
                        numbered.collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
                    })
                },
                4,
            )
        },
        row("numbers the last turn only", |r| in_words(r, |said| format!("4: {}", said[3])), 4 + 12),
        row("names the first turn twice", |r| in_words(r, |_| "1: E 1: A".to_owned()), 4 + 16),
        row("numbers some of its letters", |r| in_words(r, |_| "1: A, B, C, D".to_owned()), 4 + 16),
        row("says more than letters", |r| in_words(r, |_| "The answer is A B C D".to_owned()), 4 + 16),
        row("is cut off in the middle", |r| in_words(r, |said| format!("{} {} …", said[0], said[1])), 4 + 8),
        row(
            "is cut off before it says anything",
            |r| in_words(r, |_| "Well, let me…".to_owned()),
            4 + 8 + 16,
        ),
        row("answers about several turns without a word", |r| in_words(r, |_| String::new()), 4 + 8 + 16),
        Behaviour {
            judged: 12,
            probable: 0,
            says: &[
                "the server refused 4 requests: HTTP 400: the prompt was filtered",
                "--ask-again refused",
            ],
            // A group, its halves, and the turns of the half that is filtered; and once the example.
            ..row(
                "filters some turns",
                |r| match r.prompt().contains("FLAGGED") {
                    true => refusal(400, "the prompt was filtered"),
                    false => letters_in(Dialect::Structured, r, rule),
                },
                4 * (1 + 2 + 2) + 1,
            )
        },
        Behaviour {
            judged: 12,
            probable: 0,
            says: &["12 of 20 answers were empty", "content filter"],
            ..row(
                "keeps some of its answers back",
                |r| match r.prompt().contains("FLAGGED") {
                    true => changed(letters_in(Dialect::Structured, r, rule), |body| {
                        body["choices"][0] =
                            json!({"message": {"content": ""}, "finish_reason": "content_filter"});
                    }),
                    false => letters_in(Dialect::Structured, r, rule),
                },
                4 * (1 + 2 + 2),
            )
        },
        row(
            "finds more than two turns too long",
            |r| match marked_turns(r.prompt()).len() > 2 {
                true => refusal(400, "the request exceeds the available context size"),
                false => letters_in(Dialect::Structured, r, rule),
            },
            4 + 8,
        ),
        Behaviour {
            probable: 0,
            ..row(
                "tells no log-probabilities",
                |r| match r.body["logprobs"].is_null() {
                    true => letters_in(Dialect::Structured, r, rule),
                    false => refusal(400, "logprobs are not supported by this model"),
                },
                4,
            )
        },
        Behaviour {
            probable: 0,
            ..row(
                "tells five alternatives",
                |r| {
                    let response = letters_in(Dialect::Structured, r, rule);
                    changed(response, |body| {
                        for token in
                            body["choices"][0]["logprobs"]["content"].as_array_mut().into_iter().flatten()
                        {
                            token["top_logprobs"].as_array_mut().expect("a list").truncate(5);
                        }
                    })
                },
                4,
            )
        },
    ]
}

fn config(dir: &Path, name: &str, server: &Server, more: &str) -> String {
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nmax-in-flight = 1\npatience-seconds = 2\n{more}\n",
        server.base_url()
    );
    write(dir, &format!("{name}.toml"), config)
}

/// Asks about the chats; returns how the command ended, with its summary on standard output.
fn ask(dir: &Path, name: &str, server: &Server, more: &str) -> Ended {
    let config = config(dir, name, server, more);
    let run = text(&dir.join(name));
    rejoinder(&["run", CHATS, "--config", &config, "--out", &run, "--json"])
}

/// The feedback that the judge found in a run with one part.
fn judged(run: &Path) -> Vec<Value> {
    let file = run.join("judged/part-00000.jsonl");
    if file.exists() { rows(&file) } else { Vec::new() }
}

#[test]
fn each_turn_gets_its_own_letter_whatever_the_server_makes_of_a_group() {
    let dir = folder();
    let behaviours = behaviours();
    let check = |index: usize, behaviour: &Behaviour| {
        let Behaviour { name, handler, requests, judged: count, probable, says, config } = behaviour;
        let server = Server::start(*handler);
        let more = format!("answer = \"letters\"\n{config}");
        let ended = ask(dir.path(), &index.to_string(), &server, &more).expect(0);
        for words in *says {
            assert!(ended.stderr.contains(words), "{name}: no “{words}” in\n{}", ended.stderr);
        }
        let summary = ended.json();
        assert_funnel_adds_up(&summary);
        assert_eq!(figure(&summary, "judged"), *count, "{name}: {}", ended.stderr);
        assert_eq!(server.requests(), *requests, "{name}: {}", ended.stderr);
        assert_eq!(figure(&summary, "calls"), server.all_requests() as u64, "{name}");
        let feedback = judged(&dir.path().join(index.to_string()));
        assert_eq!(feedback.len() as u64, 4 - (16 - count), "{name}");
        for row in &feedback {
            let is_flagged = row["span"].as_str().is_some_and(|span| span.contains("FLAGGED"));
            assert!(is_flagged && row["category"] == "UR2", "{name}: {row}");
        }
        let with = feedback.iter().filter(|row| row["probabilities"]["UR2"].is_number()).count();
        assert_eq!(with, *probable, "{name}");
        // What is stored is not asked again.
        let asked = server.requests();
        let again =
            rejoinder(&["judge", &text(&dir.path().join(index.to_string())), "--json"]).expect(0).json();
        assert_eq!(figure(&again, "judged"), *count, "{name}");
        let is_asked_again = says.iter().any(|words| words.contains("were empty"));
        assert_eq!(server.requests() - asked, if is_asked_again { 4 } else { 0 }, "{name}");
    };
    std::thread::scope(|scope| {
        for offset in 0..3 {
            let (check, behaviours) = (&check, &behaviours);
            scope.spawn(move || {
                (offset..behaviours.len()).step_by(3).for_each(|index| check(index, &behaviours[index]));
            });
        }
    });
}

#[test]
fn a_separator_is_taken_that_leaves_each_letter_a_token_of_its_own() {
    // Where a space stands between two letters, this tokenizer makes one token of all.
    fn merging(request: &Request) -> Response {
        match wanted(Dialect::Structured, &request.body) {
            Some(wanted) if wanted.separator == " " && wanted.turns > 1 => {
                let said = letters(request, &wanted, rule).join(" ");
                tokenized(request, &[(&said, vec![(&said, -0.1), ("A A B", -3.0)])])
            }
            _ => letters_in(Dialect::Structured, request, rule),
        }
    }
    let dir = folder();
    let server = Server::start(merging);
    let summary = ask(dir.path(), "merging", &server, "answer = \"letters\"").expect(0).json();
    assert_eq!((figure(&summary, "judged"), server.requests()), (16, 4));
    for request in server.log() {
        assert_eq!(request.body["structured_outputs"]["regex"], "[ABCDEF](\\n[ABCDEF]){3}");
    }
    let feedback = judged(&dir.path().join("merging"));
    assert!(feedback.len() == 4 && feedback.iter().all(|row| row["probabilities"]["UR2"].is_number()));
}

/// The form of each request that asks something.
fn forms(server: &Server) -> Vec<&'static str> {
    let mut forms: Vec<&str> = server
        .log()
        .iter()
        .map(|request| match &request.body {
            body if !body["structured_outputs"]["regex"].is_null() => "grouped",
            body if !body["structured_outputs"]["choice"].is_null() => "single",
            body if !body["response_format"].is_null() => "json by schema",
            _ => "json",
        })
        .collect();
    forms.dedup();
    forms
}

/// As [`by_rule`], by a server that never says that it computed the beginning of a prompt before.
fn forgetting(request: &Request) -> Response {
    match request.method.as_str() {
        "GET" => by_rule(request),
        _ => changed(by_rule(request), |body| body["usage"]["prompt_tokens_details"] = Value::Null),
    }
}

/// As [`by_letters`], in the same way.
fn forgetting_letters(request: &Request) -> Response {
    match request.method.as_str() {
        "GET" => by_letters(request),
        _ => changed(by_letters(request), |body| body["usage"]["prompt_tokens_details"] = Value::Null),
    }
}

/// A server that says that it computed the beginning of each prompt before.
fn caching(request: &Request) -> Response {
    match request.method.as_str() {
        "GET" => by_letters(request),
        _ => changed(by_letters(request), |body| {
            body["usage"]["prompt_tokens_details"] = json!({ "cached_tokens": 8 });
        }),
    }
}

#[test]
fn the_form_follows_from_what_the_server_can_do_and_what_it_costs() {
    const DEAR_WORDS: &str = "[judge.price]\ninput = 0.1\noutput = 100\n";
    const GPU: &str = "[judge.price]\ngpu-seconds-input = 40\ngpu-seconds-output = 900\n";
    let cases: [(&str, Handler, &str, &str, usize); 10] = [
        ("letters", by_letters, "", "grouped", 4),
        ("single letters only", forgetting, "", "json by schema", 4),
        ("single letters only and a cache", by_rule, "", "single", 16),
        ("single letters only, dear words", forgetting, DEAR_WORDS, "single", 16),
        ("dear words", by_letters, DEAR_WORDS, "single", 16),
        ("gpu", forgetting_letters, GPU, "grouped", 4),
        ("gpu and a cache", caching, GPU, "single", 16),
        ("few requests a minute", by_rule, "requests-per-minute = 60000\n", "json by schema", 4),
        ("nothing", by_rule_in_prose, "", "json", 4),
        ("one turn a request", by_letters, "turns-per-request = 1\n", "single", 16),
    ];
    let dir = folder();
    for (name, handler, more, form, requests) in cases {
        let server = Server::start(handler);
        let summary = ask(dir.path(), name, &server, more).expect(0).json();
        assert_eq!((forms(&server), server.requests()), (vec![form], requests), "{name}");
        assert_eq!(figure(&summary, "undecided"), 0, "{name}");
    }
}

#[test]
fn letters_of_several_turns_from_a_server_that_gives_none_are_refused_with_the_reason() {
    let dir = folder();
    for (name, handler) in [("single", by_rule as Handler), ("prose", by_rule_in_prose)] {
        let server = Server::start(handler);
        let refused = ask(dir.path(), name, &server, "answer = \"letters\"").expect(7);
        for says in ["answer = \"letters\"", "obeys neither", "\"label\" or \"json\""] {
            assert!(refused.stderr.contains(says), "{name}: {}", refused.stderr);
        }
        assert_eq!(server.requests(), 0, "nobody's turn was sent to it");
        // Another form goes on with the same run.
        let config = config(dir.path(), "json", &server, "answer = \"json\"");
        let run = text(&dir.path().join(name));
        let after = rejoinder(&["resume", &run, "--config", &config, "--json"]).expect(0).json();
        assert_eq!((figure(&after, "judged"), server.requests()), (16, 4), "{name}");
    }
}

#[test]
fn a_config_that_names_another_form_later_is_tried_at_it_first() {
    let dir = folder();
    let server = Server::start(by_letters);
    let with = |answer: &str| config(dir.path(), answer, &server, &format!("answer = \"{answer}\""));
    ask(dir.path(), "run", &server, "answer = \"label\"\n[budget]\ncalls = 6").expect(4);
    let run = text(&dir.path().join("run"));
    let asked = server.requests();
    // A single letter about a dialogue that no window cuts is as good in any form.
    for (answer, form, requests) in
        [("letters", "grouped", 3), ("json", "json by schema", 4), ("label", "single", 12)]
    {
        let before = server.requests();
        let summary = rejoinder(&["judge", &run, "--config", &with(answer), "--json"]).expect(0).json();
        assert_eq!(figure(&summary, "undecided"), 0, "{summary}");
        assert_eq!((forms(&server).last(), server.requests() - before), (Some(&form), requests), "{answer}");
    }
    assert_eq!(asked, 4, "two calls found out what the server can do");
}

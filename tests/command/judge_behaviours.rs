//! How servers behave, and what the program says of it, does, and ends with: one table.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::server::{
    Request, Response, Server, by_rule, by_rule_in_prose, completion, labelled, last_user_message,
    marked_turns,
};
use crate::support::{Ended, assert_funnel_adds_up, figure, folder, rejoinder, text, write};

/// Twenty dialogues with sixteen turns that wait; four of them say FLAGGED, each in another group of four.
const CHATS: &str = "tests/data/judge/chats.jsonl";

type Handler = fn(&Request) -> Response;

/// What is to be seen of a server.
struct Behaviour {
    name: &'static str,
    handler: Handler,
    exit: i32,
    judged: u64,
    /// Each stands in what is said on standard error.
    says: &'static [&'static str],
    most_requests: usize,
    /// Lines under `[judge]`.
    config: &'static str,
}

const fn row(name: &'static str, handler: Handler) -> Behaviour {
    Behaviour { name, handler, exit: 0, judged: 16, says: &[], most_requests: 60, config: "" }
}

/// A server that knows no constraint and finds a correction in each turn.
fn well(request: &Request) -> Response {
    if request.method == "GET" {
        return Response::new(200, json!({"data": [{"id": "m"}]}).to_string());
    }
    if request.is_probe() {
        return completion(request, "7");
    }
    let objects = marked_turns(request.prompt()).into_iter().map(|(number, turn)| {
        json!({"Turn": number, "User Response Pattern": "UR2", "User Response Text": turn}).to_string()
    });
    completion(request, &objects.collect::<Vec<_>>().join("\n"))
}

fn refusal(status: u16, words: &str) -> Response {
    Response::new(status, json!({"error": {"message": words}}).to_string())
}

fn without(request: &Request, key: &str, words: &str) -> Response {
    if request.body[key].is_null() { well(request) } else { refusal(400, words) }
}

/// As [`well`], but for requests that hold a flagged turn.
fn flagged(request: &Request, response: fn() -> Response) -> Response {
    if request.prompt().contains("FLAGGED") { response() } else { well(request) }
}

/// As [`well`], with this choice in place of each answer.
fn choice(request: &Request, choice: &Value) -> Response {
    if request.method == "GET" || request.is_probe() {
        return well(request);
    }
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 5});
    Response::new(200, json!({"model": "m", "choices": [choice], "usage": usage}).to_string())
}

/// A server that neither takes `max_tokens` nor a temperature, and says so in these ways.
fn modern(request: &Request, no_limit: &Value, no_temperature: &Value) -> Response {
    let refuse = |error: &Value| Response::new(400, json!({"error": error}).to_string());
    match (&request.body["max_tokens"], &request.body["temperature"]) {
        (limit, _) if !limit.is_null() => refuse(no_limit),
        (_, temperature) if !temperature.is_null() => refuse(no_temperature),
        _ => well(request),
    }
}

/// As [`well`], but for answers about several turns, which end in the middle of the second.
fn cut_in_the_middle(request: &Request) -> Response {
    match marked_turns(request.prompt()).as_slice() {
        [(number, turn), _, ..] => {
            let first = json!({"Turn": number, "User Response Pattern": "UR2", "User Response Text": turn});
            let content = format!("{{\"Answers\": [{first}, {{\"Turn\": {}, \"User Resp", number + 1);
            choice(request, &json!({"message": {"content": content}, "finish_reason": "length"}))
        }
        _ => well(request),
    }
}

/// As [`by_rule`], with so many alternatives at most.
fn with_alternatives(request: &Request, most: u64, words: &str) -> Response {
    match request.body["top_logprobs"].as_u64() {
        Some(asked) if asked > most => refusal(400, words),
        None if request.method == "POST" && !request.is_probe() => refusal(400, "none were asked for"),
        _ => by_rule(request),
    }
}

fn behaviours() -> Vec<Behaviour> {
    vec![
        row("answers", well),
        Behaviour {
            says: &["max_completion_tokens"],
            ..row("knows max_completion_tokens and its own temperature only", |r| {
                let words = "max_tokens is not known to this model; it takes max_completion_tokens";
                match r.body["temperature"].is_null() {
                    false if r.body["max_tokens"].is_null() => refusal(400, "only the default temperature 1"),
                    _ => without(r, "max_tokens", words),
                }
            })
        },
        row("names what it does not know beside its words only", |r| {
            let unsupported = |name| json!({"message": "That does not go.", "param": name, "code": "unsupported_parameter"});
            modern(r, &unsupported("max_tokens"), &unsupported("temperature"))
        }),
        row("names what it does not know in plain words", |r| {
            let message = |words| json!({"message": words});
            modern(r, &message("Max tokens is not supported."), &message("Temperature must be 1."))
        }),
        row("repeats the request where it refuses one", |r| {
            let is_unknown = |key: &&str| !r.body[*key].is_null();
            match ["structured_outputs", "grammar", "regex", "response_format", "max_completion_tokens"]
                .iter()
                .find(|key| is_unknown(key))
            {
                Some(key) => refusal(400, &format!("{key}? Unknown: {}", r.body)),
                None if r.method == "POST" && r.body["max_tokens"].is_null() => {
                    refusal(400, "without a limit")
                }
                None if r.method == "POST" && r.body["temperature"].is_null() => refusal(400, "too warm"),
                None => well(r),
            }
        }),
        row("gives five alternatives", |r| {
            with_alternatives(r, 5, "top_logprobs must be between 0 and 5, not 20 (gpt-7)")
        }),
        row("gives some alternatives", |r| with_alternatives(r, 5, "top_logprobs is invalid")),
        row("knows no temperature", |r| without(r, "temperature", "Unsupported value: 'temperature'")),
        row("knows no logprobs", |r| without(r, "logprobs", "logprobs are not supported by this model")),
        row("knows no response_format", |r| without(r, "response_format", "unknown field response_format")),
        row("knows no structured_outputs", |r| {
            without(r, "structured_outputs", "extra inputs are not permitted")
        }),
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["lets nobody in", "HTTP 401: who are you", "api-key-env"],
            most_requests: 4,
            ..row("asks for a key", |_| refusal(401, "who are you"))
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["HTTP 401: wrong key", "the environment variable BEHAVIOUR_TEST_KEY"],
            most_requests: 4,
            config: "api-key-env = \"BEHAVIOUR_TEST_KEY\"",
            ..row("refuses the key", |_| refusal(401, "wrong key"))
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["HTTP 403: not for you"],
            most_requests: 4,
            ..row("forbids everything", |_| refusal(403, "not for you"))
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["HTTP 404: no such model", "/v1/chat/completions for the model m"],
            most_requests: 4,
            ..row("knows no such model", |_| refusal(404, "no such model"))
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["refuses every request: HTTP 400: nothing pleases me"],
            most_requests: 12,
            ..row("refuses everything", |r| match r.method.as_str() {
                "GET" => well(r),
                _ => refusal(400, "nothing pleases me"),
            })
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["refuses every request: HTTP 400: not these"],
            most_requests: 12,
            ..row("refuses every chat", |r| match r.method == "GET" || r.is_probe() {
                true => well(r),
                false => refusal(400, "not these"),
            })
        },
        Behaviour {
            judged: 12,
            says: &[
                "the server refused 4 requests: HTTP 400: the prompt was filtered",
                "--ask-again refused",
            ],
            ..row("filters some turns", |r| flagged(r, || refusal(400, "the prompt was filtered")))
        },
        Behaviour {
            judged: 12,
            says: &["the server refused 4 requests: HTTP 400: filtered (request "],
            ..row("filters some turns under a number each", |r| match r.prompt().contains("FLAGGED") {
                true => refusal(400, &format!("filtered (request 7f{}, 08:0{}:59)", r.number, r.number % 10)),
                false => well(r),
            })
        },
        Behaviour {
            judged: 12,
            says: &["the server refused 4 requests: the model refuses: I cannot help with that"],
            ..row("is a model that refuses some turns", |r| match r.prompt().contains("FLAGGED") {
                true => {
                    let message = json!({"content": null, "refusal": "I cannot help with that"});
                    choice(r, &json!({"message": message, "finish_reason": "stop"}))
                }
                false => well(r),
            })
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["refuses every request: the model refuses: I cannot help with that"],
            most_requests: 12,
            ..row("is a model that refuses everything", |r| {
                let message = json!({"content": "", "refusal": "I cannot help with that"});
                choice(r, &json!({"message": message, "finish_reason": "stop"}))
            })
        },
        row("is cut off in the middle", cut_in_the_middle),
        Behaviour {
            judged: 12,
            says: &["the server refused 4 requests: HTTP 403: blocked by the firewall"],
            ..row("forbids some turns", |r| flagged(r, || refusal(403, "blocked by the firewall")))
        },
        Behaviour {
            judged: 12,
            says: &["HTTP 413: too large"],
            ..row("finds some turns too large", |r| flagged(r, || refusal(413, "too large")))
        },
        Behaviour {
            judged: 12,
            says: &["HTTP 422: cannot be processed"],
            ..row("cannot process some turns", |r| flagged(r, || refusal(422, "cannot be processed")))
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["HTTP 429: come back tomorrow"],
            ..row("has no time for a day", |_| {
                refusal(429, "come back tomorrow").header("retry-after", "86400")
            })
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["HTTP 429: come back tomorrow"],
            ..row("has no more time for a day", |r| match r.method == "GET" || r.is_probe() {
                true => well(r),
                false => refusal(429, "come back tomorrow").header("retry-after", "86400"),
            })
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["HTTP 500: out of memory"],
            ..row("fails", |r| match r.method == "GET" || r.is_probe() {
                true => well(r),
                false => refusal(500, "out of memory"),
            })
        },
        row("is up after a while", |r| match r.number {
            1..=2 => refusal(503, "loading the model"),
            _ => well(r),
        }),
        Behaviour {
            judged: 0,
            says: &["4 of 4 answers were empty", "no text"],
            ..row("answers without a word", |r| {
                choice(r, &json!({"message": {"content": ""}, "finish_reason": "stop"}))
            })
        },
        Behaviour {
            judged: 0,
            says: &[
                "4 of 4 answers were empty",
                "the thinking took all tokens (finish_reason length)",
                "`max-tokens`",
            ],
            ..row("only thinks", |r| {
                let message = json!({"content": null, "reasoning_content": "The user seems"});
                choice(r, &json!({"message": message, "finish_reason": "length"}))
            })
        },
        Behaviour {
            judged: 0,
            says: &["4 of 4 answers were empty", "the thinking took all tokens"],
            ..row("only thinks, under another name", |r| {
                choice(
                    r,
                    &json!({"message": {"content": "", "reasoning": "Well"}, "finish_reason": "length"}),
                )
            })
        },
        Behaviour {
            judged: 0,
            says: &["4 of 4 answers were empty", "content filter"],
            ..row("keeps its answers back", |r| {
                choice(r, &json!({"message": {"content": ""}, "finish_reason": "content_filter"}))
            })
        },
        Behaviour {
            judged: 0,
            says: &["4 of 4 answers were empty", "a tool call in place of text"],
            ..row("calls tools", |r| {
                let message =
                    json!({"content": null, "tool_calls": [{"id": "x", "function": {"name": "answer"}}]});
                choice(r, &json!({"message": message, "finish_reason": "tool_calls"}))
            })
        },
        Behaviour {
            judged: 0,
            says: &["4 of 4 answers were empty", "cut off by their limit"],
            ..row("is cut off", |r| {
                choice(r, &json!({"message": {"content": "Let me see. The"}, "finish_reason": "length"}))
            })
        },
        Behaviour {
            judged: 0,
            says: &["4 of 4 answers say nothing of what was asked"],
            ..row("chats", |r| {
                choice(r, &json!({"message": {"content": "Gladly!"}, "finish_reason": "stop"}))
            })
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["HTTP 200: <html>Welcome</html>"],
            ..row("is a web page", |r| match r.method.as_str() {
                "GET" => Response::new(404, "no"),
                _ => Response::new(200, "<html>Welcome</html>"),
            })
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["upstream is gone"],
            ..row("errs under status 200", |r| match r.method == "GET" || r.is_probe() {
                true => well(r),
                false => refusal(200, "upstream is gone"),
            })
        },
        Behaviour {
            exit: 5,
            judged: 0,
            says: &["the server does not answer", "no answer in time"],
            ..row("hangs", |r| match r.method == "GET" || r.is_probe() {
                true => well(r),
                false => {
                    std::thread::sleep(Duration::from_secs(4));
                    well(r)
                }
            })
        },
        Behaviour {
            says: &["asked for m, the server answered as other-7b"],
            ..row("is another model", |r| {
                let mut response = well(r);
                response.body = response.body.replace("\"model\":\"m\"", "\"model\":\"other-7b\"");
                response
            })
        },
    ]
}

fn judge(dir: &Path, run: &str, name: &str, base_url: &str, more: &str) -> (Ended, Duration) {
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{base_url}\"\nmodel = \"m\"\npatience-seconds = 2\ntimeout-seconds = 1\n\
         max-retries = 1\n{more}\n"
    );
    let config = write(dir, &format!("{name}.toml"), config);
    let begun = Instant::now();
    let ended = crate::support::command(&["judge", run, "--config", &config, "--json"])
        .env("BEHAVIOUR_TEST_KEY", "sk-behaviour")
        .output()
        .expect("the command starts");
    (ended.into(), begun.elapsed())
}

fn copied(run: &Path, to: &Path) -> String {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(run).expect("the run can be read") {
        let path = entry.expect("the run can be read").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copied(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("it can be copied");
        }
    }
    text(to)
}

#[test]
fn the_program_says_what_servers_do_and_ends_as_promised() {
    let dir = folder();
    let scanned = dir.path().join("scanned");
    let before = rejoinder(&["run", CHATS, "--offline", "--json", "--out", &text(&scanned)]).expect(0).json();
    assert_eq!(figure(&before, "undecided"), 16, "{before}");
    let behaviours = behaviours();
    let check = |index: usize, behaviour: &Behaviour| {
        let Behaviour { name, handler, exit, judged, says, most_requests, config } = behaviour;
        let server = Server::start(*handler);
        let run = copied(&scanned, &dir.path().join(index.to_string()));
        let (ended, took) = judge(dir.path(), &run, &index.to_string(), &server.base_url(), config);
        assert_eq!(ended.code, *exit, "{name}: {}", ended.stderr);
        for words in *says {
            assert!(ended.stderr.contains(words), "{name}: no “{words}” in\n{}", ended.stderr);
        }
        assert!(!ended.stderr.contains("sk-behaviour"), "{name}");
        let summary = ended.json();
        assert_funnel_adds_up(&summary);
        assert_eq!(figure(&summary, "judged"), *judged, "{name}: {}\n{summary}", ended.stderr);
        assert!(server.all_requests() <= *most_requests, "{name}: {} requests", server.all_requests());
        assert!(took < Duration::from_secs(20), "{name}: {took:?}");
    };
    std::thread::scope(|scope| {
        for offset in 0..4 {
            let (check, behaviours) = (&check, &behaviours);
            scope.spawn(move || {
                (offset..behaviours.len()).step_by(4).for_each(|index| check(index, &behaviours[index]));
            });
        }
    });
}

#[test]
fn who_is_not_there_is_not_reached() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", CHATS, "--offline", "--out", &run]).expect(0);
    for (name, base_url) in [("port", "http://127.0.0.1:1/v1"), ("name", "http://judge.invalid/v1")] {
        let (ended, _) = judge(dir.path(), &run, name, base_url, "");
        assert!(ended.expect(5).stderr.contains("the judge cannot be reached"));
    }
}

/// A config for a scan whose turns are each asked about by itself.
fn singly(dir: &Path) -> String {
    write(
        dir,
        "singly.toml",
        "format = 1
plugin = []
[judge]
turns-per-request = 1
",
    )
}

#[test]
fn few_turns_that_are_all_refused_are_no_success() {
    let dir = folder();
    let chats = std::fs::read_to_string(CHATS).expect("it is there");
    let few = write(dir.path(), "few.jsonl", chats.lines().take(4).collect::<Vec<_>>().join("\n"));
    let run = text(&dir.path().join("run"));
    let scanned =
        rejoinder(&["run", &few, "--offline", "--json", "--config", &singly(dir.path()), "--out", &run])
            .expect(0);
    let waiting = figure(&scanned.json(), "undecided");
    assert!((1..=4).contains(&waiting), "{waiting}");
    let config = "turns-per-request = 1\nidentity = \"one\"";
    let refusing = Server::start(|r| match r.method == "GET" || r.is_probe() {
        true => well(r),
        false => refusal(400, "not these"),
    });
    let (ended, _) = judge(dir.path(), &run, "refuses", &refusing.base_url(), config);
    assert!(ended.expect(5).stderr.contains("refuses every request: HTTP 400: not these"));
    let mended = Server::start(well);
    let (ended, _) = judge(dir.path(), &run, "mended", &mended.base_url(), config);
    let judged = figure(&ended.expect(0).json(), "judged");
    assert_eq!(judged, waiting, "a refusal that no answer stood beside is asked about again");
}

#[test]
fn many_refusals_in_a_row_are_no_dead_end_where_earlier_answers_are_stored() {
    let dir = folder();
    let chats = std::fs::read_to_string(CHATS).expect("it is there");
    // All but the last few say what is filtered.
    let flag = |(index, line): (usize, &str)| match index < 15 {
        true => line.replace("Question number", "FLAGGED question number"),
        false => line.replace("FLAGGED", "wrong"),
    };
    let flagged: Vec<String> = chats.lines().enumerate().map(flag).collect();
    let input = write(dir.path(), "flagged.jsonl", flagged.join("\n"));
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--offline", "--config", &singly(dir.path()), "--out", &run]).expect(0);
    let server = Server::start(|r| match !r.is_probe() && r.prompt().contains("FLAGGED") {
        true => refusal(400, "filtered"),
        false => well(r),
    });
    let config = |again: &[&str]| {
        let config = format!(
            "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nturns-per-request = 1\nmax-in-flight = 1\n",
            server.base_url()
        );
        let config = write(dir.path(), "filters.toml", config);
        let mut args = vec!["judge", &run, "--config", &config, "--json"];
        args.extend(again);
        let summary = rejoinder(&args).expect(0).json();
        let reasons = &summary["unverified_reasons"];
        let waiting = reasons["the server refused the request: HTTP 400: filtered"].as_u64();
        (figure(&summary, "judged"), waiting.unwrap_or_default())
    };
    let (judged, refused) = config(&[]);
    assert!(refused > 10 && judged > 0 && judged + refused == 16, "{judged} {refused}");
    assert_eq!(config(&["--ask-again", "refused"]), (judged, refused));
}

#[test]
fn a_slip_in_the_address_is_named() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", CHATS, "--offline", "--out", &run]).expect(0);
    let server = Server::start(|r| match r.path.as_str() {
        "/v1/chat/completions" | "/v1/models" => well(r),
        _ => refusal(404, "Not Found"),
    });
    let right = server.base_url();
    for (name, wrong, says) in [
        ("twice", format!("{right}/v1"), "names /v1 twice"),
        ("chats", format!("{right}/chat/completions"), "ends before the path that is asked"),
        ("completions", format!("{right}/completions/"), "ends before the path that is asked"),
        ("none", right.replace("/v1", ""), "mostly end with /v1"),
    ] {
        let (ended, _) = judge(dir.path(), &run, name, &wrong, "");
        let said = ended.expect(5).stderr;
        let is_named = said.lines().any(|line| line.contains(says) && line.contains(&right));
        assert!(is_named, "{name}: {said}");
    }
}

/// `base-url` and what belongs to it, for several endpoints.
fn several(dir: &Path, name: &str, base_urls: &[String]) -> String {
    let urls = base_urls.iter().map(|url| format!("\"{url}\"")).collect::<Vec<_>>().join(", ");
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = [{urls}]\nmodel = \"m\"\npatience-seconds = 2\ntimeout-seconds = 1\n\
         turns-per-request = 1\n"
    );
    write(dir, &format!("{name}.toml"), config)
}

#[test]
fn several_endpoints_share_the_requests_and_the_replies() {
    let dir = folder();
    let scanned = dir.path().join("scanned");
    rejoinder(&["run", CHATS, "--offline", "--config", &singly(dir.path()), "--out", &text(&scanned)])
        .expect(0);
    let asked = |name: &str, base_urls: &[String], code: i32| {
        let run = copied(&scanned, &dir.path().join(name));
        let config = several(dir.path(), name, base_urls);
        (rejoinder(&["judge", &run, "--config", &config, "--json"]).expect(code), run)
    };
    let [first, second] = [Server::start(well), Server::start(well)];
    let both = [first.base_url(), second.base_url()];
    let (ended, run) = asked("both", &both, 0);
    assert_eq!(figure(&ended.json(), "judged"), 16, "{}", ended.stderr);
    assert_eq!(first.requests() + second.requests(), 16);
    assert!(first.requests().min(second.requests()) > 3, "{} and {}", first.requests(), second.requests());
    let asked_before = first.requests();
    // Who answered is no part of a key: the first alone has nothing left to be asked.
    let (ended, _) = judge(dir.path(), &run, "first", &both[0], "turns-per-request = 1");
    assert_eq!(figure(&ended.expect(0).json(), "judged"), 16);
    assert_eq!(first.requests(), asked_before);

    let nobody = "http://127.0.0.1:1/v1".to_owned();
    let cases: [(&str, Handler); 5] = [
        ("refuses all", |_| refusal(422, "no such field")),
        ("is overloaded", |_| refusal(503, "overloaded")),
        ("fails", |_| refusal(500, "out of memory")),
        ("lets nobody in", |_| refusal(401, "who are you")),
        ("knows no such model", |_| refusal(404, "no such model")),
    ];
    for (name, handler) in cases {
        for is_first in [true, false] {
            let (good, bad) = (Server::start(well), Server::start(handler));
            let mut base_urls = vec![bad.base_url(), good.base_url()];
            if !is_first {
                base_urls.reverse();
            }
            let (ended, _) = asked(&format!("{name} {is_first}"), &base_urls, 0);
            assert_eq!(figure(&ended.json(), "judged"), 16, "{name}: {}", ended.stderr);
            let says = format!("{} was left out", bad.base_url());
            assert!(ended.stderr.contains(&says), "{name}: {}", ended.stderr);
        }
    }
    let good = Server::start(well);
    let (ended, _) = asked("one is there", &[nobody.clone(), good.base_url()], 0);
    assert_eq!(figure(&ended.json(), "judged"), 16, "{}", ended.stderr);
    let (ended, _) = asked("none is there", &[nobody, "http://judge.invalid/v1".to_owned()], 5);
    assert!(ended.stderr.contains("the judge cannot be reached"), "{}", ended.stderr);
}

/// Thirteen times [`CHATS`], with other first questions: 208 turns that wait.
fn many_chats(dir: &Path) -> String {
    let chats = std::fs::read_to_string(CHATS).expect("it is there");
    let again = |round: usize| {
        chats
            .replace("Question number ", &format!("Question number {round}"))
            .replace("\"j", &format!("\"{round}-"))
    };
    write(dir, "many.jsonl", (11..=23).map(again).collect::<String>())
}

#[test]
fn letters_that_follow_the_order_of_the_choices_are_remarked_upon() {
    let dir = folder();
    let scanned = dir.path().join("scanned");
    rejoinder(&["run", &many_chats(dir.path()), "--offline", "--out", &text(&scanned)]).expect(0);
    let asked = |name: &str, handler: Handler, config: &str| {
        let server = Server::start(handler);
        let run = copied(&scanned, &dir.path().join(name));
        let (ended, _) = judge(dir.path(), &run, name, &server.base_url(), config);
        let summary = ended.json();
        (summary, server, run)
    };
    let names = |summary: &Value| summary["remarks"].to_string();
    let (summary, server, run) = asked("text", by_rule, "");
    assert_eq!(summary["letters"], json!({"turns": 10, "same_letter": 0, "same_answer": 10}), "{summary}");
    assert!(!names(&summary).contains("order of the choices"), "{summary}");
    assert_eq!(server.requests(), 208 + 10);
    let (ended, _) = judge(dir.path(), &run, "text", &server.base_url(), "");
    assert_eq!(ended.expect(0).json()["letters"]["turns"], 10);
    assert_eq!(server.requests(), 208 + 10, "those answers are stored, too");
    let by_length: Handler = |r| match r.is_probe() {
        true => by_rule(r),
        false => {
            let letter = ["A", "B", "C", "D", "E", "F"][last_user_message(r.prompt()).len() % 6];
            labelled(r, letter, &[(letter, -0.1), ("C", -2.5)])
        }
    };
    let (summary, _, _) = asked("order", by_length, "");
    assert_eq!(summary["letters"], json!({"turns": 10, "same_letter": 10, "same_answer": 0}), "{summary}");
    assert!(names(&summary).contains("10 got the same letter"), "{summary}");
    let (summary, server, _) = asked("prose", by_rule_in_prose, "");
    assert_eq!((summary["letters"]["turns"].as_u64(), server.requests()), (Some(0), 52));
    let (summary, server, _) = asked("budget", by_rule, "[budget]\ncalls = 214");
    assert_eq!(figure(&summary, "judged"), 208);
    assert_eq!((server.all_requests(), figure(&summary, "calls")), (214, 214), "the budget holds");
}

#[test]
fn what_is_no_address_is_refused_where_it_stands() {
    let dir = folder();
    for (name, value, says) in [
        ("none", "[]", "a list without an address"),
        ("number", "7", "expected an address such as"),
        ("other", "[\"http://a/v1\", \"ftp://b\"]", "begins with http"),
        ("secret", "[\"http://a/v1\", \"http://me:secret@b/v1\"]", "into an environment variable"),
    ] {
        let config = write(dir.path(), name, format!("format = 1\n[judge]\nbase-url = {value}\n"));
        let said = rejoinder(&["config", "show", "--config", &config]).expect(7).stderr;
        let is_told = said.contains(says) && said.contains(&format!("{config}:3:"));
        assert!(is_told, "{name}: {said}");
    }
}

#[test]
fn each_of_several_endpoints_is_tried_out() {
    let dir = folder();
    let test = |name: &str, base_urls: &[String], code: i32| {
        let config = several(dir.path(), name, base_urls);
        rejoinder(&["judge", "test", "--config", &config]).expect(code)
    };
    let [good, also_good, other, locked] = [
        Server::start(by_rule),
        Server::start(by_rule),
        Server::start(by_rule_in_prose),
        Server::start(|_| refusal(401, "who are you")),
    ]
    .map(|server| server.base_url());
    let both = test("both", &[good.clone(), also_good.clone()], 0);
    assert!(both.stdout.contains(&good) && both.stdout.contains(&also_good), "{}", both.stdout);
    let unlike = test("unlike", &[good.clone(), other], 3);
    assert!(unlike.stderr.contains("do not do the same"), "{}", unlike.stderr);
    let one = test("locked", &[locked.clone(), good.clone()], 5);
    assert!(one.stdout.contains(&good), "{}", one.stdout);
    assert!(one.stderr.contains(&format!("{locked}: the server lets nobody in")), "{}", one.stderr);
}

#[test]
fn a_turn_that_is_refused_waits_under_its_reason_and_is_asked_again_on_demand() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", CHATS, "--offline", "--out", &run]).expect(0);
    let server = Server::start(|r| flagged(r, || refusal(400, "the prompt was filtered")));
    let (ended, _) = judge(dir.path(), &run, "filters", &server.base_url(), "");
    let reasons = &ended.expect(0).json()["unverified_reasons"];
    assert_eq!(reasons["the server refused the request: HTTP 400: the prompt was filtered"], 4, "{reasons}");
    let asked = server.all_requests();
    let (again, _) = judge(dir.path(), &run, "filters", &server.base_url(), "");
    assert_eq!(figure(&again.expect(0).json(), "judged"), 12);
    assert_eq!(server.all_requests(), asked, "a refusal is remembered");
    drop(server);
    let mended = Server::start(well);
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nidentity = \"one\"\n",
        mended.base_url()
    );
    let config = write(dir.path(), "mended.toml", config);
    let ended =
        rejoinder(&["judge", &run, "--config", &config, "--ask-again", "refused", "--json"]).expect(0);
    assert_eq!(figure(&ended.json(), "judged"), 16, "{}", ended.stderr);
}

#[test]
fn answers_without_a_word_are_asked_for_again_once_the_server_is_mended() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static IS_MENDED: AtomicBool = AtomicBool::new(false);
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", CHATS, "--offline", "--out", &run]).expect(0);
    let server = Server::start(|r| match IS_MENDED.load(Ordering::Relaxed) {
        true => well(r),
        false => choice(
            r,
            &json!({"message": {"content": null, "reasoning_content": "x"}, "finish_reason": "length"}),
        ),
    });
    let (ended, _) = judge(dir.path(), &run, "judge", &server.base_url(), "");
    let summary = ended.expect(0).json();
    assert_eq!((figure(&summary, "judged"), figure(&summary, "unverified")), (0, 16), "{summary}");
    assert!(summary["unverified_reasons"].to_string().contains("the thinking took all tokens"), "{summary}");
    IS_MENDED.store(true, Ordering::Relaxed);
    let (ended, _) = judge(dir.path(), &run, "judge", &server.base_url(), "");
    assert_eq!(figure(&ended.expect(0).json(), "judged"), 16);
}

#[test]
fn a_judge_is_tried_out_in_the_words_of_a_run() {
    let dir = folder();
    let test = |name: &str, handler: Handler, code: i32| {
        let server = Server::start(handler);
        let config = format!(
            "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n",
            server.base_url()
        );
        let config = write(dir.path(), &format!("{name}.toml"), config);
        let ended = rejoinder(&["judge", "test", "--config", &config]).expect(code);
        assert!(server.all_requests() <= 14, "{name}: {}", server.all_requests());
        ended
    };
    let good = test("good", by_rule, 0);
    for says in [
        "m at http://127.0.0.1",
        "choice is obeyed",
        "→ UR5 (as it should",
        "→ no feedback (as it should",
        "requests",
    ] {
        assert!(good.stdout.contains(says), "no “{says}” in\n{}", good.stdout);
    }
    let one_answer = test("one-answer", well, 3);
    assert!(one_answer.stdout.contains("→ UR2 (WRONG: no feedback)"), "{}", one_answer.stdout);
    assert!(one_answer.stderr.contains("does not tell thanks from a question"), "{}", one_answer.stderr);
    let locked = test("locked", |_| refusal(401, "who are you"), 5);
    assert!(
        locked.stderr.contains("lets nobody in") && locked.stderr.contains("api-key-env"),
        "{}",
        locked.stderr
    );
    rejoinder(&["judge", "test"]).expect(2);
}

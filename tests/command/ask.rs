//! Requests of users' own, asked of a judge: what is sent, what comes back in which order, and what ends up where.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::server::{Request, Response, Server, completion};
use crate::support::{Ended, all_files, command, figure, folder, rejoinder, rows, text, write};

/// A config whose judge is a server, with more lines about it.
pub fn config(dir: &Path, name: &str, server: &Server, more: &str) -> String {
    let toml =
        format!("format = 1\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n{more}", server.base_url());
    write(dir, name, toml)
}

/// The line of a request with one message.
pub fn line(id: &str, said: &str) -> String {
    let body = json!({ "messages": [{ "role": "user", "content": said }], "max_tokens": 9 });
    json!({ "custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": body }).to_string()
}

/// A file of requests with these ids, each saying its own.
pub fn requests(dir: &Path, name: &str, lines: &[String]) -> String {
    write(dir, name, lines.join("\n"))
}

/// Answers with what was said, as a server that knows 4,096 tokens.
pub fn echo(request: &Request) -> Response {
    match request.method.as_str() {
        "GET" => {
            Response::new(200, json!({ "data": [{ "id": "test-model", "max_model_len": 4096 }] }).to_string())
        }
        _ => completion(request, &format!("said {}", request.prompt())),
    }
}

/// The id of each result, with the answer or the code of the error.
pub fn results(folder: &Path) -> Vec<(String, String)> {
    let result = |row: Value| {
        let answer = &row["response"]["body"]["choices"][0]["message"]["content"];
        assert_eq!(row["response"].is_null(), !row["error"].is_null(), "{row}");
        let said = answer.as_str().or(row["error"]["code"].as_str()).unwrap_or_else(|| panic!("{row}"));
        (row["custom_id"].as_str().unwrap().to_owned(), said.to_owned())
    };
    rows(&folder.join("answers.jsonl")).into_iter().map(result).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(id, said)| ((*id).to_owned(), (*said).to_owned())).collect()
}

#[test]
fn answers_come_in_the_order_of_the_requests_and_equal_requests_are_asked_once() {
    let dir = folder();
    let server = Server::start(|request| {
        // Those that come first take longest.
        std::thread::sleep(std::time::Duration::from_millis(if request.prompt().contains('0') {
            60
        } else {
            0
        }));
        echo(request)
    });
    let config = config(dir.path(), "c.toml", &server, "[judge.price]\ninput = 1000000.0\noutput = 0.0\n");
    let lines: Vec<String> =
        (0..120).map(|i| line(&format!("id-{i}"), &format!("word {}", i % 40))).collect();
    let file = requests(dir.path(), "r.jsonl", &lines);
    let out = dir.path().join("asked");
    let args = ["ask", &file, "--out", &text(&out), "--config", &config, "--json"];
    let summary = rejoinder(&args).expect(0).json();
    let expected: Vec<(String, String)> =
        (0..120).map(|i| (format!("id-{i}"), format!("said word {}", i % 40))).collect();
    assert_eq!(results(&out), expected);
    assert_eq!((server.requests(), figure(&summary, "answered"), figure(&summary, "reused")), (40, 120, 80));
    assert_eq!(figure(&summary, "calls"), server.all_requests() as u64);
    let tokens = figure(&summary, "reported_input_tokens") as f64;
    assert!((summary["spent_money"].as_f64().unwrap() - tokens).abs() < 1e-6, "{summary}");
    let written = std::fs::read(out.join("answers.jsonl")).unwrap();
    // The same command asks nobody, and writes the same.
    let again = rejoinder(&args).expect(0).json();
    assert_eq!((server.all_requests() as u64, figure(&again, "reused")), (figure(&summary, "calls"), 120));
    assert_eq!(std::fs::read(out.join("answers.jsonl")).unwrap(), written);
}

#[test]
fn the_words_are_sent_as_they_are_in_the_parameters_that_the_server_takes() {
    let dir = folder();
    let messages = json!([
        { "role": "system", "content": "You \u{202e}judge.\n" },
        { "role": "user", "content": "A or B?" },
        { "role": "assistant", "content": "I say " },
    ]);
    let lines = [
        json!({ "custom_id": "a", "body": { "messages": messages, "max_tokens": 3, "model": "test-model" } }),
        json!({ "custom_id": "b", "body": { "messages": messages, "temperature": 0.0 } }),
    ];
    let file = requests(dir.path(), "r.jsonl", &lines.map(|line| line.to_string()));
    let sent = |name: &str, server: &Server| {
        let config = config(dir.path(), name, server, "max-tokens = 77\nmax-in-flight = 1\n");
        let out = text(&dir.path().join(format!("{name}-out")));
        let ended = rejoinder(&["ask", &file, "--out", &out, "--config", &config]).expect(0);
        (server.log().into_iter().map(|request| request.body).collect::<Vec<_>>(), ended.stderr)
    };
    let usual = Server::start(echo);
    let body = |limit: u32| json!({ "model": "test-model", "messages": messages, "max_tokens": limit, "temperature": 0 });
    assert_eq!(sent("usual", &usual).0, [body(3), body(77)]);
    assert_eq!(usual.all_requests(), 4, "two find out what the server takes");
    let odd = Server::start(|request| {
        for parameter in ["max_tokens", "temperature"] {
            if request.method == "POST" && !request.body[parameter].is_null() {
                let said = format!("Unsupported parameter: '{parameter}' is not supported with this model.");
                let error = json!({ "message": said, "param": parameter, "code": "unsupported_parameter" });
                return Response::new(400, json!({ "error": error }).to_string());
            }
        }
        echo(request)
    });
    let body =
        |limit: u32| json!({ "model": "test-model", "messages": messages, "max_completion_tokens": limit });
    let (bodies, told) = sent("odd", &odd);
    assert_eq!(bodies, [body(3), body(77)]);
    assert!(told.contains("max_completion_tokens") && told.contains("its own temperature"), "{told}");
}

#[test]
fn what_is_no_answer_is_a_result_and_is_not_paid_for_again() {
    let dir = folder();
    let server = Server::start(|request| match request.prompt() {
        "no" => Response::new(400, json!({ "error": { "message": "against our policy" } }).to_string()),
        "quiet" => completion(request, " \n"),
        "much" => {
            let said = "This model's maximum context length is 4096 tokens";
            Response::new(400, json!({ "error": { "message": said } }).to_string())
        }
        _ => echo(request),
    });
    let config = config(dir.path(), "c.toml", &server, "");
    let lines = [
        line("refused", "no"),
        line("first", "one"),
        line("empty", "quiet"),
        line("long", &"word ".repeat(9_000)),
        line("longer", "much"),
        line("last", "two"),
    ];
    let file = requests(dir.path(), "r.jsonl", &lines);
    let out = dir.path().join("asked");
    let out_text = text(&out);
    let args = ["ask", &file, "--out", &out_text, "--config", &config];
    let ended = rejoinder(&args).expect(0);
    let expected = owned(&[
        ("refused", "refused"),
        ("first", "said one"),
        ("empty", "empty_answer"),
        ("long", "context_length_exceeded"),
        ("longer", "context_length_exceeded"),
        ("last", "said two"),
    ]);
    assert_eq!(results(&out), expected);
    let written = std::fs::read_to_string(out.join("answers.jsonl")).unwrap();
    assert!(
        written.contains("against our policy") && written.contains("maximum context length"),
        "{written}"
    );
    for told in [
        "request refused was refused: HTTP 400: against our policy",
        "request empty was answered with nothing: no text",
        "request long is too long: not sent: at least",
        "request longer is too long: HTTP 400: This model's maximum context",
    ] {
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert!(
        ended.stdout.starts_with("6 requests: 2 answered, 1 refused, 1 answered with nothing, 2 too long\n"),
        "{}",
        ended.stdout
    );
    assert_eq!(server.requests(), 5, "what surely does not fit is not sent");
    let before = server.all_requests();
    let json = rejoinder(&[&args[..], &["--json"]].concat()).expect(0).json();
    let counts = ["requests", "answered", "refused", "empty", "too_long", "unanswered"];
    assert_eq!(counts.map(|count| figure(&json, count)), [6, 2, 1, 1, 2, 0]);
    assert_eq!((results(&out), server.all_requests()), (expected.clone(), before));
    let again = rejoinder(&[&args[..], &["--ask-again"]].concat()).expect(0);
    assert!(again.stderr.contains("asked for again: 3 results"), "{}", again.stderr);
    assert_eq!((results(&out), server.all_requests()), (expected, before + 3));
}

#[test]
fn a_server_that_refuses_everything_is_told_from_one_that_refuses_a_request() {
    let dir = folder();
    let refuse = |request: &Request| match request.method.as_str() {
        "POST" if request.prompt() == "no" => Response::new(400, "{\"error\":\"not that\"}"),
        _ => echo(request),
    };
    let file = requests(dir.path(), "r.jsonl", &[line("only", "no")]);
    let server = Server::start(refuse);
    let out = dir.path().join("one");
    let usual = config(dir.path(), "c.toml", &server, "");
    let args = ["ask", &file, "--out", &text(&out), "--config", &usual];
    rejoinder(&args).expect(0);
    assert_eq!(results(&out), owned(&[("only", "refused")]));

    // A server that was found in order, and then refuses whatever it is asked.
    let broken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let switch = std::sync::Arc::clone(&broken);
    let server = Server::start(move |request| {
        match request.method == "POST" && switch.load(std::sync::atomic::Ordering::SeqCst) {
            true => Response::new(400, "{\"error\":\"out of order\"}"),
            false => echo(request),
        }
    });
    let out = dir.path().join("all");
    let out_text = text(&out);
    let config = config(dir.path(), "c.toml", &server, "");
    let ask = |file: &str| rejoinder(&["ask", file, "--out", &out_text, "--config", &config]);
    ask(&requests(dir.path(), "none.jsonl", &[line("fine", "fine")])).expect(0);
    broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let many: Vec<String> = (0..60).map(|i| line(&format!("{i}"), &format!("word {i}"))).collect();
    let file = requests(dir.path(), "many.jsonl", &many);
    let ended = ask(&file).expect(5);
    assert!(
        ended.stderr.contains("the server refuses every request: HTTP 400: out of order"),
        "{}",
        ended.stderr
    );
    assert_eq!(results(&out), [], "no request is at fault");
    broken.store(false, std::sync::atomic::Ordering::SeqCst);
    ask(&file).expect(0);
    assert_eq!(results(&out).len(), 60);
}

#[test]
fn a_server_whose_answers_hold_nothing_is_not_paid_on_and_on() {
    let dir = folder();
    let server = Server::start(|request| {
        let mut response = echo(request);
        if request.method == "POST" && !request.is_probe() {
            let thought = json!({ "content": null, "reasoning": "hm" });
            let choice = json!({ "message": thought, "finish_reason": "length" });
            response.body = json!({ "choices": [choice] }).to_string();
        }
        response
    });
    let config = config(dir.path(), "c.toml", &server, "max-in-flight = 1\n");
    let many: Vec<String> = (0..60).map(|i| line(&format!("{i}"), &format!("word {i}"))).collect();
    let file = requests(dir.path(), "r.jsonl", &many);
    let out = text(&dir.path().join("asked"));
    let ended = rejoinder(&["ask", &file, "--out", &out, "--config", &config]).expect(5);
    assert!(ended.stderr.contains("raise the request's `max_tokens`"), "{}", ended.stderr);
    assert!(server.requests() < 12, "{}", server.requests());
}

#[test]
fn busy_and_failing_servers_are_asked_again_in_time() {
    let dir = folder();
    let server = Server::start(|request| match request.number % 5 {
        _ if request.is_probe() => echo(request),
        1 => Response::new(500, "oops"),
        2 => Response::new(429, "later").header("retry-after", "0"),
        3 => Response::new(0, ""),
        _ => echo(request),
    });
    let config = config(dir.path(), "c.toml", &server, "max-in-flight = 4\nmax-retries = 30\n");
    let many: Vec<String> = (0..25).map(|i| line(&format!("{i}"), &format!("word {i}"))).collect();
    let file = requests(dir.path(), "r.jsonl", &many);
    let out = dir.path().join("asked");
    let args = ["ask", &file, "--out", &text(&out), "--config", &config, "--json"];
    let summary = rejoinder(&args).expect(0).json();
    assert_eq!((results(&out).len(), figure(&summary, "unanswered")), (25, 0));
    assert!(server.requests() > 40, "{}", server.requests());
    assert_eq!(figure(&summary, "calls"), server.all_requests() as u64);
}

const KEY: &str = "sk-very-secret";

#[test]
fn the_key_goes_to_the_server_and_nowhere_else() {
    let dir = folder();
    let server = Server::start(|request| {
        let said = json!({ "error": { "message": format!("{KEY} of Bearer {KEY} says no"), "code": KEY } });
        let mut response = match request.prompt() {
            "no" => Response::new(400, said.to_string()),
            _ => echo(request),
        };
        if request.prompt() == "show" {
            let choice = json!({ "message": { "content": KEY }, "finish_reason": KEY });
            response.body = json!({ "model": format!("m {KEY}"), "choices": [choice] }).to_string().replacen(
                KEY,
                "sk\\u002dvery\\u002dsecret",
                1,
            );
        }
        response.header("x-key", KEY)
    });
    let config = config(dir.path(), "c.toml", &server, "api-key-env = \"ASK_TEST_KEY\"\n");
    let file = requests(dir.path(), "r.jsonl", &[line("a", "show"), line("b", "no"), line("c", "thanks")]);
    let out = dir.path().join("asked");
    let out_text = text(&out);
    for more in [&[][..], &["--json"]] {
        let args = [&["ask", &file, "--out", &out_text, "--config", &config], more].concat();
        let ended: Ended = command(&args).env("ASK_TEST_KEY", KEY).output().unwrap().into();
        let ended = ended.expect(0);
        assert!(!ended.stdout.contains(KEY) && !ended.stderr.contains(KEY), "{ended:?}");
    }
    assert!(server.saw_header("authorization", &format!("Bearer {KEY}")));
    assert_eq!(results(&out)[0], ("a".to_owned(), "***".to_owned()));
    for file in all_files(&out) {
        let bytes = std::fs::read(&file).unwrap();
        let holds = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!holds, "the key is in {}", file.display());
    }
    let unset = rejoinder(&["ask", &file, "--out", &text(&out), "--config", &config]).expect(7);
    assert!(unset.stderr.contains("ASK_TEST_KEY"), "{}", unset.stderr);
}

#[test]
fn no_words_of_servers_or_requests_reach_the_terminal_as_commands() {
    const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}\u{2028}\r";
    let dir = folder();
    let server = Server::start(|request| {
        let mut response = match request.prompt() {
            "no" => Response::new(400, json!({ "error": { "message": HOSTILE } }).to_string()),
            _ => echo(request),
        };
        if request.method == "POST" && request.prompt() == "yes" {
            let choice = json!({ "message": { "content": HOSTILE }, "finish_reason": HOSTILE });
            response.body = json!({ "model": HOSTILE, "choices": [choice] }).to_string();
        }
        response
    });
    let config = config(dir.path(), "c.toml", &server, "");
    let out = dir.path().join("asked");
    let lines = [line(&format!("a{HOSTILE}"), "no"), line("b", "yes")];
    let file = requests(dir.path(), "r.jsonl", &lines);
    let bad = requests(
        dir.path(),
        "bad.jsonl",
        &[
            line(&format!("a{HOSTILE}"), "x"),
            line(&format!("a{HOSTILE}"), "y"),
            json!({ "custom_id": "c", "body": { "messages": [], HOSTILE: 1 } }).to_string(),
            json!({ "custom_id": "d", "body": { "messages": [], "model": HOSTILE } }).to_string(),
        ],
    );
    let ask = |file: &str, more: &[&str]| {
        rejoinder(&[&["ask", file, "--out", &text(&out), "--config", &config], more].concat())
    };
    let shown = [ask(&file, &[]).expect(0), ask(&file, &["--json"]).expect(0), ask(&bad, &[]).expect(7)];
    let written = std::fs::read_to_string(out.join("answers.jsonl")).unwrap();
    for page in shown.iter().flat_map(|ended| [&ended.stdout, &ended.stderr]).chain([&written]) {
        assert!(
            !page.contains(|c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2028}".contains(c)),
            "{page:?}"
        );
    }
    // What was said is there all the same.
    let rows = rows(&out.join("answers.jsonl"));
    assert_eq!(rows[0]["custom_id"], format!("a{HOSTILE}"));
    assert_eq!(rows[1]["response"]["body"]["choices"][0]["message"]["content"], HOSTILE);
}

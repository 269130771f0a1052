//! The folder of an asking: bad requests before there is one, budgets over its whole life, kills, and whose it is.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use crate::ask::{config, echo, line, requests, results};
use crate::support::server::{Response, Server};
use crate::support::{DIALOGUES, all_files, command, figure, folder, random, rejoinder, text, write};

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|i| line(&format!("id-{i}"), &format!("word {i}"))).collect()
}

#[test]
fn bad_lines_are_told_with_their_places_before_anything_is_asked() {
    let dir = folder();
    let server = Server::start(echo);
    let config = config(dir.path(), "c.toml", &server, "");
    let out = dir.path().join("asked");
    let told = |content: &str, code: i32| {
        let file = write(dir.path(), "r.jsonl", content);
        let ended = rejoinder(&["ask", &file, "--out", &text(&out), "--config", &config]).expect(code);
        assert!(!out.exists(), "a folder for nothing");
        ended.stderr.replace(&file, "FILE")
    };
    let other = json!({ "custom_id": "b", "body": { "messages": [{ "role": "user", "content": "x" }], "model": "n" } });
    let lines = [line("a", "x"), "{\"custom_id\": nope}".to_owned(), other.to_string(), line("a", "y")];
    let said = told(&lines.join("\n"), 7);
    for place in [
        "FILE:2:16: no request of the batch format",
        "FILE:3: the request names the model `n`, and [judge] names `test-model`",
        "FILE:4: the custom_id `a` stands in line 1 already",
        "nothing was asked: put these lines right first",
    ] {
        assert!(said.contains(place), "{said}");
    }
    let said = told(&"[]\n".repeat(30), 7);
    assert!(said.contains("\nand 20 more lines\n"), "{said}");
    assert!(told("\n\n", 9).contains("FILE holds no request"));
    let missing = rejoinder(&["ask", "missing.jsonl", "--out", &text(&out), "--config", &config]).expect(2);
    assert!(missing.stderr.contains("cannot read missing.jsonl"), "{}", missing.stderr);
    let is_no_file =
        rejoinder(&["ask", &text(dir.path()), "--out", &text(&out), "--config", &config]).expect(2);
    assert!(is_no_file.stderr.contains("is no file"), "{}", is_no_file.stderr);
    let file = requests(dir.path(), "r.jsonl", &numbered(1));
    let judgeless = rejoinder(&["ask", &file, "--out", &text(&out), "--no-config"]).expect(2);
    assert!(judgeless.stderr.contains("no judge is configured"), "{}", judgeless.stderr);
    assert_eq!((server.all_requests(), out.exists()), (0, false));
}

#[test]
fn a_stumbling_server_never_sees_more_calls_than_the_budget_has() {
    let dir = folder();
    let file = requests(dir.path(), "r.jsonl", &numbered(60));
    for calls in [0, 1, 2, 3, 20, 45] {
        let server = Server::start(|request| {
            std::thread::sleep(Duration::from_millis(3));
            match request.number % 9 {
                _ if request.is_probe() => echo(request),
                2 => Response::new(500, "no"),
                5 => Response::new(429, "later").header("retry-after", "0"),
                8 => Response::new(0, ""),
                _ => echo(request),
            }
        });
        let config = config(dir.path(), "c.toml", &server, "max-in-flight = 64\nmax-retries = 20\n");
        let out = dir.path().join(format!("asked{calls}"));
        let ask = |calls: usize| {
            let calls = calls.to_string();
            let args = ["ask", &file, "--out", &text(&out), "--config", &config, "--calls", &calls, "--json"];
            rejoinder(&args)
        };
        let ended = ask(calls).expect(4);
        assert!(
            ended.stderr.contains("the budget is spent") && ended.stderr.contains("--calls N"),
            "{}",
            ended.stderr
        );
        let summary = ended.json();
        assert_eq!((server.all_requests(), figure(&summary, "calls")), (calls, calls as u64));
        let so_far = results(&out);
        assert_eq!(so_far.len() as u64, figure(&summary, "answered"));
        assert_eq!(figure(&summary, "answered") + figure(&summary, "unanswered"), 60);
        assert_eq!(!so_far.is_empty(), calls > 2, "{summary}");
        // A raise that is taken back asks nobody, and what is there stays there.
        let raised = ask(calls + 5).expect(4).json();
        assert_eq!((server.all_requests(), figure(&raised, "calls")), (calls + 5, calls as u64 + 5));
        ask(calls).expect(4);
        assert_eq!(server.all_requests(), calls + 5);
        let done = ask(2_000).expect(0).json();
        assert_eq!((figure(&done, "answered"), results(&out).len()), (60, 60));
        assert_eq!(figure(&done, "calls"), server.all_requests() as u64);
        let answered: HashSet<_> = so_far.into_iter().collect();
        assert!(answered.is_subset(&results(&out).into_iter().collect()));
    }
}

#[test]
fn a_budget_of_money_is_for_the_folders_whole_life() {
    let dir = folder();
    let server = Server::start(echo);
    let file = requests(dir.path(), "r.jsonl", &numbered(60));
    let out = text(&dir.path().join("asked"));
    let ask = |money: f64, code: i32| {
        let more = format!("[judge.price]\ninput = 1000.0\noutput = 2000.0\n[budget]\nmoney = {money:?}\n");
        let config = config(dir.path(), "c.toml", &server, &more);
        rejoinder(&["ask", &file, "--out", &out, "--config", &config, "--json"]).expect(code).json()
    };
    let spent = |summary: &serde_json::Value| summary["spent_money"].as_f64().unwrap();
    let first = ask(0.4, 4);
    assert!(spent(&first) <= 0.4 && figure(&first, "answered") > 0, "{first}");
    let asked = server.all_requests();
    assert_eq!(spent(&ask(0.4, 4)), spent(&first));
    assert_eq!(server.all_requests(), asked);
    let last = ask(1_000.0, 0);
    assert_eq!((figure(&last, "answered"), server.requests()), (60, 60));
}

/// The keys of the replies that are stored in a folder. Read from a copy: opening a database puts its log in order.
fn stored(folder: &Path) -> HashSet<String> {
    let copy = folder.with_extension("copy");
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir(&copy).unwrap();
    for name in ["replies.sqlite", "replies.sqlite-wal"] {
        if folder.join(name).exists() {
            std::fs::copy(folder.join(name), copy.join(name)).unwrap();
        }
    }
    let Ok(store) = rusqlite::Connection::open(copy.join("replies.sqlite")) else { return HashSet::new() };
    let Ok(mut select) = store.prepare("SELECT content FROM replies") else { return HashSet::new() };
    select.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn an_asking_killed_at_any_moment_goes_on_and_pays_for_no_reply_twice() {
    const REQUESTS: usize = 150;
    const IN_FLIGHT: usize = 8;
    let dir = folder();
    let mut random = random();
    let server = Server::start(|request| {
        std::thread::sleep(Duration::from_millis(4));
        echo(request)
    });
    let config = config(dir.path(), "c.toml", &server, &format!("max-in-flight = {IN_FLIGHT}\n"));
    let file = requests(dir.path(), "r.jsonl", &numbered(REQUESTS));
    let out = dir.path().join("asked");
    let (mut kills, mut in_the_middle, mut known) = (0, 0, HashSet::new());
    let mut budget = REQUESTS / 3;
    let summary = loop {
        assert!(kills < 200, "no end");
        let (since, calls) = (server.requests(), budget.to_string());
        let args = ["ask", &file, "--out", &text(&out), "--config", &config, "--calls", &calls, "--json"];
        let mut child = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let moment = since + random.usize(0..REQUESTS / 6);
        let later = Duration::from_micros(random.u64(0..6_000));
        let mut is_killed = false;
        while kills < 12 && child.try_wait().unwrap().is_none() {
            if server.requests() > moment {
                std::thread::sleep(later);
                is_killed = child.kill().is_ok();
                break;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        let ended = child.wait_with_output().unwrap();
        assert!(server.all_requests() <= budget, "{} of {budget}", server.all_requests());
        for request in &server.log()[since..] {
            let answer = format!("said {}", request.prompt());
            assert!(!known.contains(&answer), "asked again after {kills} kills: {answer}");
        }
        let now = stored(&out);
        assert!(known.is_subset(&now), "a stored reply is gone after {kills} kills");
        known = now;
        match ended.status.code() {
            None => {
                assert!(is_killed);
                kills += 1;
                in_the_middle += usize::from(!known.is_empty());
                // A kill leaves reservations that were never sent: they are spent.
                budget += 2 * IN_FLIGHT;
            }
            Some(4) => budget += REQUESTS / 3,
            Some(code) => {
                assert_eq!(code, 0, "{}", String::from_utf8_lossy(&ended.stderr));
                break serde_json::from_slice::<serde_json::Value>(&ended.stdout).unwrap();
            }
        }
    };
    assert!(in_the_middle >= 5, "{in_the_middle} of {kills} kills came while replies were stored");
    assert_eq!(figure(&summary, "answered"), REQUESTS as u64);
    let expected: Vec<(String, String)> =
        (0..REQUESTS).map(|i| (format!("id-{i}"), format!("said word {i}"))).collect();
    assert_eq!(results(&out), expected);
    let mut counts: HashMap<String, usize> = HashMap::new();
    for request in server.log() {
        *counts.entry(request.prompt().to_owned()).or_default() += 1;
    }
    let again = server.requests() - counts.len();
    assert!(again <= kills * IN_FLIGHT, "{again} asked again by {kills} kills");
}

#[test]
fn a_folder_is_one_judges_and_takes_other_requests() {
    let dir = folder();
    let server = Server::start(echo);
    let first = config(dir.path(), "c.toml", &server, "");
    let lines = numbered(8);
    let out = dir.path().join("asked");
    let ask = |lines: &[String], config: &str, code: i32| {
        let file = requests(dir.path(), "r.jsonl", lines);
        rejoinder(&["ask", &file, "--out", &text(&out), "--config", config]).expect(code).stderr
    };
    ask(&lines[..5], &first, 0);
    assert_eq!((server.requests(), results(&out).len()), (5, 5));
    // Other requests: those that are new are asked, and the results are theirs alone, in their order.
    let others: Vec<String> = lines[3..].iter().rev().cloned().collect();
    ask(&others, &first, 0);
    assert_eq!(server.requests(), 8);
    let ids: Vec<String> = results(&out).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["id-7", "id-6", "id-5", "id-4", "id-3"]);
    // Pace, patience, prices and budget may change, the judge may not.
    let changed = config(
        dir.path(),
        "p.toml",
        &server,
        "max-in-flight = 2\nmax-retries = 1\npatience-seconds = 9\n[judge.price]\ninput = 1.0\n[budget]\nmoney = 5.0\n",
    );
    ask(&lines, &changed, 0);
    let revised = config(dir.path(), "r.toml", &server, "revision = \"abc\"\n");
    let said = ask(&lines, &revised, 7);
    assert!(said.contains("revision: none, now abc") && said.contains("give another --out"), "{said}");
    let moved = Server::start(echo);
    let elsewhere = config(dir.path(), "m.toml", &moved, "");
    assert!(ask(&lines, &elsewhere, 7).contains("`identity` under [judge]"));
    let named = config(dir.path(), "n.toml", &moved, &format!("identity = \"{}\"\n", server.base_url()));
    ask(&lines, &named, 0);
    assert_eq!((server.requests(), moved.all_requests()), (8, 0));
}

#[test]
fn folders_may_share_replies() {
    let dir = folder();
    let server = Server::start(echo);
    let replies = text(&dir.path().join("replies.sqlite"));
    let config = config(dir.path(), "c.toml", &server, &format!("replies = {replies:?}\n"));
    let file = requests(dir.path(), "r.jsonl", &numbered(9));
    for name in ["one", "two"] {
        let out = dir.path().join(name);
        rejoinder(&["ask", &file, "--out", &text(&out), "--config", &config]).expect(0);
        assert_eq!((results(&out).len(), server.requests()), (9, 9));
        assert!(!out.join("replies.sqlite").exists());
    }
}

#[test]
fn a_second_process_is_refused_and_other_folders_are_left_alone() {
    let dir = folder();
    let server = Server::start(|request| {
        std::thread::sleep(Duration::from_millis(if request.is_probe() { 0 } else { 400 }));
        echo(request)
    });
    let config = config(dir.path(), "c.toml", &server, "max-in-flight = 1\n");
    let file = requests(dir.path(), "r.jsonl", &numbered(4));
    let out = text(&dir.path().join("asked"));
    let args = ["ask", &file, "--out", &out, "--config", &config];
    let mut first = command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while server.requests() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let refused = rejoinder(&args).expect(8).stderr;
    assert!(
        refused.contains(&format!("process {} on ", first.id())) && refused.contains("same command"),
        "{refused}"
    );
    assert!(first.wait().unwrap().success());
    rejoinder(&args).expect(0);
    assert_eq!(server.requests(), 4);

    let run = dir.path().join("run");
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &text(&run)]).expect(0);
    let before: Vec<_> =
        all_files(&run).into_iter().map(|file| (std::fs::read(&file).unwrap(), file)).collect();
    let refused = rejoinder(&["ask", &file, "--out", &text(&run), "--config", &config]).expect(2);
    assert!(refused.stderr.contains("give another --out"), "{}", refused.stderr);
    let after: Vec<_> =
        all_files(&run).into_iter().map(|file| (std::fs::read(&file).unwrap(), file)).collect();
    assert!(before == after, "the run was touched");
    // And a run does not take a folder of answers for its own.
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &out]).expect(2);
    rejoinder(&["judge", &out, "--config", &config]).expect(2);
    let is_file = rejoinder(&["ask", &file, "--out", &file, "--config", &config]).expect(2);
    assert!(is_file.stderr.contains("name a folder"), "{}", is_file.stderr);
}

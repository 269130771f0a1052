//! Asking by files: what a batch service or `vllm run-batch` gives back, in any order, in pieces and with failures, ends in
//! the same judgements as asking online, and nothing is asked twice, on whatever way it was answered.

use std::collections::BTreeSet;
use std::path::Path;

use rejoinder_core::random::Random;
use serde_json::{Value, json};

use crate::support::server::{Request, Server, by_letters, marked_turns};
use crate::support::{DIALOGUES, Ended, figure, folder, output_files, rejoinder, rows, text, write};

/// The forms of the answer that a config names.
const FORMS: [&str; 3] = ["label", "letters", "json"];

/// A config whose replies have the same keys wherever the judge is: its endpoint has a name, and its constraint is given.
fn config(dir: &Path, name: &str, base_url: &str, more: &str) -> String {
    let config = format!(
        "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nall = true\nbase-url = \"{base_url}\"\nidentity = \"somewhere\"\n\
         model = \"test-model\"\nconstraint = \"choice\"\n{more}"
    );
    write(dir, name, config)
}

/// Nobody is there: a batch needs no server.
const NOWHERE: &str = "http://judge.invalid/v1";

fn export(run: &str, file: &Path) -> Vec<Value> {
    let ended = rejoinder(&["judge", run, "--export-batch", &text(file)]).expect(0);
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    if file.exists() { rows(file) } else { Vec::new() }
}

fn key(line: &Value) -> String {
    line["custom_id"].as_str().unwrap().to_owned()
}

fn keys<'l>(lines: impl IntoIterator<Item = &'l Value>) -> BTreeSet<String> {
    lines.into_iter().map(key).collect()
}

/// What a service makes of a request's line: by the rule that the online server follows.
fn answer(line: &Value) -> Value {
    assert_eq!((line["method"].as_str(), line["url"].as_str()), (Some("POST"), Some("/v1/chat/completions")));
    let request = Request {
        number: 0,
        method: "POST".to_owned(),
        path: "/v1/chat/completions".to_owned(),
        headers: Vec::new(),
        body: line["body"].clone(),
    };
    let body: Value = serde_json::from_str(&by_letters(&request).body).unwrap();
    json!({
        "id": format!("batch-{}", &key(line)[..8]), "custom_id": key(line), "error": null,
        "response": { "status_code": 200, "request_id": "r", "body": body },
    })
}

/// The same line, not answered, in the ways in which services say so.
fn failure(line: &Value, way: usize) -> Value {
    let (response, error) = match way % 4 {
        0 => (Value::Null, json!({ "code": "batch_expired", "message": "not done in time" })),
        1 => {
            (json!({ "status_code": 500, "body": { "error": { "message": "out of memory" } } }), Value::Null)
        }
        2 => (json!({ "status_code": 200, "body": { "choices": [] } }), Value::Null),
        _ => (
            json!({ "status_code": 400, "body": { "error": { "message": "bad\u{1b}[31m request" } } }),
            Value::Null,
        ),
    };
    json!({ "id": "x", "custom_id": key(line), "response": response, "error": error })
}

fn file(dir: &Path, name: &str, lines: &[Value]) -> String {
    write(dir, name, lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

fn import(run: &str, files: &[&str]) -> Ended {
    let files = files.iter().flat_map(|file| ["--import-batch", file]);
    let args: Vec<&str> = ["judge", run, "--json"].into_iter().chain(files).collect();
    rejoinder(&args).expect(0)
}

/// The turns that requests are about.
fn turns<'l>(lines: impl IntoIterator<Item = &'l Value>) -> usize {
    let prompt = |line: &'l Value| line["body"]["messages"][0]["content"].as_str().unwrap();
    lines.into_iter().map(|line| marked_turns(prompt(line)).len().max(1)).sum()
}

#[test]
fn results_in_pieces_and_disorder_end_where_asking_online_ends() {
    FORMS.into_iter().for_each(import_in_pieces);
}

/// Imports the results of a run's requests in pieces and disorder, and compares with asking online.
fn import_in_pieces(form: &str) {
    let form = format!("answer = \"{form}\"\n");
    let dir = folder();
    let dir = dir.path();
    let out = |name: &str| text(&dir.join(name));
    let offline = config(dir, "offline.toml", NOWHERE, &form);
    let run = out("run");
    let spooled = rejoinder(&["run", DIALOGUES, "--config", &offline, "--offline", "--out", &run, "--json"]);
    let waiting = figure(&spooled.expect(0).json(), "undecided");
    let mut lines = export(&run, &dir.join("all.jsonl"));
    let all = keys(&lines);
    let asked = turns(&lines);
    assert!(
        asked > 20 && all.len() == lines.len() && all.len() > 8 && asked as u64 <= waiting,
        "{} about {asked} of {waiting}",
        all.len()
    );

    // The first file: a third of the answers, some failures, one answer twice, and lines that are no results.
    Random::with_seed(5).shuffle(&mut lines);
    let third = lines.len() / 3;
    let (first, rest) = lines.split_at(third);
    let mut results: Vec<Value> = first.iter().map(answer).collect();
    results.extend(rest[..4].iter().enumerate().map(|(way, line)| failure(line, way)));
    // The same key once more, with another answer: the first one stays.
    let mut other = answer(&first[0]);
    other["response"]["body"]["choices"][0]["message"]["content"] = "D".into();
    results.push(other);
    let mut bytes =
        b"\n{\"custom_id\": \"half\n[]\n{\"custom_id\":\"mine\",\"response\":null}\n\xFF\xFE\n".to_vec();
    bytes.extend(results.iter().flat_map(|line| format!("{line}\r\n").into_bytes()));
    bytes.extend(&answer(&rest[4]).to_string().as_bytes()[..200]);
    let partial = write(dir, "partial.jsonl", bytes);
    let told = import(&run, &[&partial]);
    let summary = told.json();
    assert_eq!(figure(&summary, "calls"), third as u64);
    assert!(figure(&summary, "judged") >= third as u64 && figure(&summary, "undecided") > 0, "{summary}");
    assert!(
        told.stderr.contains(&format!("{third} replies read, 1 known before, 4 requests failed")),
        "{}",
        told.stderr
    );
    for reason in ["not done in time", "status 500: out of memory", "status 200", "bad"] {
        assert!(told.stderr.contains(reason), "{reason}: {}", told.stderr);
    }
    assert_eq!(told.stderr.matches("skipped: ").count(), 5, "{}", told.stderr);
    assert!(!told.stderr.contains('\u{1b}'));

    // What is left to ask is what was not answered, be it that it failed, was cut off, or is not there.
    assert!(keys(&export(&run, &dir.join("rest.jsonl"))) == keys(rest));
    assert!(import(&run, &[&partial]).stderr.contains(&format!("0 replies read, {} known", third + 1)));

    // The others, in two files that share some.
    let half = rest.len() / 2;
    let [a, b] =
        [&rest[..half + 3], &rest[half - 3..]].map(|lines| lines.iter().map(answer).collect::<Vec<_>>());
    let (a, b) = (file(dir, "a.jsonl", &a), file(dir, "b.jsonl", &b));
    let summary = import(&run, &[&b, &a]).json();
    assert_eq!((figure(&summary, "undecided"), figure(&summary, "judged")), (0, waiting));
    assert_eq!(figure(&summary, "calls"), all.len() as u64);
    assert!(export(&run, &dir.join("nothing.jsonl")).is_empty());

    let server = Server::start(by_letters);
    let online = config(dir, "online.toml", &server.base_url(), &form);
    let after = rejoinder(&["judge", &run, "--config", &online, "--json"]).expect(0).json();
    assert_eq!((server.all_requests(), figure(&after, "judged")), (0, waiting));
    let at_once = out("at-once");
    rejoinder(&["run", DIALOGUES, "--config", &online, "--out", &at_once]).expect(0);
    assert_eq!(server.requests(), all.len());
    let files = output_files(Path::new(&run));
    assert!(files.iter().any(|(path, _)| path.starts_with("judged")));
    assert!(files == output_files(Path::new(&at_once)));
    let kto = |run: &str| {
        let file = dir.join("kto.jsonl");
        rejoinder(&["export", "kto", run, "--out", &text(&file), "--force"]).expect(0);
        std::fs::read(file).unwrap()
    };
    let exported = kto(&run);
    assert!(!exported.is_empty() && exported == kto(&at_once));
}

#[test]
fn rows_that_are_added_are_all_that_is_asked_for() {
    FORMS.into_iter().for_each(add_rows);
}

/// Asks about a file in a form, adds rows to the file, and asks about all.
fn add_rows(form: &str) {
    let dir = folder();
    let dir = dir.path();
    let out = |name: &str| text(&dir.join(name));
    let dialogues = std::fs::read_to_string(DIALOGUES).unwrap();
    let lines: Vec<&str> = dialogues.lines().collect();
    // New rows stand before and between the old ones.
    let old: String = lines.iter().skip(1).step_by(2).map(|line| format!("{line}\n")).collect();
    let old = write(dir, "old.jsonl", old);
    let server = Server::start(by_letters);
    let config = config(
        dir,
        "shared.toml",
        &server.base_url(),
        &format!("answer = \"{form}\"\nreplies = \"shared.sqlite\"\n"),
    );
    let spool = |input: &str, name: &str| {
        rejoinder(&["run", input, "--config", &config, "--offline", "--out", &out(name)]).expect(0);
        out(name)
    };
    let (before, after) = (spool(&old, "before"), spool(DIALOGUES, "after"));
    let all = export(&after, &dir.join("all.jsonl"));
    let asked = export(&before, &dir.join("before.jsonl"));
    let known = turns(&asked);
    assert!(known > 0 && known < turns(&all));
    let answers: Vec<Value> = asked.iter().map(answer).collect();
    import(&before, &[&file(dir, "answers.jsonl", &answers)]);

    let new = export(&after, &dir.join("new.jsonl"));
    assert_eq!(turns(&new), turns(&all) - known);
    if form == "label" {
        assert!(keys(&new) == keys(&all).difference(&keys(&asked)).cloned().collect());
    }
    // Online it is the same, though another run has to find out what the server can do.
    let summary = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &out("online"), "--json"])
        .expect(0)
        .json();
    assert_eq!((server.requests(), figure(&summary, "undecided")), (new.len(), 0));
    // And what was asked online is in no batch any more.
    assert!(export(&after, &dir.join("none.jsonl")).is_empty());
    let summary = import(&after, &[&file(dir, "empty.jsonl", &[])]).json();
    assert_eq!((figure(&summary, "undecided"), figure(&summary, "calls")), (0, 0));
    assert!(output_files(&dir.join("online")) == output_files(Path::new(&after)));
}

#[test]
fn a_batch_holds_no_more_than_the_budget_has_left() {
    FORMS.into_iter().for_each(export_within_a_budget);
}

/// Exports as much as a budget holds, imports some of it, and exports again.
fn export_within_a_budget(form: &str) {
    let dir = folder();
    let dir = dir.path();
    let config = config(dir, "poor.toml", NOWHERE, &format!("answer = \"{form}\"\n[budget]\ncalls = 5\n"));
    let run = text(&dir.join("run"));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--offline", "--out", &run]).expect(0);
    let path = text(&dir.join("first.jsonl"));
    rejoinder(&["judge", &run, "--export-batch", &path]).expect(4);
    let first = rows(Path::new(&path));
    assert_eq!(first.len(), 5);
    let answers: Vec<Value> = first.iter().take(3).map(answer).collect();
    import(&run, &[&file(dir, "answers.jsonl", &answers)]);
    rejoinder(&["judge", &run, "--export-batch", &path]).expect(4);
    assert!(keys(&rows(Path::new(&path))) == keys(&first[3..]), "two are left, and two were not answered");
}

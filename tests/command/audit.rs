//! `rejoinder audit`: the bound holds against a judge whose every answer is known, it is paid for once, a draw stays as it
//! was made, and the command fails when recall is not certain.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::corpus;
use crate::support::server::{Response, Server, by_rule, labelled, last_user_message};
use crate::support::{figure, folder, rejoinder, rows, text, write};

/// A judge that finds feedback also where no rule marks anything.
fn judge() -> Server {
    Server::start(|request| match last_user_message(request.prompt()).contains("river") {
        true if !request.is_probe() => labelled(request, "B", &[("B", -0.1), ("F", -2.5)]),
        _ => by_rule(request),
    })
}

fn config(dir: &Path, name: &str, server: &Server, more: &str) -> String {
    let base_url = server.base_url();
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{base_url}\"\nmodel = \"test-model\"\n{more}"
    );
    write(dir, name, config)
}

fn corpus_of(dir: &Path, dialogues: usize) -> String {
    let mut content = Vec::new();
    corpus::write(&mut content, dialogues, 41, corpus::Style::default()).unwrap();
    write(dir, "corpus.jsonl", content)
}

/// Category by id of all that a run found.
fn found(dir: &Path, run: &str) -> HashMap<String, String> {
    let table = text(&dir.join("table.jsonl"));
    rejoinder(&["export", "table", run, "--out", &table, "--force"]).expect(0);
    let of = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows(Path::new(&table)).iter().map(|row| (of(row, "id"), of(row, "category"))).collect()
}

fn recall(report: &Value) -> f64 {
    report["claims"][0]["recall"]["at_least"].as_f64().unwrap()
}

#[test]
fn the_bound_holds_is_paid_for_once_and_comes_out_the_same() {
    let dir = folder();
    let (server, input) = (judge(), corpus_of(dir.path(), 900));
    let ask = config(dir.path(), "ask.toml", &server, "");
    let ask_all = config(dir.path(), "all.toml", &server, "all = true\n");
    let (run, all) = (text(&dir.path().join("run")), text(&dir.path().join("all")));
    rejoinder(&["run", &input, "--config", &ask, "--out", &run, "--json"]).expect(0);
    rejoinder(&["run", &input, "--config", &ask_all, "--out", &all, "--json"]).expect(0);
    let (ours, truth) = (found(dir.path(), &run), found(dir.path(), &all));
    let hit = truth.keys().filter(|id| ours.contains_key(*id)).count() as f64;
    let (true_recall, true_precision) = (hit / truth.len() as f64, hit / ours.len() as f64);
    assert!(true_recall < 0.97, "there must be something to miss: {true_recall}");

    let asked = server.requests();
    let first = rejoinder(&["audit", &run, "--seed", "5", "--rejected", "400", "--json"]).expect(0);
    let report = first.json();
    let bound = recall(&report);
    assert!(bound <= true_recall && bound > true_recall - 0.2, "{bound} of {true_recall}");
    let precision = report["claims"][0]["precision"]["at_least"].as_f64().unwrap();
    assert!(precision <= true_precision && precision > 0.5, "{precision} of {true_precision}");
    let drawn: u64 =
        report["claims"][0]["parts"].as_array().unwrap().iter().map(|p| figure(p, "sampled")).sum();
    let paid = (server.requests() - asked) as u64;
    assert!(paid > 300 && paid <= drawn, "{paid} requests about {drawn} turns");
    let again = rejoinder(&["audit", &run, "--json"]).expect(0);
    assert_eq!((again.stdout, server.requests() - asked), (first.stdout, paid as usize));
    let file = std::fs::read_to_string(Path::new(&run).join("certificate.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&file).unwrap(), report);
    assert_eq!(found(dir.path(), &run), ours, "an audit changes no output");

    // Looked once: no other draw until one pleases.
    let other = rejoinder(&["audit", &run, "--seed", "6"]).expect(2);
    assert!(other.stderr.contains("seed 5"), "{}", other.stderr);
    let more = (bound + 0.01).to_string();
    rejoinder(&["audit", &run, "--min-recall", &bound.to_string()]).expect(0);
    let failed = rejoinder(&["audit", &run, "--min-recall", &more]).expect(3);
    assert!(failed.stderr.contains("not surely at least") && failed.stdout.contains("UR2+UR3"), "{failed:?}");
}

#[test]
fn an_audit_that_the_budget_stops_goes_on_where_it_was() {
    let dir = folder();
    let (server, input) = (judge(), corpus_of(dir.path(), 300));
    let config = config(dir.path(), "ask.toml", &server, "");
    let run = text(&dir.path().join("run"));
    let summary = rejoinder(&["run", &input, "--config", &config, "--out", &run, "--json"]).expect(0).json();
    let calls = (figure(&summary, "calls") + 50).to_string();
    let before = server.requests();
    let stopped = rejoinder(&["audit", &run, "--seed", "1", "--calls", &calls]).expect(4);
    assert!(stopped.stderr.contains(&format!("rejoinder audit {run} --calls N")), "{}", stopped.stderr);
    assert!(!Path::new(&run).join("certificate.json").exists(), "half an audit certifies nothing");
    rejoinder(&["audit", &run, "--calls", "100000"]).expect(0);
    let in_two = server.requests() - before;
    let undisturbed = text(&dir.path().join("undisturbed"));
    rejoinder(&["run", &input, "--config", &config, "--out", &undisturbed, "--json"]).expect(0);
    let before = server.requests();
    rejoinder(&["audit", &undisturbed, "--seed", "1"]).expect(0);
    assert_eq!(server.requests() - before, in_two, "what was answered is not asked again");
    let certificate = |run: &str| std::fs::read(Path::new(run).join("certificate.json")).unwrap();
    assert_eq!(certificate(&run), certificate(&undisturbed));
}

#[test]
fn labels_take_the_judges_place_and_answers_that_say_nothing_are_feared() {
    let dir = folder();
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let dialogue = |number: u64, labels: Value| {
        json!({ "conversation_id": format!("c{number}"), "labels": labels, "conversation": [
            turn("user", "write a poem"), turn("assistant", "Roses are red."),
            turn("user", if number.is_multiple_of(10) { "thanks a lot!" } else { "describe the river in spring" })] })
    };
    let labels = |number: u64| match number {
        _ if number.is_multiple_of(10) => json!([{ "turn": 2, "category": "UR5", "span": "thanks" }]),
        7 => json!([{ "turn": 2, "category": "UR2", "span": "river" }]),
        _ => json!([]),
    };
    let lines: Vec<String> =
        (0..100).map(|number| dialogue(number, labels(number)).to_string() + "\n").collect();
    let input = write(dir.path(), "in.jsonl", lines.concat());
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--out", &run]).expect(0);
    // All turns are drawn, so the bounds are the truth: 10 of 11 found.
    let report = rejoinder(&["audit", &run, "--labels", "--json"]).expect(0).json();
    assert_eq!((recall(&report) * 11.0).round() as u64, 10, "{report}");
    assert_eq!(report["oracle"], "the records' own labels");
    let sft = rejoinder(&["audit", &run, "--labels", "--for", "sft", "--json"]).expect(0).json();
    assert_eq!((recall(&sft), sft["claims"].as_array().unwrap().len()), (1.0, 1));

    let mumbling = Server::start(|request| match last_user_message(request.prompt()).contains("river") {
        true if !request.is_probe() => Response::new(200, labelled(request, "?", &[("?", -0.1)]).body),
        _ => by_rule(request),
    });
    let config = config(dir.path(), "mumble.toml", &mumbling, "");
    let ended = rejoinder(&["audit", &run, "--config", &config]).expect(0);
    assert!(ended.stdout.contains("90 of the answers say nothing"), "{}", ended.stdout);
    let feared: Value =
        serde_json::from_slice(&std::fs::read(Path::new(&run).join("certificate.json")).unwrap()).unwrap();
    assert_eq!((recall(&feared) * 100.0).round() as u64, 10, "{feared}");
}

//! Answers that a store of replies holds already: in groups of other turns, of an earlier sample, in a longer window. What was paid
//! for once is not asked again.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::support::server::{Request, Response, Server, by_letters, by_rule, marked_turns};
use crate::support::{
    DIALOGUES, dialogues_with_hidden_thanks, figure, folder, output_files, rejoinder, rows, text, write,
};

type Handler = fn(&Request) -> Response;

fn config(dir: &Path, name: &str, server: &Server, more: &str) -> String {
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\nreplies = \"shared.sqlite\"\n{more}",
        server.base_url()
    );
    write(dir, &format!("{name}.toml"), config)
}

/// The judged records of a run with one part, without the request that each was found in.
fn judged(run: &Path) -> Vec<Value> {
    let mut records = rows(&run.join("judged/part-00000.jsonl"));
    for record in &mut records {
        let record = record.as_object_mut().expect("a record is an object");
        assert!(record.remove("reply_key").is_some());
        record.remove("reply_form");
        record.remove("probabilities");
    }
    records
}

#[test]
fn an_answer_about_the_longer_window_of_earlier_versions_is_not_asked_again() {
    let cases: [(&str, Handler, &str); 4] = [
        ("label", by_letters, "answer = \"label\"\n"),
        ("letters", by_letters, "answer = \"letters\"\n"),
        ("auto", by_letters, ""),
        // The bill of this server chooses JSON.
        ("json", by_rule, "requests-per-minute = 60000\n"),
    ];
    for (name, handler, more) in cases {
        let dir = folder();
        let server = Server::start(handler);
        let run = |name: &str, more: &str| {
            let config = config(dir.path(), name, &server, &format!("all = true\n{more}"));
            let run = dir.path().join(name);
            let args = ["run", DIALOGUES, "--config", &config, "--out", &text(&run), "--json"];
            (rejoinder(&args).expect(0).json(), run)
        };
        let (_, old) = run("old", "window-messages = 4\n");
        let asked = server.requests();
        assert!(asked > 20, "{asked}");
        let (summary, new) = run("new", more);
        assert_eq!((server.requests(), figure(&summary, "undecided")), (asked, 0), "{name}");
        assert_eq!(judged(&new), judged(&old), "{name}");
        let forms: Vec<Value> = rows(&new.join("judged/part-00000.jsonl"))
            .into_iter()
            .map(|mut record| record["reply_form"].take())
            .collect();
        // Where no window cuts anything, the prompt of a single letter is the same as ever.
        let is_longer = |form: &Value| *form == "single, longer window";
        assert!(forms.iter().any(is_longer), "{name}: {forms:?}");
        assert!(
            forms.iter().all(|form| is_longer(form) || (name == "label" && *form == "single")),
            "{name}: {forms:?}"
        );
        let id = rows(&new.join("judged/part-00000.jsonl"))[0]["id"].as_str().unwrap().to_owned();
        let told = rejoinder(&["explain", &text(&new), &id, "--json"]).expect(0).json();
        assert!(told["judge"]["requests"][0]["reply"].is_string(), "{told}");
        // Of another model nothing is taken.
        let other = format!("{more}revision = \"another\"\n");
        let (summary, _) = run("another", &other);
        assert!(server.requests() > asked && figure(&summary, "undecided") == 0, "{name}");
    }
}

/// How often each turn was asked about, by what is shown of it and before it.
fn times_asked(server: &Server, from: usize) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    let log = server.log();
    for request in log[from..].iter().filter(|request| !request.prompt().contains("\nA = No feedback")) {
        let marked = marked_turns(request.prompt());
        assert!(!marked.is_empty(), "{}", request.prompt());
        for (_, turn) in marked {
            *times.entry(turn).or_default() += 1;
        }
    }
    times
}

#[test]
fn turns_of_a_sample_are_not_asked_again_by_the_run_that_follows() {
    for answer in ["letters", "json"] {
        let dir = folder();
        let input = write(dir.path(), "in.jsonl", dialogues_with_hidden_thanks(600));
        let server = Server::start(by_letters);
        let config = config(dir.path(), "c", &server, &format!("answer = \"{answer}\"\n"));
        let run = text(&dir.path().join("run"));
        let args =
            ["run", &input, "--config", &config, "--recall", "0.8", "--seed", "4", "--out", &run, "--json"];
        let summary = rejoinder(&args).expect(0).json();
        assert_eq!(figure(&summary, "undecided"), 0, "{summary}");
        let times = times_asked(&server, 0);
        let again: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
        assert!(times.len() > 300 && again.is_empty(), "{answer}: {again:?}");
        let asked = server.requests();
        rejoinder(&["judge", &run]).expect(0);
        assert_eq!(server.requests(), asked, "{answer}");
    }
}

#[test]
fn other_rules_that_make_other_groups_ask_only_about_what_is_new() {
    const MORE: &str = "format = 1\nlang = [\"en\"]\n[[rule]]\nid = \"stores.ask\"\nroute = \"escalate\"\ncategory = \"UR2\"\n\
         weight = 0.5\nany = [\"word0a\", \"word1b\", \"word2c\", \"word3d\"]\n";
    for answer in ["letters", "json"] {
        let dir = folder();
        let input = write(dir.path(), "in.jsonl", dialogues_with_hidden_thanks(200));
        let server = Server::start(by_letters);
        let ask = |name: &str, rules: &str| {
            let rules = write(dir.path(), &format!("{name}-rules.toml"), rules);
            let more = format!("answer = \"{answer}\"\n[rules]\npacks = [\"en\", {rules:?}]\n");
            let config = config(dir.path(), name, &server, &more);
            let run = dir.path().join(name);
            let before = server.requests();
            let args = ["run", &input, "--config", &config, "--out", &text(&run), "--json"];
            let summary = rejoinder(&args).expect(0).json();
            assert_eq!(figure(&summary, "undecided"), 0, "{summary}");
            (times_asked(&server, before), figure(&summary, "judged"), run)
        };
        let few = MORE.replace(", \"word2c\", \"word3d\"", "");
        let (first, judged_first, _) = ask("few", &few);
        let (second, judged_second, run) = ask("more", MORE);
        assert!(judged_first > 20 && judged_second > judged_first + 20, "{judged_first}, {judged_second}");
        assert!(second.keys().all(|turn| !first.contains_key(turn)), "{answer}: asked again");
        assert_eq!((first.len() + second.len()) as u64, judged_second, "{answer}");
        // Whatever was answered where, a run by itself finds the same.
        let alone = folder();
        let config = config(alone.path(), "alone", &server, &format!("answer = \"{answer}\"\n"));
        let config_text = std::fs::read_to_string(&config).unwrap();
        let rules = write(alone.path(), "rules.toml", MORE);
        std::fs::write(&config, format!("{config_text}[rules]\npacks = [\"en\", {rules:?}]\n")).unwrap();
        let alone = alone.path().join("run");
        rejoinder(&["run", &input, "--config", &config, "--out", &text(&alone)]).expect(0);
        assert_eq!(judged(&run), judged(&alone), "{answer}");
    }
}

/// Two runs over the same input that share a store, one after the other stopped by its budget.
#[test]
fn groups_that_were_kept_before_another_run_answered_are_made_anew() {
    let dir = folder();
    let server = Server::start(by_letters);
    let run = |name: &str, budget: &str, code: i32| {
        let more = format!("all = true\nanswer = \"letters\"\nmax-in-flight = 1\n{budget}");
        let config = config(dir.path(), name, &server, &more);
        let run = dir.path().join(name);
        let args = ["run", DIALOGUES, "--config", &config, "--out", &text(&run), "--json"];
        (rejoinder(&args).expect(code).json(), run)
    };
    // The first run keeps all its groups, and asks about two of them.
    let (summary, first) = run("first", "[budget]\ncalls = 5\n", 4);
    assert!(figure(&summary, "undecided") > 8, "{summary}");
    let (_, second) = run("second", "turns-per-request = 3\n", 0);
    let asked = server.requests();
    let done = rejoinder(&["judge", &text(&first), "--calls", "1000", "--json"]).expect(0).json();
    assert_eq!((figure(&done, "undecided"), server.requests()), (0, asked), "all was answered");
    assert_eq!(judged(&first), judged(&second));
    let files = output_files(&first);
    rejoinder(&["resume", &text(&first)]).expect(0);
    assert!(output_files(&first) == files, "the groups stay");
}

//! The cut that ships with the score: in force by default, said to be an assumption, and left out where it cannot be one.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{
    DIALOGUES, assert_funnel_adds_up, figure, folder, output_files, rejoinder, rows, text, write,
};

fn run(dir: &Path, name: &str, input: &str, more: &[&str]) -> (String, Value) {
    let out = text(&dir.join(name));
    let args = [&["run", input, "--out", &out, "--offline", "--json"], more].concat();
    let summary = rejoinder(&args).expect(0).json();
    assert_funnel_adds_up(&summary);
    (out, summary)
}

/// Orders with short answers: unlike every chat that the score was measured on.
fn orders(count: usize) -> String {
    let order = |number: usize| {
        let messages = json!([
            { "role": "user", "content": format!("A table for {number}") },
            { "role": "assistant", "content": "It is booked." },
            { "role": "user", "content": format!("No, I wanted one for {number} more, in the evening") },
        ]);
        format!("{}\n", json!({ "conversation_id": number.to_string(), "conversation": messages }))
    };
    (0..count).map(order).collect()
}

#[test]
fn the_score_decides_by_default_and_the_summary_says_that_its_cut_is_an_assumption() {
    let dir = folder();
    let (out, summary) = run(dir.path(), "by-score", DIALOGUES, &[]);
    let says = summary["score_says"].as_str().unwrap();
    assert!(says.contains("here it is an assumption, which `run --recall 0.9` makes a promise"), "{says}");
    assert_eq!(summary["score"]["assumed"]["for"], "all");
    // What is rejected is explained by the score and the cut.
    let lowest = rejoinder(&["show", &out, "--rejected", "--sample", "all", "--json"]).expect(0).stdout;
    let rejected: Vec<Value> = lowest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let by_score = rejected.iter().find(|turn| turn["decision"].as_str().unwrap().contains("score")).unwrap();
    let explained = rejoinder(&["explain", &out, by_score["id"].as_str().unwrap()]).expect(0).stdout;
    let first = explained.lines().next().unwrap();
    assert!(first.starts_with("rejected: score 0."), "{first}");
    assert!(
        first.contains("below the cut 0.1") && first.contains("that kept 0.9 of the feedback"),
        "{first}"
    );

    let lower = run(dir.path(), "lower", DIALOGUES, &["--assumed-recall", "0.8"]).1;
    let higher = run(dir.path(), "higher", DIALOGUES, &["--assumed-recall", "0.95"]).1;
    let waits = |summary: &Value| figure(summary, "undecided");
    assert!(waits(&lower) < waits(&summary) && waits(&summary) < waits(&higher), "{summary}");
    for (flags, says) in [
        (&["--assumed-recall", "0.7"][..], "0.8, 0.9 and 0.95"),
        (&["--no-score", "--for", "kto"], "`score = false`"),
        (&["--no-score", "--without-judge"], "cannot be used with"),
    ] {
        let refused = rejoinder(&[&["run", DIALOGUES][..], flags].concat()).expect(2);
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
    }
}

#[test]
fn the_table_of_the_summary_counts_what_a_run_with_that_cut_would_ask() {
    let dir = folder();
    let (out, summary) = run(dir.path(), "all", DIALOGUES, &[]);
    let table = summary["asking"].as_array().unwrap();
    assert_eq!(table.len(), 6, "{summary}");
    let row = |purpose: &str, recall: f64| {
        table.iter().find(|row| row["for"] == purpose && row["recall"] == recall).unwrap().clone()
    };
    let in_force = row("all", 0.9);
    assert_eq!((in_force["in_force"].as_bool(), &in_force["turns"]), (Some(true), &summary["undecided"]));
    assert_eq!(in_force["input_tokens"], summary["input_tokens"]);
    for (purpose, recall) in [("all", 0.8), ("kto", 0.8), ("kto", 0.9), ("sft", 0.9)] {
        let row = row(purpose, recall);
        let arguments: Vec<&str> = row["arguments"].as_str().unwrap().split(' ').collect();
        let (_, typed) = run(dir.path(), &format!("{purpose}-{recall}"), DIALOGUES, &arguments);
        // Of a purpose that the score was not asked for the sum over its categories is compared, which may differ in a few turns.
        let apart = figure(&row, "turns").abs_diff(figure(&typed, "undecided"));
        assert!(apart <= if purpose == "all" { 0 } else { 3 }, "{row} {}", typed["undecided"]);
    }
    assert!(figure(&row("sft", 0.9), "turns") < figure(&row("kto", 0.9), "turns"), "{table:?}");
    let shown = rejoinder(&["resume", &out, "--offline"]).expect(0).stdout;
    assert!(shown.contains("what asking takes by cuts that ship with the score"), "{shown}");
    assert!(shown.contains("--for kto --assumed-recall 0.8") && shown.contains("(in force)"), "{shown}");
    let planned = rejoinder(&["plan", DIALOGUES, "--json"]).expect(0).json();
    assert_eq!(planned["undecided"], summary["undecided"], "a plan goes by the same cut");
}

#[test]
fn without_the_score_rules_and_plugins_decide_as_they_did() {
    let dir = folder();
    let config = write(dir.path(), "off.toml", "format = 1\n[cascade]\nscore = false\n");
    let (by_flag, flag) = run(dir.path(), "flag", DIALOGUES, &["--no-score"]);
    let (by_key, _) = run(dir.path(), "key", DIALOGUES, &["--config", &config]);
    assert!(output_files(Path::new(&by_flag)) == output_files(Path::new(&by_key)));
    assert_eq!((&flag["asking"], &flag["score_says"]), (&json!([]), &Value::Null));
    let plugins = flag["plugins"].to_string();
    assert!(!plugins.contains("scorer"), "{plugins}");
    let told = write(dir.path(), "both.toml", "format = 1\n[cascade]\nscore = false\nreject-below = 0.1\n");
    let refused = rejoinder(&["run", DIALOGUES, "--config", &told]).expect(7);
    assert!(refused.stderr.contains("stands beside what takes a score"), "{}", refused.stderr);
}

#[test]
fn among_dialogues_unlike_those_it_was_measured_on_rules_go_on_as_without_a_score() {
    let dir = folder();
    let input = write(dir.path(), "orders.jsonl", orders(150));
    let (by_default, summary) = run(dir.path(), "default", &input, &[]);
    let says = summary["score_says"].as_str().unwrap();
    assert!(says.starts_with("score: not used, since these dialogues are unlike those"), "{says}");
    let (without, _) = run(dir.path(), "without", &input, &["--no-score"]);
    assert!(output_files(Path::new(&by_default)) == output_files(Path::new(&without)));
    let ended = rejoinder(&["resume", &by_default, "--offline", "--json"]).expect(0).json();
    assert_eq!(ended["score_says"], summary["score_says"], "a resumed run is the same run");
    // What rules alone cannot do is refused, before there is a folder.
    for flags in [&["--for", "kto"][..], &["--without-judge"]] {
        let out = text(&dir.path().join("refused"));
        let refused = rejoinder(&[&["run", &input, "--out", &out], flags].concat()).expect(7);
        assert!(refused.stderr.contains("unlike those"), "{}", refused.stderr);
        assert!(!Path::new(&out).exists());
    }
}

/// Turns a run's manifest into what an engine of the layout before wrote.
fn as_of_layout_4(run: &str) {
    let file = Path::new(run).join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    manifest["format"] = json!(4);
    manifest.as_object_mut().unwrap().remove("score");
    let cascade = manifest["config"]["cascade"].as_object_mut().unwrap();
    for key in ["score", "assumed-recall", "accept-at-category", "without-judge", "precision"] {
        cascade.remove(key);
    }
    assert_eq!(cascade.len(), 5, "keys that this test does not know: {cascade:?}");
    std::fs::write(file, manifest.to_string()).unwrap();
    // As if it had been stopped before the last part.
    let ledger = rusqlite::Connection::open(Path::new(run).join("ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM parts", ()).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
}

#[test]
fn a_run_of_the_layout_before_goes_on_as_it_began() {
    let dir = folder();
    for (name, cuts) in [("rules", ""), ("cuts", "[cascade]\nreject-below = 0.2\naccept-at = 0.9\n")] {
        let old = write(dir.path(), "old.toml", format!("format = 1\n{cuts}"));
        let flags: &[&str] = if cuts.is_empty() { &["--no-score"] } else { &["--config", &old] };
        let (out, before) = run(dir.path(), name, DIALOGUES, flags);
        let expected = output_files(Path::new(&out));
        as_of_layout_4(&out);
        // By its own config, and by the file that it once had.
        let after = rejoinder(&["resume", &out, "--offline", "--json"]).expect(0).json();
        assert_eq!(after["undecided"], before["undecided"]);
        assert!(output_files(Path::new(&out)) == expected, "{name}");
        as_of_layout_4(&out);
        rejoinder(&["resume", &out, "--offline", "--config", &old]).expect(0);
        assert!(output_files(Path::new(&out)) == expected, "{name}");
        rejoinder(&["explain", &out, "0:0:2"]).expect(0);
    }
}

#[test]
fn a_model_of_few_labels_has_no_cut_and_the_rules_go_on() {
    let dir = folder();
    let labelled = |number: usize| {
        let thanks = number.is_multiple_of(3);
        let said = if thanks { "Thank you so much!" } else { "And which of them is the longest one?" };
        let messages = json!([
            { "role": "user", "content": format!("Tell me of the {number} rivers") },
            { "role": "assistant", "content": "They flow from the hills to the sea, and each of them is long." },
            { "role": "user", "content": said },
        ]);
        let labels = if thanks { json!([{ "turn": 2, "category": "UR5" }]) } else { json!([]) };
        format!("{}\n", json!({ "id": number.to_string(), "conversation": messages, "labels": labels }))
    };
    let few = write(dir.path(), "few.jsonl", (0..30).map(labelled).collect::<String>());
    let model = text(&dir.path().join("few.rjm"));
    rejoinder(&["train", &few, "--out", &model]).expect(0);
    let scorer = format!("format = 1\n[[plugin]]\nname = \"scorer\"\nconfig = {{ model = {model:?} }}\n");
    let config = write(dir.path(), "own.toml", &scorer);
    let off = write(dir.path(), "off.toml", format!("{scorer}[cascade]\nscore = false\n"));
    let (by_default, summary) = run(dir.path(), "default", DIALOGUES, &["--config", &config]);
    let says = summary["score_says"].as_str().unwrap();
    assert!(says.starts_with("score: not used, since its model has no cut"), "{says}");
    let (without, _) = run(dir.path(), "without", DIALOGUES, &["--config", &off]);
    assert!(output_files(Path::new(&by_default)) == output_files(Path::new(&without)));
    for flags in [&["--for", "kto"][..], &["--without-judge"]] {
        let args = ["run", DIALOGUES, "--config", &config];
        rejoinder(&[&args[..], flags].concat()).expect(7);
    }
    // Of many labels it has.
    let many = write(dir.path(), "many.jsonl", (0..240).map(labelled).collect::<String>());
    rejoinder(&["train", &many, "--out", &model]).expect(0);
    let own = run(dir.path(), "own", DIALOGUES, &["--config", &config]).1;
    assert!(own["score"]["assumed"]["score"].as_f64().is_some(), "{own}");
}

#[test]
fn without_a_judge_nothing_waits_that_could_be_decided() {
    let dir = folder();
    let (out, summary) = run(dir.path(), "sure", DIALOGUES, &["--without-judge"]);
    let says = summary["score_says"].as_str().unwrap();
    assert!(says.contains("nobody is asked") && says.contains("Recall to expect"), "{says}");
    assert!(says.contains("a language model"), "whose labels: {says}");
    let by_rules = run(dir.path(), "rules", DIALOGUES, &["--no-score"]).1;
    let accepted = |summary: &Value| crate::support::accepted(summary);
    assert!(accepted(&summary) > accepted(&by_rules), "{summary}");
    let spool = Path::new(&out).join("spool/part-00000.jsonl");
    let waiting = if spool.exists() { rows(&spool) } else { Vec::new() };
    assert_eq!(waiting.len() as u64, figure(&summary, "undecided"));
    for turn in waiting {
        let id = turn["turns"][0]["id"].as_str().unwrap().to_owned();
        let explained = rejoinder(&["explain", &out, &id]).expect(0).stdout;
        let first = explained.lines().next().unwrap();
        assert!(
            first.contains("accept stands against reject") || first.contains("two categories"),
            "{first}"
        );
    }
    let found = rejoinder(&["show", &out, "--accepted", "--sample", "all", "--json"]).expect(0).stdout;
    let by_score = found.lines().find(|line| line.contains("was accepted as")).unwrap();
    let turn: Value = serde_json::from_str(by_score).unwrap();
    let explained = rejoinder(&["explain", &out, turn["id"].as_str().unwrap()]).expect(0).stdout;
    assert!(explained.contains("from which on 0.85 of what was accepted as"), "{explained}");
    let surer = run(dir.path(), "surer", DIALOGUES, &["--without-judge", "--precision", "0.95"]).1;
    assert!(accepted(&surer) < accepted(&summary), "{surer}");
    let refused = rejoinder(&["run", DIALOGUES, "--without-judge", "--precision", "0.5"]).expect(2);
    assert!(refused.stderr.contains("0.8, 0.85, 0.9 and 0.95"), "{}", refused.stderr);
}

#[test]
fn a_calibration_by_labels_gives_the_cuts_of_decisions_without_a_judge() {
    let dir = folder();
    let thanks = ["Thank you so much!", "Perfect, thanks a lot.", "Great, that works now."];
    let others = ["And which of them is the longest?", "Now the same for Spain, please.", "List the towns."];
    let labelled = |number: usize| {
        let praises = number.is_multiple_of(2);
        let said = if praises { thanks[number % 3] } else { others[number % 3] };
        let messages = json!([
            { "role": "user", "content": format!("Tell me of the {number} rivers") },
            { "role": "assistant", "content": "They flow from the hills to the sea, and each of them is long." },
            { "role": "user", "content": said },
        ]);
        let labels = if praises { json!([{ "turn": 2, "category": "UR5" }]) } else { json!([]) };
        format!("{}\n", json!({ "id": number.to_string(), "conversation": messages, "labels": labels }))
    };
    let input = write(dir.path(), "in.jsonl", (0..200).map(labelled).collect::<String>());
    let rules = write(dir.path(), "none.toml", "format = 1\n[rules]\npacks = []\n[cascade]\nscore = false\n");
    let (scan, _) = run(dir.path(), "scan", &input, &["--config", &rules]);
    let args =
        ["calibrate", &scan, "--labels", "--without-judge", "--precision", "0.9", "--seed", "1", "--json"];
    let report = rejoinder(&args).expect(0).json();
    assert!(report["right"]["value"].as_f64().unwrap() >= 0.9, "{report}");
    assert!(report["accept_at"]["UR5"].as_f64().is_some(), "{report}");
    let cuts = std::fs::read_to_string(Path::new(&scan).join("cascade.toml")).unwrap();
    assert!(cuts.contains("without-judge = true") && cuts.contains("accept-at-category = { "), "{cuts}");
    let config = write(dir.path(), "cuts.toml", format!("format = 1\n{cuts}\n[rules]\npacks = []\n"));
    let (out, summary) = run(dir.path(), "decided", &input, &["--config", &config]);
    let in_sample = |name: &str| report["outcome"][name].as_u64().unwrap();
    assert_eq!(
        (figure(&summary, "undecided"), crate::support::accepted(&summary)),
        (0, in_sample("accepted"))
    );
    let evaluated = rejoinder(&["eval", &out, "--labels", "--json"]).expect(0).json();
    assert_eq!(evaluated["recall"]["of"].as_u64(), Some(in_sample("right")), "{evaluated}");
}

#[test]
fn labels_show_what_the_shipped_cut_finds_without_hindsight() {
    let dir = folder();
    let labelled = |number: usize| {
        let is_wrong = number.is_multiple_of(4);
        let said =
            if is_wrong { "Those are rivers and I had lakes in mind." } else { "And which is the longest?" };
        let messages = json!([
            { "role": "user", "content": format!("Tell me of the {number} rivers") },
            { "role": "assistant", "content": "They flow from the hills to the sea, and each of them is long." },
            { "role": "user", "content": said },
        ]);
        let labels = if is_wrong { json!([{ "turn": 2, "category": "UR2" }]) } else { json!([]) };
        format!("{}\n", json!({ "id": number.to_string(), "conversation": messages, "labels": labels }))
    };
    let input = write(dir.path(), "in.jsonl", (0..80).map(labelled).collect::<String>());
    let args = ["eval", &input, "--labels", "--cascade", "--for", "kto", "--recall", "0.8"];
    let report = rejoinder(&[&args[..], &["--json"]].concat()).expect(0).json();
    let cut = &report["strategies"]["shipped"]["cut"];
    let share = |name: &str| cut[name].as_f64().unwrap_or_else(|| panic!("no {name}: {cut}"));
    assert!(share("recall") > 0.9 && share("turn_share") < 0.5 && share("token_share") > 0.0, "{cut}");
    let page = rejoinder(&args).expect(0).stdout;
    assert!(page.contains("the cut that ships with the score, 0."), "{page}");
    let none = rejoinder(&[&args[..6], &["--recall", "0.7", "--json"]].concat()).expect(0).json();
    assert_eq!(none["strategies"]["shipped"]["cut"], Value::Null, "no cut ships for this recall");
}

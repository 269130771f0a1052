//! What users do with a finished run: show, export, eval; and the plugin that decided with it.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{
    DIALOGUES, Ended, accepted, command, figure, folder, output_of_any_library, rejoinder, rows, text, write,
};

fn run(dir: &Path, input: &str) -> (String, Value) {
    let run = text(&dir.join("run"));
    let summary = rejoinder(&["run", input, "--json", "--out", &run]).expect(0).json();
    (run, summary)
}

#[test]
fn show_samples_each_kind_with_context_and_who_decided() {
    let dir = folder();
    let (run, summary) = run(dir.path(), DIALOGUES);
    for (flag, figure) in [
        ("--accepted", accepted(&summary)),
        ("--rejected", figure(&summary, "rejected")),
        ("--undecided", figure(&summary, "undecided")),
    ] {
        let ended = rejoinder(&["show", &run, flag, "--sample", "4"]).expect(0);
        assert!(
            ended.stdout.ends_with(&format!("{} of {figure} turns\n", figure.min(4))),
            "{flag}\n{}",
            ended.stdout
        );
    }
    let accepted =
        rejoinder(&["show", &run, "--accepted", "--category", "UR5", "--sample", "100"]).expect(0).stdout;
    assert!(accepted.contains("accepted as UR5 Positive Feedback") && accepted.contains("▶"), "{accepted}");
    assert!(accepted.contains("(rules/en.toml:"), "the rule's file and line\n{accepted}");
    let same = rejoinder(&["show", &run, "--sample", "5", "--threads", "1"]).expect(0).stdout;
    assert_eq!(same, rejoinder(&["show", &run, "--sample", "5", "--threads", "3"]).expect(0).stdout);
    assert_ne!(same, rejoinder(&["show", &run, "--sample", "5", "--seed", "1"]).expect(0).stdout);
}

#[test]
fn show_takes_several_categories_rules_and_all_turns() {
    let dir = folder();
    let (run, summary) = run(dir.path(), DIALOGUES);
    let objects = |args: &[&str]| -> Vec<Value> {
        let shown =
            rejoinder(&[&["show", &run, "--json", "--sample", "all"], args].concat()).expect(0).stdout;
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let turns = objects(&[]);
    assert_eq!(turns.len() as u64, figure(&summary, "turns"));
    let of = |turns: &[Value], outcome: &str| turns.iter().filter(|t| t["outcome"] == outcome).count() as u64;
    assert_eq!(of(&turns, "accepted"), accepted(&summary));
    assert_eq!(of(&turns, "waiting"), figure(&summary, "undecided"));
    assert_eq!(objects(&["--waiting"]), objects(&["--undecided"]), "the older word");
    assert_eq!(objects(&["--waiting"]).len() as u64, figure(&summary, "undecided"));

    let some = objects(&["--category", "UR2,UR3", "--category", "UR5"]);
    let expected: Vec<&Value> = turns
        .iter()
        .filter(|turn| ["UR2", "UR3", "UR5"].contains(&turn["category"].as_str().unwrap_or_default()))
        .collect();
    assert!(some.len() > 3 && some.iter().eq(expected), "{some:?}");

    // Each object says what the run's record says.
    for row in rows(&Path::new(&run).join("parts/part-00000.jsonl")) {
        let turn = turns.iter().find(|turn| turn["id"] == row["id"]).unwrap();
        assert_eq!(
            (&turn["category"], &turn["conversation_id"]),
            (&row["category"], &row["conversation_id"])
        );
        let span = json!({ "text": row["span"], "start": row["span_start"], "end": row["span_end"] });
        assert_eq!(turn["span"], span, "{turn}");
        let rules: Vec<&Value> = turn["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
        assert!(rules.into_iter().eq(row["rules"].as_array().unwrap()), "{turn}");
        let whole = turn["turn"]["text"].as_str().unwrap();
        let (start, end) = (figure(&row, "span_start") as usize, figure(&row, "span_end") as usize);
        assert_eq!(&whole[start..end], row["span"], "{turn}");
        assert!(turn["by"].as_array().is_some_and(|by| !by.is_empty()), "{turn}");
    }

    let has = |turn: &Value, ids: &[&str]| {
        let mut rules = turn["rules"].as_array().unwrap().iter();
        rules.any(|rule| ids.contains(&rule["id"].as_str().unwrap()))
    };
    let hits: Vec<&str> = turns
        .iter()
        .flat_map(|t| t["rules"].as_array().unwrap())
        .map(|r| r["id"].as_str().unwrap())
        .collect();
    let [first, last] = [hits[0], hits[hits.len() - 1]];
    let by_rule = objects(&["--rule", first, "--rule", last]);
    assert!(!by_rule.is_empty() && by_rule.iter().eq(turns.iter().filter(|turn| has(turn, &[first, last]))));
    let refused = rejoinder(&["show", &run, "--rule", &format!("{first}x")]).expect(2).stderr;
    assert!(refused.contains(&format!("did you mean `{first}`?")), "{refused}");
    assert!(rejoinder(&["show", &run, "--sample", "0"]).expect(2).stderr.contains("or all"));
}

#[test]
fn long_texts_are_cut_in_the_middle_unless_they_are_wanted() {
    let dir = folder();
    let long = format!("{} and thank you so much! {}", "x ".repeat(30_000), "y ".repeat(30_000));
    let record = exchange("c", &[("user", "q"), ("assistant", &"word ".repeat(9_000)), ("user", &long)]);
    let (run, _) = run(dir.path(), &write(dir.path(), "in.jsonl", record));
    for verb in [&["show", &run][..], &["explain", &run, "0:0:2"]] {
        let shown = rejoinder(verb).expect(0).stdout;
        assert!(shown.len() < 10_000 && shown.contains("characters left out"), "{} bytes", shown.len());
        let full = rejoinder(&[verb, &["--full"]].concat()).expect(0).stdout;
        assert!(full.len() > 160_000 && !full.contains("left out"), "{} bytes", full.len());
    }
    let cut = rejoinder(&["show", &run, "--json"]).expect(0).json();
    let left_out = figure(&cut["turn"], "left_out");
    assert_eq!(left_out as usize, long.chars().count() - 20_000 + 1, "{}", cut["turn"]["left_out"]);
    let full = rejoinder(&["show", &run, "--json", "--full"]).expect(0).json();
    assert_eq!((&full["turn"]["text"], figure(&full["turn"], "left_out")), (&json!(long), 0));
}

#[test]
fn show_disarms_terminal_escapes_in_chat_text() {
    let dir = folder();
    let record = json!({"id": "\u{1b}]0;owned\u{7}", "messages": [
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "\u{1b}[2J"}, {"role": "user", "content": "thanks \u{1b}[31m\u{202e}"}]});
    let (run, _) = run(dir.path(), &write(dir.path(), "in.jsonl", record.to_string()));
    let shown = rejoinder(&["show", &run]).expect(0).stdout;
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']) && shown.contains("\\u{1b}[2J"), "{shown}");
    let object = rejoinder(&["show", &run, "--json"]).expect(0);
    assert!(!object.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{}", object.stdout);
    assert_eq!(object.json()["turn"]["text"], "thanks \u{1b}[31m\u{202e}");
    for args in [&["explain", &run, "0:0:2"][..], &["explain", &run, "\u{1b}]0;owned\u{7}"]] {
        let shown = rejoinder(args).expect(0).stdout;
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    }
}

fn exchange(id: &str, messages: &[(&str, &str)]) -> String {
    let messages: Vec<Value> = messages.iter().map(|(r, c)| json!({"role": r, "content": c})).collect();
    json!({"conversation_id": id, "conversation": messages}).to_string()
}

#[test]
fn kto_pairs_the_answer_before_the_feedback() {
    let dir = folder();
    let input = [
        exchange(
            "good",
            &[
                ("system", "be kind"),
                ("user", "q1"),
                ("assistant", "a1"),
                ("user", "q2"),
                ("assistant", "a2"),
                ("user", "Thank you so much!"),
                ("assistant", "a3"),
            ],
        ),
        exchange(
            "greeted",
            &[("assistant", "hello"), ("user", "q1"), ("assistant", "a1"), ("user", "Thank you so much!")],
        ),
        exchange("greeting", &[("assistant", "hello"), ("user", "Thank you so much!")]),
        exchange(
            "tool",
            &[
                ("user", "q"),
                ("assistant", ""),
                ("tool", "42"),
                ("assistant", "it is 42"),
                ("user", "Thank you so much!"),
            ],
        ),
        exchange(
            "twice",
            &[
                ("user", "q"),
                ("assistant", "a"),
                ("user", "Thank you so much!"),
                ("user", "Thank you so much!"),
            ],
        ),
    ]
    .join("\n");
    let (run, summary) = run(dir.path(), &write(dir.path(), "in.jsonl", input));
    assert_eq!(figure(&summary["accepted"], "UR5"), 6, "{summary}");
    let ended = rejoinder(&["export", "kto", &run]).expect(0);
    let by_id: HashMap<String, Value> = rows(&Path::new(&run).join("kto.jsonl"))
        .into_iter()
        .map(|r| (r["conversation_id"].as_str().unwrap().to_owned(), r))
        .collect();
    assert_eq!(by_id.len(), 3, "{by_id:?}");
    let good = &by_id["good"];
    assert_eq!(
        good["prompt"],
        json!([{"role": "system", "content": "be kind"}, {"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1"}, {"role": "user", "content": "q2"}])
    );
    assert_eq!(good["completion"], json!([{"role": "assistant", "content": "a2"}]));
    assert_eq!((&good["label"], &good["feedback_turn"]), (&json!(true), &json!(2)));
    assert_eq!(by_id["greeted"]["prompt"], json!([{"role": "user", "content": "q1"}]));
    assert!(ended.stderr.contains("1 feedback after a tool's result without its call"), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 feedback about an opening greeting"), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 feedback repeated on the same answer"), "{}", ended.stderr);
    let sft = rejoinder(&["export", "sft", &run, "--out", "-"]).expect(0).stdout;
    assert_eq!(sft.lines().count(), 3);
    let table = rejoinder(&["export", "table", &run, "--out", "-"]).expect(0).stdout;
    assert_eq!(table.lines().count(), 6);
}

#[test]
fn training_files_load_in_every_row_and_are_shuffled_by_seed() {
    let dir = folder();
    let (run, _) = run(dir.path(), DIALOGUES);
    let export = |seed: &str| {
        rejoinder(&["export", "kto", &run, "--unbalanced", "--out", "-", "--seed", seed]).expect(0).stdout
    };
    let first = export("1");
    assert_eq!(first, export("1"));
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_ne!(first, export("2"));
    assert_eq!(sorted(&first), sorted(&export("2")));
    let mut labels = [0, 0];
    for line in first.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let prompt = row["prompt"].as_array().unwrap();
        assert_eq!(prompt.last().unwrap()["role"], "user");
        assert_eq!(row["completion"][0]["role"], "assistant");
        let turns: Vec<_> =
            prompt.iter().filter(|m| m["role"] != "system").map(|m| m["role"].as_str().unwrap()).collect();
        assert!(turns.windows(2).all(|w| w[0] != w[1]), "roles alternate: {turns:?}");
        labels[usize::from(row["label"].as_bool().unwrap())] += 1;
    }
    assert!(labels[0] > 0 && labels[1] > 0, "both labels: {labels:?}");
}

#[test]
fn an_input_that_changed_is_noticed_by_export_and_show() {
    let dir = folder();
    let input = write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    let (run, _) = run(dir.path(), &input);
    let content = std::fs::read_to_string(DIALOGUES).unwrap();
    let without_first: String = content.lines().skip(1).map(|l| format!("{l}\n")).collect();
    std::fs::write(&input, without_first).unwrap();
    for args in [&["export", "kto", &run][..], &["show", &run]] {
        let refused = rejoinder(args).expect(7).stderr;
        assert!(
            refused.contains("has changed") && refused.contains(&format!("input {input}: was")),
            "{refused}"
        );
    }
}

#[test]
fn eval_counts_what_the_labels_say() {
    let dir = folder();
    let out = text(&dir.path().join("pages"));
    let eval = rejoinder(&["eval", DIALOGUES, "--labels", "--json", "--out", &out]).expect(0).json();
    let labels: usize =
        rows(Path::new(DIALOGUES)).iter().map(|r| r["labels"].as_array().unwrap().len()).sum();
    assert_eq!(figure(&eval["recall"], "n"), labels as u64);
    assert_eq!(eval["categories"].as_array().unwrap().len(), 5);
    let shares: f64 = ["accepted", "rejected", "undecided", "judged"]
        .iter()
        .map(|k| eval[k]["value"].as_f64().unwrap())
        .sum();
    assert!((shares - 1.0).abs() < 1e-9);
    let missed = figure(&eval["recall"], "n") - figure(&eval["recall"], "of");
    let pages = std::fs::read_to_string(Path::new(&out).join("misses.txt")).unwrap();
    let wrong_category = figure(&eval["category_agreement"], "n") - figure(&eval["category_agreement"], "of");
    assert_eq!(pages.matches("label UR").count() as u64, missed + wrong_category);
    // A run folder counts what its judge said; without a judge it is the same.
    let (run, _) = run(dir.path(), DIALOGUES);
    assert_eq!(rejoinder(&["eval", &run, "--labels", "--json"]).expect(0).json(), eval);
    // Only some records, and only the turns that were judged.
    let filtered =
        rejoinder(&["eval", DIALOGUES, "--labels", "--json", "--where", "language=German"]).expect(0).json();
    assert!(figure(&filtered, "turns") < figure(&eval, "turns") && figure(&filtered, "turns") > 0);
    let listed =
        rejoinder(&["eval", DIALOGUES, "--labels", "--json", "--unlisted", "ignore"]).expect(0).json();
    assert_eq!(figure(&listed, "turns"), labels as u64);
}

#[test]
fn the_plugin_is_loaded_from_its_library_and_linked_in_where_there_is_none() {
    let dir = folder();
    let (run_path, loaded) = run(dir.path(), DIALOGUES);
    let plugin = loaded["plugins"][0].as_str().unwrap();
    assert!(
        plugin.starts_with("rephrase ") && plugin.contains("loaded from") && plugin.contains("deps"),
        "{plugin}"
    );

    // The command alone, moved to where no library lies beside it.
    let alone = dir.path().join("rejoinder");
    std::fs::copy(env!("CARGO_BIN_EXE_rejoinder"), &alone).unwrap();
    let fallback = text(&dir.path().join("fallback"));
    let ended: Ended = std::process::Command::new(&alone)
        .args(["run", DIALOGUES, "--json", "--out", &fallback])
        .output()
        .unwrap()
        .into();
    let linked = ended.expect(0).json();
    assert!(linked["plugins"][0].as_str().unwrap().ends_with("linked in"), "{linked}");
    assert!(
        output_of_any_library(Path::new(&run_path)) == output_of_any_library(Path::new(&fallback)),
        "loaded or linked in, the plugin decides alike"
    );
}

#[test]
fn a_plugin_that_cannot_be_used_is_refused_with_the_reason() {
    let dir = folder();
    let attempt = |toml: &str| {
        let config = write(dir.path(), "c.toml", format!("format = 1\n[[plugin]]\n{toml}\n"));
        command(&["run", DIALOGUES, "--config", &config, "--out", &text(&dir.path().join("never"))])
            .output()
            .unwrap()
    };
    for (toml, expected) in [
        ("name = \"no-such-plugin\"", "no-such-plugin"),
        ("name = \"rephrase\"\nconfig = { treshold = 0.8 }", "treshold"),
        ("path = \"c.toml\"", "c.toml"),
    ] {
        let ended: Ended = attempt(toml).into();
        assert_eq!(ended.code, 7, "{}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
        assert!(!dir.path().join("never").exists(), "nothing is begun");
    }
}

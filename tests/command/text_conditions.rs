//! Rules on the text of the answer before and of earlier turns, lists of phrases, and text as written: checked, tested, run and explained.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{folder, rejoinder, text, write};

const RULES: &str = r#"format = 1
lang = ["en"]

[lists]
apologies = ["as an ai", "i apologise", "@@support"]

# The dialogue alone: the answer speaks of itself.
[[rule]]
id = "t.answer"
category = "UR2"
route = "escalate"
answer-any = ["@apologies"]
answer-unless = ['\bhere is\b']
weight = 2.0
  [[rule.test]]
  dialogue = ["U: name a lake", "A: As an AI I have no eyes.", "U: then guess"]
  expect = { route = "escalate", span = "then guess" }
  [[rule.test]]
  dialogue = ["U: name a lake", "A: As an AI, here is one: Como.", "U: then guess"]
  expect = { route = "none" }
  [[rule.test]]
  dialogue = ["U: name a lake", "A: ask @Support", "U: I did"]
  expect = { route = "escalate" }
  [[rule.test]]
  dialogue = ["U: as an ai?", "A: Yes.", "U: as an ai"]
  expect = { hits = [] }

[[rule]]
id = "t.earlier"
category = "UR1"
route = "escalate"
any = ["asked"]
earlier-regex = ['\bin (?:rust|python)\b']
earlier-unless = ['\bno code\b']
  [[rule.test]]
  dialogue = ["U: sort it in Rust", "A: def f(): ...", "U: and now?", "A: x", "U: I asked for something. Now!"]
  expect = { route = "escalate", span = "I asked for something." }
  [[rule.test]]
  dialogue = ["U: sort it in Rust, no code", "A: x", "U: I asked"]
  expect = { route = "none" }

[[rule]]
id = "t.loud"
category = "UR3"
route = "accept"
text = "as-written"
regex = ['\b[A-Z]{4,}\b']
unless = ['\bHTTP\b']
answer-any = ["I"]
allow = ["W101"]
  [[rule.test]]
  dialogue = ["U: a", "A: I did.", "U: ok. this is WRONG"]
  expect = { route = "accept", span = "this is WRONG" }
  [[rule.test]]
  dialogue = ["U: a", "A: I did.", "U: this is wrong"]
  expect = { route = "none" }
  [[rule.test]]
  dialogue = ["U: a", "A: i did.", "U: this is WRONG"]
  expect = { route = "none" }
  [[rule.test]]
  dialogue = ["U: a", "A: I did.", "U: this is HTTP"]
  expect = { route = "none" }
"#;

const LOUD: [&str; 3] = ["name a lake", "As an AI, I know \u{1b}[31mnone.\u{202e}", "this is WRONG"];

fn record(messages: &[&str]) -> String {
    let role = |at: usize| if at.is_multiple_of(2) { "user" } else { "assistant" };
    let messages = messages.iter().enumerate().map(|(at, text)| json!({ "role": role(at), "content": text }));
    json!({ "conversation": messages.collect::<Vec<Value>>() }).to_string() + "\n"
}

fn config(dir: &Path) -> String {
    write(dir, "rules.toml", RULES);
    write(dir, "c.toml", "format = 1\n[rules]\npacks = [\"./rules.toml\"]\n")
}

#[test]
fn each_key_is_checked_and_tested_in_place() {
    let dir = folder();
    let file = write(dir.path(), "rules.toml", RULES);
    let checked = rejoinder(&["rules", "check", &file]).expect(0).stdout;
    assert_eq!(checked, "3 rules in 1 file: 0 errors, 0 warnings\n");
    let tested = rejoinder(&["rules", "test", &file]).expect(0).stdout;
    assert!(tested.contains("10 passed"), "{tested}");
    let listed = rejoinder(&["rules", "list", &file]).expect(0).stdout;
    assert!(listed.contains("answer-any, answer-unless"), "{listed}");
    assert!(listed.contains("text = as-written"), "{listed}");
    let rows = rejoinder(&["rules", "list", &file, "--json"]).expect(0).stdout;
    let expected = r#"answer-any = [\"as an ai\", \"i apologise\", \"@support\"]"#;
    assert!(rows.contains(expected), "{rows}");
    // A test says so where its answer no longer has the words.
    let broken = write(dir.path(), "broken.toml", RULES.replace("A: As an AI I have", "A: I have"));
    let failed = rejoinder(&["rules", "test", &broken]).expect(3).stdout;
    assert!(failed.contains("t.answer") && failed.contains("got `none`"), "{failed}");
}

#[test]
fn a_run_marks_what_the_tests_of_its_rules_say() {
    let dir = folder();
    let config = config(dir.path());
    let input = [
        record(&LOUD),
        record(&["name a lake", "Como.", "this is wrong"]),
        record(&["sort it in Python", "I cannot.", "I asked you"]),
        record(&["a", "Here is one: as an AI", "and another", "AS AN AI", "hm"]),
    ];
    let input = write(dir.path(), "in.jsonl", input.concat());
    let mut marked = Vec::new();
    for threads in ["1", "4"] {
        let run = text(&dir.path().join(threads));
        rejoinder(&["run", &input, "--config", &config, "--out", &run, "--threads", threads]).expect(0);
        let shown = rejoinder(&["show", &run, "--json", "--sample", "all"]).expect(0).stdout;
        let turns = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut hits: Vec<(String, Vec<String>)> = turns
            .map(|turn| {
                let rules = turn["rules"].as_array().unwrap().iter();
                let rules = rules.map(|rule| rule["id"].as_str().unwrap().to_owned());
                (turn["id"].as_str().unwrap().to_owned(), rules.collect())
            })
            .collect();
        hits.sort();
        marked.push(hits);
    }
    assert_eq!(marked[0], marked[1]);
    let expected = [
        ("0:0:2", &["t.answer", "t.loud"][..]),
        ("0:1:2", &[]),
        ("0:2:2", &["t.earlier"]),
        ("0:3:2", &[]),
        ("0:3:4", &["t.answer"]),
    ];
    let found: Vec<(&str, Vec<&str>)> =
        marked[0].iter().map(|(id, rules)| (&**id, rules.iter().map(|rule| &**rule).collect())).collect();
    assert_eq!(found, expected.map(|(id, rules)| (id, rules.to_vec())));
}

#[test]
fn explain_shows_what_matched_where_and_lets_no_text_steer_the_terminal() {
    let dir = folder();
    let config = config(dir.path());
    let input = write(dir.path(), "in.jsonl", record(&LOUD));
    let explain = |flags: &[&str]| {
        let args = [&["explain", &input, "0:0:2", "--config", &config, "--all"], flags].concat();
        rejoinder(&args).expect(0).stdout
    };
    let shown = explain(&[]);
    for line in [
        r#""as an ai" matches at byte 0 of the answer 1, folded: `as an ai, i know \u{1b}[31mnone.`"#,
        r#""I" matches at byte 10 of the answer 1: `As an AI, I know \u{1b}[31mnone.\u{202e}`"#,
        r"PASS answer-unless = ['''\bhere is\b''']",
        "no match in the last answer",
        "found `WRONG` in the turn as written",
        r"FAIL earlier-regex = ['''\bin (?:rust|python)\b''']",
        "no match in the user's one earlier turn",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    let json = explain(&["--json"]);
    assert!(!json.contains(['\u{1b}', '\u{202e}']), "{json:?}");
}

#[test]
fn what_goes_wrong_with_lists_and_case_is_told_with_its_place() {
    let dir = folder();
    let check = |from: &str, to: &str, code: i32| {
        assert!(RULES.contains(from), "{from}");
        let file = write(dir.path(), "r.toml", RULES.replacen(from, to, 1));
        rejoinder(&["rules", "check", &file]).expect(code).stdout
    };
    let unknown = check("@apologies", "@apologie", 3);
    assert!(unknown.contains("error[R016]") && unknown.contains("r.toml:12:15\n"), "{unknown}");
    assert!(unknown.contains("did you mean `apologies`?"), "{unknown}");
    let unused = check("\"@apologies\"", "\"sorry\"", 0);
    assert!(unused.contains("warning[W109]") && unused.contains("r.toml:5:1\n"), "{unused}");
    let folded = check("text = \"as-written\"\n", "", 0);
    assert!(folded.contains("warning[W110]") && folded.contains("r.toml:46:13\n"), "{folded}");
    assert!(folded.contains("`[A-Z]{4,}` matches \"hello\"") && folded.contains("as-written"), "{folded}");
    let empty = check("answer-any = [\"@apologies\"]", "answer-any = []", 3);
    assert!(empty.contains("error[R008]") && empty.contains("r.toml:12:14\n"), "{empty}");
}

#[test]
fn such_rules_are_counted_as_others() {
    let dir = folder();
    let config = config(dir.path());
    let input = write(dir.path(), "in.jsonl", record(&LOUD));
    let stats = rejoinder(&["rules", "stats", &input, "--config", &config, "--json"]).expect(0).stdout;
    assert!(stats.contains("t.loud") && stats.contains("t.answer"), "{stats}");
}

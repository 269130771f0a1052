//! `rejoinder rules check` and `rules test` as a rule author sees them.

use crate::support::{DIALOGUES, folder, rejoinder, rows, text, write};

const BROKEN: &str = r#"format = 1
[[rule]]
id = "a.one"
categroy = "UR2"
route = "escalat"
any = ["i meant", 7]
regex = ['''^no[,. +i (said|meant)''']
max-words = 0

[[rule]]
id = "a.one"
category = "UR9"
route = "accept"
similar-to-earlier = 1.5

  [[rule.test]]
  dialogue = ["U: a", "A: b"]
  expect = { span = 3 }

[[rule]]
id = "a.three"
route = "reject"
"#;

#[test]
fn all_mistakes_are_reported_at_once_with_their_places() {
    let dir = folder();
    let file = write(dir.path(), "broken.toml", BROKEN);
    let ended = rejoinder(&["rules", "check", &file]).expect(3);
    for (place, message) in [
        ("broken.toml:4:1", "unknown key `categroy`"),
        ("broken.toml:5:9", "`escalat` is no value of `route`"),
        ("broken.toml:6:19", "must be a string"),
        ("broken.toml:7:16", "unclosed character class"),
        ("broken.toml:8:13", "`max-words` must be at least 1"),
        ("broken.toml:11:6", "rule id `a.one` is already used in line 2"),
        ("broken.toml:12:12", "`UR9` is no value of `category`"),
        ("broken.toml:14:22", "`similar-to-earlier` lies between"),
        ("broken.toml:16:3", "ends with the user turn"),
        ("broken.toml:18:21", "`span` must be a string"),
        ("broken.toml:20:1", "nothing to match"),
    ] {
        let found = ended
            .stdout
            .lines()
            .zip(ended.stdout.lines().skip(1))
            .any(|(what, place_line)| what.contains(message) && place_line.trim_end().ends_with(place));
        assert!(found, "no `{message}` at {place} in\n{}", ended.stdout);
    }
    assert!(
        ended.stdout.contains("did you mean `category`?")
            && ended.stdout.contains("did you mean `escalate`?")
    );
    assert!(ended.stdout.contains(r"7 | regex = ['''^no[,. +i (said|meant)''']"), "{}", ended.stdout);
    let json = rejoinder(&["rules", "check", &file, "--json"]).expect(3).json();
    assert_eq!(
        json["errors"].as_u64().unwrap() as usize,
        json["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "error").count()
    );
}

#[test]
fn a_syntax_error_does_not_hide_the_rest() {
    let dir = folder();
    let file = write(
        dir.path(),
        "s.toml",
        "format = 1\nlang = [en]\n[[rule]]\nid = \"x\"\nroute = \"nope\"\nany = [\"a\"]\n",
    );
    let ended = rejoinder(&["rules", "check", &file]).expect(3);
    assert!(ended.stdout.contains("error[R001]") && ended.stdout.contains("s.toml:2:"), "{}", ended.stdout);
    assert!(ended.stdout.contains("`nope` is no value of `route`"), "{}", ended.stdout);
}

#[test]
fn slow_and_untested_rules_are_warned_about_and_pass() {
    let dir = folder();
    let file = write(
        dir.path(),
        "w.toml",
        "format = 1\n[[rule]]\nid = \"w.slow\"\ncategory = \"UR3\"\nroute = \"escalate\"\nregex = ['''^\\w+$''']\n",
    );
    let ended = rejoinder(&["rules", "check", &file]).expect(0);
    assert!(
        ended.stdout.contains("warning[W101]") && ended.stdout.contains("warning[W102]"),
        "{}",
        ended.stdout
    );
}

#[test]
fn the_example_of_the_rule_format_works() {
    let dir = folder();
    let file = write(
        dir.path(),
        "example.toml",
        r#"format = 1
lang = ["en"]

[[rule]]
id = "en.correction.not_what_i_asked"
category = "UR2"
route = "escalate"
any = ["not what i asked", "i asked for", "i wanted"]
regex = ['''(?i)^no[,. ]+i (said|meant|wanted)\b''']
unless = ['''(?i)\bi was wrong\b''']
at = "start"
max-words = 40
similar-to-earlier = 0.0
previous-assistant = { ends-with-question = false }
weight = 1.5

  [[rule.test]]
  dialogue = ["U: sort this list", "A: here is the Java code", "U: No, I wanted Python"]
  expect = { route = "escalate", category = "UR2", span = "No, I wanted Python" }
  [[rule.test]]
  dialogue = ["U: hi", "A: Do you want more?", "U: No"]
  expect = { hits = [] }
"#,
    );
    rejoinder(&["rules", "check", &file]).expect(0);
    let ended = rejoinder(&["rules", "test", &file]).expect(0);
    assert!(ended.stdout.contains("2 passed; 0 failed; 0 todo"), "{}", ended.stdout);
}

#[test]
fn a_failing_test_shows_what_came_out_instead() {
    let dir = folder();
    let rule = |expect: &str| {
        format!(
            "format = 1\n[[rule]]\nid = \"t.thanks\"\ncategory = \"UR5\"\nroute = \"accept\"\nany = [\"thanks\"]\n\
             [[rule.test]]\ndialogue = [\"U: a\", \"A: b\", \"U: Ok. Thanks a lot! Bye\"]\n{expect}\n"
        )
    };
    let test = |expect: &str| rejoinder(&["rules", "test", &write(dir.path(), "t.toml", rule(expect))]);
    test("expect = { span = \"Thanks a lot!\", category = \"UR5\", hits = [\"t.thanks\"] }").expect(0);
    let ended = test("expect = { span = \"thanks\", category = \"UR1\" }").expect(3);
    assert!(ended.stdout.contains("test t.thanks") && ended.stdout.contains("t.toml:7"), "{}", ended.stdout);
    assert!(ended.stdout.contains("category: expected `UR1`, got `UR5`"), "{}", ended.stdout);
    assert!(ended.stdout.contains("span: expected `thanks`, got `Thanks a lot!`"), "{}", ended.stdout);
    let ended = test("expect = { route = \"none\" }\ntodo = \"too eager\"").expect(0);
    assert!(ended.stdout.contains("... todo\n    too eager"), "{}", ended.stdout);
    let ended = test("expect = { route = \"accept\" }\ntodo = \"mended since\"").expect(0);
    assert!(ended.stdout.contains("remove `todo`"), "{}", ended.stdout);
}

#[test]
fn the_shipped_packs_are_sound() {
    let check = rejoinder(&["rules", "check", "--json"]).expect(0).json();
    assert_eq!((check["errors"].as_u64(), check["warnings"].as_u64()), (Some(0), Some(0)));
    let ended = rejoinder(&["rules", "test"]);
    let summary = ended.stdout.lines().last().unwrap_or_default().to_owned();
    assert_eq!(ended.code, 0, "{summary}");
    assert!(summary.contains("test result: ok. 13") && summary.contains(" 0 failed;"), "{summary}");
}

#[test]
fn an_unknown_pack_or_file_is_named() {
    assert!(rejoinder(&["rules", "check", "enn"]).expect(2).stderr.contains("did you mean `en`?"));
    assert!(rejoinder(&["rules", "check", "./not-there.toml"]).expect(8).stderr.contains("not-there.toml"));
}

#[test]
fn warnings_can_be_allowed_and_unknown_ones_are_refused() {
    let dir = folder();
    let rule = |allow: &str| {
        format!(
            "format = 1\n[[rule]]\nid = \"w.slow\"\ncategory = \"UR3\"\nroute = \"escalate\"\nregex = ['''^\\w+$''']\nallow = {allow}\n"
        )
    };
    let file = write(dir.path(), "allowed.toml", rule(r#"["W101", "W102"]"#));
    let ended = rejoinder(&["rules", "check", &file]).expect(0);
    assert!(ended.stdout.contains("0 errors, 0 warnings"), "{}", ended.stdout);
    let file = write(dir.path(), "unknown.toml", rule(r#"["W999"]"#));
    let ended = rejoinder(&["rules", "check", &file]).expect(3);
    assert!(ended.stdout.contains("`W999` is no value of `allow`"), "{}", ended.stdout);
}

#[test]
fn useless_phrases_and_tests_are_named_where_they_stand() {
    let dir = folder();
    let file = write(
        dir.path(),
        "u.toml",
        r#"format = 1
[[rule]]
id = "u.wide"
category = "UR3"
route = "escalate"
any = ["is wrong", "that is wrong"]
  [[rule.test]]
  dialogue = ["U: a", "A: b", "U: is wrong"]
  expect = { route = "escalate" }
  [[rule.test]]
  dialogue = ["U: a", "A: b", "U: is it wrong"]
  expect = { route = "none" }

[[rule]]
id = "u.narrow"
category = "UR3"
route = "escalate"
any = ["this is wrong"]
regex = ['''\bno \w+\W*$''']
max-words = 20
  [[rule.test]]
  dialogue = ["U: a", "A: b", "U: hm, no working code"]
  expect = { route = "escalate" }
  [[rule.test]]
  dialogue = ["U: a", "A: b", "U: no"]
  expect = { route = "none" }
"#,
    );
    let ended = rejoinder(&["rules", "check", &file]).expect(0);
    for (code, place) in
        [("W104", "u.toml:6:20"), ("W105", "u.toml:7:3"), ("W104", "u.toml:18:8"), ("W106", "u.toml:19:10")]
    {
        let found = ended.stdout.lines().zip(ended.stdout.lines().skip(1)).any(|(what, at)| {
            what.starts_with(&format!("warning[{code}]")) && at.trim_end().ends_with(place)
        });
        assert!(found, "no {code} at {place} in\n{}", ended.stdout);
    }
    assert!(ended.stdout.contains("0 errors, 4 warnings"), "{}", ended.stdout);
}

#[test]
fn a_phrase_of_megabytes_is_refused_in_few_words_at_its_place() {
    let dir = folder();
    let phrase = "never in this life ".repeat(300_000);
    let rule = format!(
        "[[rule]]\nid = \"a\"\ncategory = \"UR3\"\nroute = \"escalate\"\nany = [\"no\", {phrase:?}]\n"
    );
    let file = write(dir.path(), "big.toml", format!("format = 1\n{rule}"));
    let ended = rejoinder(&["rules", "check", &file]).expect(3);
    assert!(
        ended.stdout.contains("a phrase has at most 1000 characters, this one has 5700000"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("big.toml:6:14"), "{}", ended.stdout);
    assert!(ended.stdout.contains("any = [\"no\", \"never in this life never"), "{}", ended.stdout);
    assert!(ended.stdout.len() < 5_000, "{} bytes", ended.stdout.len());
}

const CONDITIONS: &str = r#"format = 1
version = "7"
extends = ["./base.toml"]
disable = ["base.off"]

[[rule]]
id = "c.first_short"
category = "UR4"
route = "escalate"
min-words = 2
max-words = 4
turn = { first = true }
previous-assistant = { has-code = true, ends-with-question = false }

[[rule]]
id = "c.last"
route = "score"
turn = { last = true }

[[rule]]
id = "c.about_the_answer"
category = "UR4"
route = "escalate"
regex = ['''^what\b.*\?''']
words-in-answer = 0.5

[[rule]]
id = "c.again"
category = "UR1"
route = "escalate"
similar-to-earlier = 0.6
template = false

[[rule]]
id = "c.wrong_language"
category = "UR2"
route = "escalate"
language = ["es"]
previous-assistant = { other-language = true }
"#;

/// Ids of the rules that hit the last later turn of a dialogue.
fn hits(dir: &std::path::Path, rules: &str, dialogue: &str) -> Vec<String> {
    let config = write(dir, "hits.toml", format!("format = 1\nplugin = []\n[rules]\npacks = [{rules:?}]\n"));
    let file = write(dir, "dialogue.txt", dialogue);
    let json = rejoinder(&["explain", &file, "--config", &config, "--json"]).expect(0).json();
    let rules = json["rules"].as_array().unwrap().iter();
    rules.filter(|r| r["hit"] == true).map(|r| r["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn conditions_look_at_the_dialogue() {
    let dir = folder();
    write(
        dir.path(),
        "base.toml",
        "format = 1\n[[rule]]\nid = \"base.off\"\nroute = \"score\"\nmax-words = 99\n\
         [[rule]]\nid = \"base.on\"\nroute = \"reject\"\nany = [\"thanks in advance\"]\n",
    );
    let rules = write(dir.path(), "c.toml", CONDITIONS);
    rejoinder(&["rules", "check", &rules]).expect(0);
    let hits = |dialogue: &str| hits(dir.path(), &rules, dialogue);
    let code = "A: Here:\n```\nx = 1\n```\n";
    assert_eq!(hits(&format!("U: assign one\n{code}U: and two?")), ["c.first_short", "c.last"]);
    assert_eq!(hits(&format!("U: assign one\n{code}U: two\n")), ["c.last"], "too few words");
    assert_eq!(hits("U: assign one\nA: x = 1\nU: and two?"), ["c.last"], "no code");
    assert_eq!(
        hits("U: tell me of owls\nA: Owls rotate their heads by 270 degrees.\nU: What are 270 degrees?"),
        ["c.last", "c.about_the_answer"]
    );
    assert_eq!(hits("U: tell me of owls\nA: Owls rotate their heads.\nU: What is a lynx?"), ["c.last"]);
    let again = "U: list the rivers of France\nA: Seine.\nU: ";
    assert_eq!(hits(&format!("{again}list the rivers of France please")), ["c.last", "c.again"]);
    assert_eq!(hits(&format!("{again}list the rivers of Spain")), ["c.last"], "a template with other data");
    assert_eq!(
        hits(
            "U: explícame qué es una mónada, por favor\nA: A monad is a monoid in the category of endofunctors.\nU: no entiendo nada de esto"
        ),
        ["c.last", "c.wrong_language"]
    );
    assert_eq!(hits("U: a\nA: b\nU: thanks in advance"), ["base.on", "c.last"], "extended");
}

#[test]
fn explain_shows_each_condition_with_what_was_found() {
    let dir = folder();
    let rules = write(
        dir.path(),
        "e.toml",
        r#"format = 1
[[rule]]
id = "e.no"
category = "UR2"
route = "accept"
any = ["no"]
at = "start"
max-words = 3
unless = ['''\bproblem\b''']
"#,
    );
    let config = write(
        dir.path(),
        "c.toml",
        format!("format = 1\nplugin = []\n[rules]\npacks = [{rules:?}]\n[cascade]\nscore = false\n"),
    );
    let explain = |dialogue: &str| {
        let file = write(dir.path(), "d.txt", dialogue);
        rejoinder(&["explain", &file, "--config", &config, "--all"]).expect(0).stdout
    };
    let hit = explain("U: a list\nA: Java.\nU: No, Python");
    for expected in [
        "HIT  e.no accept UR2",
        "PASS any, regex",
        "found `no`",
        "PASS max-words = 3",
        "2 words",
        "accepted as UR2 Make Aware with Correction: accept of exactly one category and no reject — rule e.no (",
    ] {
        assert!(hit.contains(expected), "no `{expected}` in\n{hit}");
    }
    let misplaced = explain("U: a list\nA: Java.\nU: oh no");
    assert!(misplaced.contains("not where at = \"start\" wants it"), "{misplaced}");
    let failed = explain("U: a list\nA: Java.\nU: No, that is no problem");
    assert!(failed.contains("FAIL max-words = 3") && failed.contains("matches `problem`"), "{failed}");
    assert!(failed.contains("rejected: no rule marked it"), "{failed}");
    let hostile = explain("U: a\nA: b\nU: No \u{1b}[2J problem");
    assert!(!hostile.contains('\u{1b}'), "{hostile:?}");
    let not_later = write(dir.path(), "n.txt", "U: no\n");
    assert!(rejoinder(&["explain", &not_later]).expect(2).stderr.contains("no later turn"));
    let file = write(dir.path(), "d.txt", "U: a\nA: b\nU: no\n");
    assert!(rejoinder(&["explain", &file, "--rule", "no.such"]).expect(2).stderr.contains("no.such"));
}

#[test]
fn explain_leads_from_a_record_back_to_its_rules() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--out", &run]).expect(0);
    for row in rows(&dir.path().join("run/parts/part-00000.jsonl")) {
        let ended = rejoinder(&["explain", &run, row["id"].as_str().unwrap()]).expect(0);
        for rule in row["rules"].as_array().unwrap() {
            let hit = format!("HIT  {} ", rule.as_str().unwrap());
            assert!(ended.stdout.contains(&hit), "no `{hit}` in\n{}", ended.stdout);
        }
        assert!(ended.stdout.starts_with("accepted as UR"), "the decision comes first\n{}", ended.stdout);
    }
    assert!(rejoinder(&["explain", &run, "0:99999:2"]).expect(2).stderr.contains("no record 0:99999:2"));
    assert!(rejoinder(&["explain", &run]).expect(2).stderr.contains("name the turn by its id"));
}

#[test]
fn stats_count_what_each_rule_does_and_name_those_without_effect() {
    let dir = folder();
    let rule = |id: &str, route: &str, phrase: &str| {
        format!("[[rule]]\nid = \"{id}\"\ncategory = \"UR5\"\nroute = \"{route}\"\nany = [\"{phrase}\"]\n")
    };
    let rules = [
        "format = 1\n".to_owned(),
        rule("s.thanks", "accept", "thanks"),
        rule("s.again", "accept", "thanks a lot"),
        rule("s.never", "escalate", "never in this corpus"),
    ];
    let rules = write(dir.path(), "s.toml", rules.concat());
    let record = |turn: &str, labels: &str| {
        format!(
            r#"{{"conversation":[{{"role":"user","content":"a"}},{{"role":"assistant","content":"b"}},{{"role":"user","content":"{turn}"}}],"labels":{labels}}}"#
        ) + "\n"
    };
    let praise = r#"[{"turn":2,"category":"UR5"}]"#;
    let corpus = write(
        dir.path(),
        "corpus.jsonl",
        [record("Thanks a lot!", praise), record("thanks", "[]"), record("and now?", "[]")].concat(),
    );
    let json =
        rejoinder(&["rules", "stats", &corpus, "--rules", &rules, "--labels", "--json"]).expect(0).json();
    assert_eq!(json["turns"], 3);
    let figures: Vec<Vec<u64>> = json["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| ["hits", "alone", "effect", "accepted"].iter().map(|k| r[k].as_u64().unwrap()).collect())
        .collect();
    assert_eq!(figures, [[2, 1, 1, 2], [1, 0, 0, 1], [0, 0, 0, 0]]);
    assert_eq!(json["rules"][0]["precision"]["value"], 0.5);
    let table = rejoinder(&["rules", "stats", &corpus, "--rules", &rules]).expect(0).stdout;
    assert!(table.contains("2 rules have no effect here") && table.contains("\n  s.never"), "{table}");
    let eval = rejoinder(&["eval", &corpus, "--labels", "--by-rule", "--json"]).expect(0).json();
    assert!(eval["rules"].as_array().unwrap().iter().any(|r| r["hits"].as_u64() > Some(0)));
    let unlabelled = write(dir.path(), "u.jsonl", record("thanks", "7"));
    rejoinder(&["rules", "stats", &unlabelled, "--labels"]).expect(2);
}

#[test]
fn a_rule_whose_turn_a_plugin_rejects_has_no_effect() {
    let dir = folder();
    let rule = "format = 1\n[[rule]]\nid = \"s.wrong\"\ncategory = \"UR3\"\nroute = \"escalate\"\nany = [\"wrong\"]\n";
    let rules = write(dir.path(), "s.toml", rule);
    let messages = serde_json::json!([
        { "role": "user", "content": "capital of Peru?" },
        { "role": "assistant", "content": "Lima." },
        { "role": "user", "content": "Which statement about bees is wrong?\nA. They dance.\nB. They sting.\nC. They read." },
    ]);
    let corpus = serde_json::json!({ "id": "a", "messages": messages }).to_string();
    let corpus = write(dir.path(), "corpus.jsonl", corpus);
    let json = rejoinder(&["rules", "stats", &corpus, "--rules", &rules, "--json"]).expect(0).json();
    let rule = &json["rules"][0];
    let figures = ["hits", "alone", "rejected", "effect"].map(|key| rule[key].as_u64().unwrap());
    assert_eq!(figures, [1, 1, 1, 0], "with the rule or without, the turn is rejected");
}

#[test]
fn list_shows_every_rule_with_its_line() {
    let ended = rejoinder(&["rules", "list", "en"]).expect(0);
    assert!(ended.stdout.starts_with("rules/en.toml: "), "{}", ended.stdout);
    let json = rejoinder(&["rules", "list", "--json"]).expect(0).json();
    let rules = json["rules"].as_array().unwrap();
    let source = std::fs::read_to_string("rules/en.toml").unwrap();
    let lines: Vec<&str> = source.lines().collect();
    for rule in rules.iter().filter(|r| r["file"] == "rules/en.toml") {
        assert_eq!(lines[rule["line"].as_u64().unwrap() as usize - 1], "[[rule]]");
    }
}

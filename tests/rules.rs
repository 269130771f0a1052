//! `rejoinder rules check` and `rules test` as a rule author sees them.

mod support;
use support::{folder, rejoinder, write};

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
fn the_shipped_pack_is_sound() {
    rejoinder(&["rules", "check"]).expect(0);
    let json = rejoinder(&["rules", "test", "--json"]).expect(0).json();
    assert!(json["passed"].as_u64().unwrap() >= 150, "{}", json["passed"]);
    assert_eq!((json["failed"].as_u64(), json["todo"].as_u64()), (Some(0), Some(0)));
}

#[test]
fn an_unknown_pack_or_file_is_named() {
    assert!(rejoinder(&["rules", "check", "enn"]).expect(2).stderr.contains("did you mean `en`?"));
    assert!(rejoinder(&["rules", "check", "./not-there.toml"]).expect(8).stderr.contains("not-there.toml"));
}

//! `plugin check` on plugins in C that keep all rules but one.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;
use std::process::Command;

use crate::support::{folder, rejoinder, text, write};

/// Compiles the plugin that breaks the rule behind macros, `NAME` or `NAME=VALUE`, with blanks between them.
fn plugin(dir: &Path, breaks: &str) -> String {
    let library = dir.join(format!("{}.so", breaks.to_lowercase()));
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared", "-Iplugins/abi/include"])
        .arg(if breaks.ends_with("probs") { "-DWIDTH=6" } else { "-DWIDTH=1" })
        .args(breaks.split(' ').map(|breaks| format!("-D{breaks}")))
        .args([Path::new("tests/data/conformance.c"), Path::new("-o"), &library])
        .output()
        .expect("this test needs a C compiler");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    text(&library)
}

/// The failed checks of a library, with their messages.
fn failed(library: &str, more: &[&str]) -> Vec<(String, String)> {
    let ended = rejoinder(&[&["plugin", "check", library, "--json"], more].concat());
    let report = ended.json();
    let failed: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| {
            Some((line["name"].as_str()?.to_owned(), line["outcome"]["failed"].as_str()?.to_owned()))
        })
        .collect();
    assert_eq!(report["failed"], failed.len());
    assert_eq!(ended.code, if failed.is_empty() { 0 } else { 3 });
    failed
}

#[test]
fn a_plugin_that_keeps_the_rules_passes_and_the_book_explains_each_check() {
    let dir = folder();
    let library = plugin(dir.path(), "NOTHING");
    assert_eq!(failed(&library, &[]), []);
    let book = std::fs::read_to_string("plugins/README.md").unwrap();
    let report = rejoinder(&["plugin", "check", &library, "--json"]).expect(0).json();
    for line in report["checks"].as_array().unwrap() {
        let name = line["name"].as_str().unwrap();
        let row = if name.starts_with("over-read-") { "over-read-…" } else { name };
        assert!(book.contains(&format!("`{row}`")), "plugins/README.md says nothing of {name}");
    }
}

/// Each of these breaks one rule, and fails the one check that is about it, with a message that says so.
fn each_fails_its_check_and_no_other(plugins: &[(&str, &str, &str)]) {
    let dir = folder();
    for (breaks, check, message) in plugins {
        let found = failed(&plugin(dir.path(), breaks), &["--timeout", "15"]);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [*check], "{breaks}: {found:?}");
        assert!(found[0].1.contains(message), "{breaks}: {found:?}");
    }
}

#[test]
fn reading_beyond_a_column() {
    const GUARD: &str = "SIGSEGV); the next byte lies on a page that nobody may touch";
    each_fails_its_check_and_no_other(&[
        ("OVER_READ_TEXT", "over-read-text", GUARD),
        ("OVER_READ_TEXT_OFF", "over-read-text_off", GUARD),
        ("OVER_READ_ROLE", "over-read-role", GUARD),
        ("OVER_READ_TIME", "over-read-time", GUARD),
        ("OVER_READ_LANGUAGE", "over-read-language", GUARD),
        ("OVER_READ_COLUMN_OFF", "over-read-column_off", GUARD),
        ("OVER_READ_COLUMNS", "over-read-columns", GUARD),
        ("OVER_READ_COLUMN_TEXT", "over-read-column_text", GUARD),
        ("OVER_READ_CONVERSATION", "over-read-conversation", GUARD),
        ("OVER_READ_FIRST", "over-read-first", GUARD),
        ("OVER_READ_TARGET", "over-read-target", GUARD),
        ("OVER_READ_ANSWER", "over-read-answer", GUARD),
        ("OVER_READ_ANSWER_END", "over-read-answer_end", GUARD),
        ("OVER_READ_ID", "over-read-id", GUARD),
        ("OVER_READ_PRIOR", "over-read-prior", GUARD),
        ("OVER_READ_HIT_OFF", "over-read-hit_off", GUARD),
        ("OVER_READ_HITS", "over-read-hits", GUARD),
        ("OVER_READ_EARLIER_VERDICT", "over-read-earlier_verdict", GUARD),
        ("OVER_READ_EARLIER_CATEGORY", "over-read-earlier_category", GUARD),
        ("OVER_READ_EARLIER_SCORE", "over-read-earlier_score", GUARD),
        ("IN_FACTS OVER_READ_TIME", "over-read-time", GUARD),
        ("IN_FACTS OVER_READ_COLUMN_TEXT", "over-read-column_text", GUARD),
        ("IN_FACTS OVER_READ_HIT_OFF", "over-read-hit_off", GUARD),
    ]);
}

#[test]
fn writing_where_nothing_is_the_plugins() {
    let dir = folder();
    // Elsewhere in the kit such a byte may hit anything.
    let canaries = ["--only", "canaries"];
    for column in ["verdict", "category", "reason", "score", "probs"] {
        for (way, message) in [("BEYOND", "beyond the end of"), ("BEFORE", "before")] {
            let found = failed(&plugin(dir.path(), &format!("WRITE_{way}={column}")), &canaries);
            assert!(found[0].1.contains(message), "{found:?}");
            assert!(found[0].1.contains(&format!("the column `{column}`")), "{found:?}");
        }
    }
    let found = failed(&plugin(dir.path(), "FACT_WRITE_BEYOND"), &canaries);
    assert!(found[0].1.contains("beyond the end of the column `facts`"), "{found:?}");
    const LENT: &str = "it wrote to what is only lent to it: those bytes lie on a page that may only be read";
    each_fails_its_check_and_no_other(&[
        ("WRITE_INPUT=text", "inputs", LENT),
        ("WRITE_INPUT=role", "inputs", "asked about a batch whose `role` may only be read"),
        ("WRITE_INPUT=time", "inputs", "asked about a batch whose `time` may only be read"),
        ("WRITE_INPUT=column_text", "inputs", "asked about a batch whose `column_text` may only be read"),
        ("WRITE_INPUT=answer", "inputs", "asked about a batch whose `answer` may only be read"),
        ("WRITE_INPUT=earlier_score", "inputs", "asked about a batch whose `earlier_score` may only be read"),
        ("IN_FACTS WRITE_INPUT=prior", "inputs", "asked about a batch whose `prior` may only be read"),
        ("WRITE_BATCH", "inputs", "asked about a batch that may only be read"),
    ]);
    each_fails_its_check_and_no_other(&[("LONG_MESSAGE", "error-slot", "beyond the 5 bytes")]);
}

#[test]
fn states_and_their_configuration() {
    each_fails_its_check_and_no_other(&[
        ("NEVER", "starts", "not today"),
        ("ONE_STATE", "two-states", "on the other the call failed: I am dead"),
        ("MUTE", "bad-config", "says nothing readable"),
        ("LOOSE", "bad-config", "it takes keys that it does not know"),
        ("LOOSE_KEY", "bad-config", "it takes anything for the key `k`"),
        ("LEAK=2000", "growth", "about 2"),
        ("LEAK=100", "growth", "bytes a state"),
        ("LEAK=1", "growth", "bytes a state"),
        ("LEAK_CALL=1", "growth", "bytes a call"),
        ("OPEN", "bad-config", "it takes keys that it does not know"),
        ("NESTED", "bad-config", "it takes keys that it does not know inside of `k`"),
        ("IGNORES", "bad-config", "it does not look at its configuration"),
        (
            "OTHER_DEFAULT",
            "schema",
            "it answers otherwise where its schema's defaults are spelt out, {\"o\":{\"k\":1}}, than where",
        ),
        ("BAD_SCHEMA", "schema", "is no JSON Schema"),
        (
            "BAD_DEFAULT",
            "schema",
            "with its schema's defaults, {\"k\":1}, it does not start: there is nothing",
        ),
        ("NO_LATER_HOST", "later-host", "I want no later version than my own"),
        ("EXACT_BATCH", "later-host", "I want exactly my own structs"),
    ]);
}

#[test]
fn answers_that_cannot_be_relied_on() {
    each_fails_its_check_and_no_other(&[
        ("EMPTY", "empty-batch", "I want work"),
        ("CRASH", "empty-batch", "it crashed: signal: 11"),
        ("LEAVE", "empty-batch", "it ended the process that it is a guest in (exit status: 0)"),
        ("NOT_SHARED", "threads", "somebody else is here"),
        ("RANDOM", "repeats", "gets another answer asked again"),
        ("NEIGHBOURS", "permutes", "in a batch the other way round"),
        ("MESSAGES_OF_OTHERS", "permutes", "in a batch that holds messages of others, too"),
        ("NOTE_ELSEWHERE", "notes", "notes something on candidate"),
        ("SMALL", "huge-turn", "that is too much for me"),
        ("NO_REASON", "answers", "it gave reason 2 and has 1"),
        ("NO_SCORE", "answers", "it gave the score 1.5, which is not in [0, 1]"),
        ("NO_CATEGORY", "answers", "it accepted the category 0, which is not 1 to 5"),
        ("NO_VOTER", "answers", "it gave a verdict, and its `flags` have no RJN_GIVES_VOTES"),
        (
            "FACT_RANGE",
            "facts",
            "it gave the fact `bytes` the value -1, which is not a number from 0 to 1000000000",
        ),
        (
            "FACT_WORD",
            "facts",
            "it gave the fact `length` the value 0.5, which is not the index of one of 2 words",
        ),
        ("FACT_RANDOM", "repeats", "has other facts asked again"),
        ("FACT_NEIGHBOURS", "permutes", "has other facts in a batch the other way round"),
        ("FACT_FAILS", "huge-turn", "the call for facts failed: I have no facts of that"),
    ]);
}

#[test]
fn what_a_plugin_says_steers_no_terminal() {
    let dir = folder();
    let (rude, never) = (plugin(dir.path(), "RUDE"), plugin(dir.path(), "NEVER"));
    for args in [
        &["plugin", "inspect", &rude][..],
        &["plugin", "inspect", &rude, "--json"],
        &["plugin", "check", &never],
        &["plugin", "check", &never, "--json"],
    ] {
        let shown = rejoinder(args).stdout;
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202E}';
        assert!(shown.len() > 100 && !shown.contains(steers), "{args:?}\n{shown:?}");
    }
}

#[test]
fn a_plugin_that_hangs_fails_one_check_and_what_it_says_forges_no_line() {
    let dir = folder();
    let hangs = plugin(dir.path(), "HANG");
    let found = failed(&hangs, &["--timeout", "1", "--only", "empty-batch", "--only", "notes"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("did not come to an end within 1s"), "{found:?}");
    let shown = rejoinder(&["plugin", "check", &plugin(dir.path(), "NEVER")]).expect(3).stdout;
    let ok = shown.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(ok == 1 && shown.contains("not today\n        ok "), "{shown}");
}

#[test]
fn what_ships_passes() {
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    for (name, cases) in
        [("rephrase", None), ("context", Some("plugins/rejoinder-plugin-context/tests/cases.toml"))]
    {
        let library = text(&deps.join(format!("{DLL_PREFIX}rejoinder_plugin_{name}{DLL_SUFFIX}")));
        let cases = cases.map_or(vec![], |cases| vec!["--cases", cases]);
        assert_eq!(failed(&library, &cases), [], "{name}");
    }
}

#[test]
fn cases_are_checked_and_what_is_no_plugin_is_said_to_be_none() {
    let dir = folder();
    let library = plugin(dir.path(), "NOTHING");
    let case = |verdict: &str| {
        format!(
            "[[case]]\ndialogue = [\"U: a\", \"A: b\", \"U: hm\"]\nexpect = {{ verdict = \"{verdict}\" }}\n"
        )
    };
    let good = write(dir.path(), "good.toml", case("abstain"));
    assert_eq!(failed(&library, &["--cases", &good]), []);
    // An answer that is not allowed fails the check that is about that, and no other.
    let found = failed(&plugin(dir.path(), "NO_SCORE"), &["--cases", &good]);
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["answers"]);
    let bad = write(dir.path(), "bad.toml", case("reject"));
    let found = failed(&library, &["--cases", &bad]);
    assert_eq!(found[0].0, "cases");
    assert!(found[0].1.contains("case 1 (U: hm): it said abstain"), "{found:?}");
    let broken = write(dir.path(), "broken.toml", "[[caes]]\n");
    let ended = rejoinder(&["plugin", "check", &library, "--cases", &broken]).expect(2);
    assert!(ended.stderr.contains("broken.toml") && ended.stderr.contains("caes"), "{}", ended.stderr);

    let found = failed(&good, &[]);
    assert_eq!(found[0].0, "loads");
    assert!(found[0].1.contains("it is no library of any known system"), "{found:?}");
    rejoinder(&["plugin", "check", "no/such.so"]).expect(2);
    rejoinder(&["plugin", "check", &library, "--plugin-config", "7"]).expect(2);
    let text = rejoinder(&["plugin", "check", &library]).expect(0).stdout;
    assert!(
        text.contains("ok      it takes a batch of nothing\n") && text.contains(" passed, 0 failed, "),
        "{text}"
    );
}

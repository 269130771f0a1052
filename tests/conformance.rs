//! `plugin check` on plugins in C that keep all rules but one.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

mod support;
use support::{folder, rejoinder, text, write};

/// Compiles the plugin that breaks the rule behind a macro.
fn plugin(dir: &Path, breaks: &str) -> String {
    let library = dir.join(format!("{}.so", breaks.to_lowercase()));
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared", "-Iplugins/abi/include"])
        .arg(format!("-D{breaks}"))
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
fn a_plugin_that_keeps_the_rules_passes() {
    let dir = folder();
    assert_eq!(failed(&plugin(dir.path(), "NOTHING"), &[]), []);
}

#[test]
fn each_broken_rule_fails_the_check_that_is_about_it_and_no_other() {
    let dir = folder();
    for (breaks, check, message) in [
        ("OVER_READ_TEXT", "over-read-text", "SIGSEGV"),
        ("OVER_READ_TEXT_OFF", "over-read-text_off", "SIGSEGV"),
        ("OVER_READ_ROLE", "over-read-role", "SIGSEGV"),
        ("OVER_READ_FIRST", "over-read-first", "SIGSEGV"),
        ("OVER_READ_TARGET", "over-read-target", "SIGSEGV"),
        ("OVER_READ_ID", "over-read-id", "SIGSEGV"),
        ("OVER_READ_PRIOR", "over-read-prior", "SIGSEGV"),
        ("OVER_READ_HIT_OFF", "over-read-hit_off", "SIGSEGV"),
        ("OVER_READ_HITS", "over-read-hits", "SIGSEGV"),
        ("OVER_READ_EARLIER", "over-read-earlier", "SIGSEGV"),
        ("LONG_MESSAGE", "error-slot", "beyond the 5 bytes"),
        ("EXACT_HOST", "later-host", "I want exactly my own version"),
        ("EXACT_BATCH", "later-host", "I want exactly my own structs"),
        ("EMPTY", "empty-batch", "I want work"),
        ("NOT_SHARED", "threads", "somebody else is here"),
        ("MUTE", "bad-config", "says nothing readable"),
        ("LEAK", "growth", "KiB behind"),
        ("RANDOM", "repeats", "gets another answer asked again"),
        ("NEIGHBOURS", "permutes", "in a batch the other way round"),
        ("NOTE_ELSEWHERE", "notes", "notes something on candidate"),
        ("SMALL", "huge-turn", "that is too much for me"),
        ("BAD_SCHEMA", "schema", "is no JSON Schema"),
        ("WRITE_BEYOND", "canaries", "1 bytes beyond the end of the column `category`"),
    ] {
        let library = plugin(dir.path(), breaks);
        // What touches what it must not, or answers at random, may fail anywhere.
        let may_show_elsewhere =
            breaks.starts_with("OVER_READ") || matches!(breaks, "WRITE_BEYOND" | "RANDOM");
        let only: &[&str] = if may_show_elsewhere { &["--only", check] } else { &[] };
        let found = failed(&library, only);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [check], "{breaks}: {found:?}");
        assert!(found[0].1.contains(message), "{breaks}: {found:?}");
    }
    let reason = failed(&plugin(dir.path(), "NO_REASON"), &["--only", "scripts"]);
    assert!(reason[0].1.contains("it gave reason 2 and has 1"), "{reason:?}");
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

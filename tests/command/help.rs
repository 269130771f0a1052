//! The help of each verb: it begins with command lines that work, and offers what the verb uses.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::export::agreed;
use crate::first_minute::{typed, within};
use crate::reproduce;
use crate::review::Served;
use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, Ended, folder, rejoinder, write};

/// The help of a verb.
fn help(verb: &[&str], flag: &str) -> String {
    rejoinder(&[verb, &[flag]].concat()).expect(0).stdout
}

/// The verbs that a help lists: the indented lines after lines that end with a colon, but for options and examples.
fn listed(help: &str) -> Vec<String> {
    let mut verbs = Vec::new();
    let mut is_list = false;
    for line in help.lines() {
        match line.strip_prefix("  ") {
            None => is_list = line.ends_with(':') && !matches!(line, "Examples:" | "Options:" | "Arguments:"),
            Some(entry) if is_list && entry.starts_with(|c: char| c.is_ascii_lowercase()) => {
                verbs.extend(entry.split_whitespace().next().map(str::to_owned));
            }
            Some(_) => {}
        }
    }
    verbs.retain(|verb| verb != "help");
    verbs
}

/// All verbs with their helps, those under other verbs as `rules check`.
fn verbs() -> BTreeMap<String, String> {
    let mut helps = BTreeMap::new();
    let top = help(&[], "--help");
    for verb in listed(&top) {
        let page = help(&[&verb], "--help");
        if page.contains("\nCommands:\n") {
            let of_list = page.split("\nCommands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
            for below in listed(&format!("Commands:\n{of_list}")) {
                helps.insert(format!("{verb} {below}"), help(&[&verb, &below], "--help"));
            }
        }
        helps.insert(verb, page);
    }
    assert!(helps.len() > 30, "{:?}", helps.keys());
    helps
}

/// The examples of a help.
fn examples(page: &str) -> Vec<&str> {
    let rest =
        page.strip_prefix("Examples:\n").unwrap_or_else(|| panic!("a help begins with examples: {page}"));
    rest.lines().take_while(|line| !line.is_empty()).map(str::trim).collect()
}

/// A folder with all that the examples name.
fn prepared(server: &Server) -> tempfile::TempDir {
    let dir = folder();
    let path = dir.path();
    let chats = std::fs::read(DIALOGUES).unwrap();
    std::fs::create_dir(path.join("logs")).unwrap();
    for name in ["logs/a.jsonl", "old.jsonl", "labelled.jsonl"] {
        write(path, name, &chats);
    }
    write(path, "more.csv", "conversation_id,user,assistant\nc1,hi,hello\nc1,thanks a lot,you are welcome\n");
    write(path, "dialogue.txt", "U: Name a river.\nA: The Elbe.\nU: Thanks, that helps.\n");
    write(
        path,
        "judge.toml",
        format!("format = 1\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n", server.base_url()),
    );
    let asked = r#"{"custom_id":"a","body":{"messages":[{"role":"user","content":"Is A or B better?"}]}}"#;
    write(path, "requests.jsonl", asked);
    within(path, &["init", "made"]).expect(0);
    std::fs::create_dir(path.join("rules")).unwrap();
    std::fs::create_dir(path.join("plugins")).unwrap();
    std::fs::copy(path.join("made/my-rules.toml"), path.join("rules/my-rules.toml")).unwrap();
    std::fs::rename(path.join("made/my-rules.toml"), path.join("my-rules.toml")).unwrap();
    std::fs::remove_dir_all(path.join("made")).unwrap();
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/sdk");
    std::os::unix::fs::symlink(sdk, path.join("plugins/sdk")).unwrap();
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-fPIC", "-shared", "-I", "plugins/abi/include", "plugins/examples/thanks-c/thanks.c", "-o"])
        .arg(path.join("librejoinder_plugin_mine.so"))
        .status();
    assert!(compiled.unwrap().success());
    reproduce::copy(path);
    std::fs::copy(path.join("lmsys/dataset_extraction.csv"), path.join("paper.csv")).unwrap();
    within(path, &["run", "logs/", "--offline", "--out", "runs/0001"]).expect(0);
    within(path, &["run", "logs/", "--shard", "1/1", "--out", "night"]).expect(0);
    within(path, &["export", "sft", "runs/0001", "--dataset", "sft"]).expect(0);
    let tasks =
        within(path, &["export", "review", "runs/0001", "--for", "label-studio", "--out", "-"]).expect(0);
    write(path, "reviewed.json", agreed(&tasks.json()).to_string());
    dir
}

/// Runs a command line that serves a page until the page is there.
fn served(dir: &Path, line: &str) -> Ended {
    let line = line.split('#').next().unwrap_or_default();
    let program = Path::new(env!("CARGO_BIN_EXE_rejoinder")).display().to_string();
    let line = line.trim().replacen("rejoinder", &program, 1);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec {line} --no-browser")]).current_dir(dir);
    Served::by(shell).stop()
}

#[test]
fn every_verbs_help_begins_with_examples_that_work() {
    let server = Server::start(by_rule);
    let prepared = prepared(&server);
    let top = help(&[], "--help");
    let pages = verbs();
    for (verb, page) in pages.iter().map(|(verb, page)| (verb.as_str(), page)).chain([("", &top)]) {
        let dir = folder();
        if verb != "init" {
            let from = prepared.path().join(".");
            assert!(
                Command::new("cp").arg("-R").args([from.as_path(), dir.path()]).status().unwrap().success()
            );
        }
        let lines = examples(page);
        assert!((2..=3).contains(&lines.len()), "{verb}: {lines:?}");
        for line in lines {
            assert!(line.contains(&format!("rejoinder {verb}")), "{verb}: {line}");
            let ended = match verb {
                "review" => served(dir.path(), line),
                _ => typed(dir.path(), line),
            };
            assert_eq!(ended.code, 0, "{line}: {}{}", ended.stdout, ended.stderr);
        }
    }
}

#[test]
fn the_short_help_has_a_line_for_each_option() {
    for verb in verbs().keys() {
        let words: Vec<&str> = verb.split(' ').collect();
        let short = help(&words, "-h");
        assert!(!short.contains("Examples:"), "{verb}: {short}");
        let mut is_options = false;
        for line in short.lines().filter(|line| !line.is_empty()) {
            match line.starts_with(' ') {
                false => is_options = line.ends_with(':') && !line.starts_with("Commands"),
                true if is_options => {
                    let entry = line.trim_start();
                    assert!(entry.starts_with(['-', '<', '[']), "{verb} breaks: {line}\n{short}");
                    assert!(line.chars().count() <= 100, "{verb}: {line}");
                }
                true => {}
            }
        }
    }
}

#[test]
fn a_verb_offers_the_flags_that_it_uses() {
    let pages = verbs();
    let offers = |verb: &str, flag: &str| {
        pages[verb].split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == flag)
    };
    for (flag, with, without) in [
        (
            "--calls",
            &["run", "judge", "ask", "resume", "audit", "calibrate", "config show", "reproduce-paper"][..],
            &[
                "inspect",
                "plan",
                "explain",
                "eval",
                "rules stats",
                "plugin list",
                "plugin bench",
                "train",
                "judge test",
            ][..],
        ),
        (
            "--judge-all",
            &["run", "plan", "config show", "reproduce-paper"],
            &[
                "inspect",
                "explain",
                "eval",
                "rules stats",
                "plugin list",
                "plugin bench",
                "train",
                "judge",
                "ask",
                "resume",
            ],
        ),
        (
            "--plugin-dir",
            &["run", "plan", "eval", "explain", "rules stats", "plugin list", "config show"],
            &["inspect", "train", "plugin bench", "rules list", "judge"],
        ),
        (
            "--min-messages",
            &[
                "run",
                "inspect",
                "plan",
                "eval",
                "explain",
                "rules stats",
                "plugin bench",
                "train",
                "config show",
            ],
            &["plugin list", "rules list", "judge", "resume", "audit"],
        ),
        (
            "--no-config",
            &[
                "run",
                "inspect",
                "plan",
                "eval",
                "explain",
                "train",
                "rules list",
                "rules stats",
                "config show",
                "plugin list",
                "plugin bench",
                "rules check",
                "judge",
                "ask",
                "judge test",
                "audit",
                "calibrate",
                "reproduce-paper",
            ],
            &["resume", "show", "init"],
        ),
    ] {
        for verb in with {
            assert!(offers(verb, flag), "{verb} has no {flag}");
        }
        for verb in without {
            assert!(!offers(verb, flag), "{verb} has {flag}");
        }
    }
    // What is offered is taken.
    for (verb, page) in &pages {
        if offers(verb, "--config") && verb != "resume" {
            assert!(offers(verb, "--no-config"), "{verb}");
        }
        let of_all =
            page.split("\nOptions:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        assert!(!of_all.contains("      --"), "{verb}: options stand under headings: {page}");
    }
    assert!(pages["run"].contains("CSV") && help(&["run"], "-h").contains("CSV"));
    let run = &pages["run"];
    let place =
        |heading: &str| run.find(&format!("\n{heading}:\n")).unwrap_or_else(|| panic!("no {heading}: {run}"));
    assert!(
        place("Input") < place("Config")
            && place("Config") < place("Judge")
            && place("Judge") < place("Output")
    );
}

#[test]
fn the_commands_help_groups_the_verbs() {
    for flag in ["-h", "--help"] {
        let page = help(&[], flag);
        let places: Vec<usize> = [
            "Find feedback:",
            "\n  run ",
            "Take it further:",
            "\n  export ",
            "Ask a judge:",
            "\n  judge ",
            "Extend:",
            "Measure:",
        ]
        .iter()
        .map(|part| page.find(part).unwrap_or_else(|| panic!("no {part}: {page}")))
        .collect();
        assert!(places.is_sorted(), "{page}");
        assert!(!page.contains("plugin-host"), "{page}");
        assert_eq!(page.contains("Exit codes"), flag == "--help");
        assert!(
            page.lines().filter(|line| !line.starts_with("Exit")).all(|line| line.chars().count() <= 100),
            "{page}"
        );
    }
    let version = rejoinder(&["--version"]).expect(0).stdout;
    assert!(version.starts_with("rejoinder "), "{version}");
}

#[test]
fn a_plugin_of_tests_is_no_plugin_of_the_users() {
    let listed = rejoinder(&["plugin", "list", "--json", "--no-config"]).expect(0).json();
    let names: Vec<&str> =
        listed["plugins"].as_array().unwrap().iter().filter_map(|plugin| plugin["name"].as_str()).collect();
    assert!(names.contains(&"rephrase") && names.contains(&"scorer"), "{names:?}");
    assert!(!names.contains(&"misfit"), "{names:?}");
    let dir = folder();
    let config = write(dir.path(), "c.toml", "format = 1\n[[plugin]]\nname = \"misfit\"\n");
    let refused = rejoinder(&["run", DIALOGUES, "--config", &config]).expect(7);
    assert!(refused.stderr.contains("misfit"), "{}", refused.stderr);
}

#[test]
fn labels_explain_themselves_as_labels() {
    let dir = folder();
    write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    within(dir.path(), &["run", "in.jsonl", "--out", "run"]).expect(0);
    let audit = within(dir.path(), &["audit", "run", "--labels", "--seed", "1"]).expect(0).stdout;
    assert!(audit.contains("Relative to these labels") && !audit.contains("frozen model"), "{audit}");
    let calibrated = within(dir.path(), &["calibrate", "run", "--labels", "--seed", "1"]).expect(0).stdout;
    assert!(!calibrated.contains("frozen model") && !calibrated.contains("judge's answer"), "{calibrated}");
    let certificate: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("run/certificate.json")).unwrap()).unwrap();
    assert!(!certificate.to_string().contains("frozen model"), "{certificate}");
}

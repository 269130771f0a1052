//! Plugins as an operator meets them: configured, mistyped, pinned, kept apart, failing.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fmt::Write as _;
#[cfg(target_os = "linux")]
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
#[cfg(target_os = "linux")]
use std::{
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{DIALOGUES, Ended, figure, folder, output_files, rejoinder, rows, text, write};

/// Marks every turn that says so.
const PACK: &str = "format = 1\nversion = \"1\"\n[[rule]]\nid = \"t.marked\"\ncategory = \"UR3\"\nroute = \"escalate\"\nany = [\"marked\"]\n";

/// The library of the plugin that fails on demand.
fn misfit() -> String {
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    text(&deps.join(format!("{DLL_PREFIX}rejoinder_plugin_misfit{DLL_SUFFIX}")))
}

/// A config with the misfit and a pack that marks `marked`.
pub(crate) fn config(dir: &Path, name: &str, plugin: &str) -> String {
    write(dir, "pack.toml", PACK);
    let toml = format!(
        "format = 1\n[rules]\npacks = [\"./pack.toml\"]\n[[plugin]]\npath = \"{}\"\n{plugin}\n",
        misfit()
    );
    write(dir, name, toml)
}

/// One dialogue a turn; each turn is marked.
pub(crate) fn dialogues(dir: &Path, turns: &[&str]) -> String {
    let mut lines = String::new();
    for (number, turn) in turns.iter().enumerate() {
        let messages = serde_json::json!([
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": "a"},
            {"role": "user", "content": format!("{turn} marked")},
        ]);
        let _ = writeln!(lines, "{}", serde_json::json!({"id": number.to_string(), "messages": messages}));
    }
    write(dir, "in.jsonl", lines)
}

pub(crate) fn run(input: &str, config: &str, out: &Path) -> Ended {
    rejoinder(&["run", input, "--config", config, "--out", &text(out), "--json"])
}

#[test]
fn mistakes_about_a_plugin_are_shown_under_what_was_written() {
    let dir = folder();
    let other = "0".repeat(64);
    for (toml, place, message) in [
        ("name = \"rephrase\"\nconfig = { treshold = 0.9 }", ":4:12", "unknown key `treshold`"),
        ("name = \"rephrase\"\n[plugin.config]\nthreshold = 7", ":5:1", "greater than the maximum of 1"),
        ("name = \"rephrase\"\ntimeout = \"5s\"", ":4:1", "needs isolation = \"process\""),
        (
            "name = \"misfit\"\npath = \"MISFIT\"\ntimeout = \"5s\"".replace("MISFIT", &misfit()).as_str(),
            ":5:1",
            "needs isolation = \"process\"",
        ),
        ("name = \"*\"\ntimeout = \"5s\"", ":4:1", "needs isolation = \"process\""),
        ("name = \"rephrase\"\nisolation = \"process\"\ntimeout = \"soon\"", ":5:1", "a time such as \"5s\""),
        ("name = \"rephrase\"\nisolation = \"prison\"", ":4:13", "unknown variant `prison`"),
        ("name = \"rephrase\"\nblake3 = \"12\"", ":4:1", "64 hex digits"),
        (&format!("path = \"{}\"\nblake3 = \"{other}\"", misfit()), ":4:1", "is not the one that was pinned"),
        ("name = \"rehprase\"", ":3:1", "linked in are: "),
        ("path = \"no/such\"", ":3:1", "no file "),
        ("max-faults = 3", ":2:1", "a plugin needs a `name` or a `path`"),
    ] {
        let config = write(dir.path(), "c.toml", format!("format = 1\n[[plugin]]\n{toml}\n"));
        let ended = run(DIALOGUES, &config, &dir.path().join("out")).expect(7);
        assert!(ended.stderr.contains(&format!("c.toml{place}\n")), "{toml}\n{}", ended.stderr);
        assert!(ended.stderr.contains(message), "{toml}\n{}", ended.stderr);
        assert!(!dir.path().join("out").exists(), "nothing was begun");
    }
    let config = write(
        dir.path(),
        "c.toml",
        "format = 1\n[[plugin]]\nname = \"rephrase\"\nconfig = { treshold = 1 }\n",
    );
    let ended = run(DIALOGUES, &config, &dir.path().join("out")).expect(7);
    assert!(ended.stderr.contains("did you mean `threshold`?"), "{}", ended.stderr);
}

#[test]
fn a_plugin_says_the_same_in_a_process_of_its_own_on_any_number_of_threads() {
    let dir = folder();
    let configs = ["none", "process"].map(|isolation| {
        let plugin = format!("format = 1\n[[plugin]]\nname = \"rephrase\"\nisolation = \"{isolation}\"\n");
        write(dir.path(), &format!("{isolation}.toml"), plugin)
    });
    let mut outputs = Vec::new();
    for (config, threads) in [(&configs[0], "1"), (&configs[1], "1"), (&configs[1], "3")] {
        let out = dir.path().join(format!("{}", outputs.len()));
        let args = ["run", DIALOGUES, "--config", config, "--out", &text(&out), "--threads", threads];
        rejoinder(&args).expect(0);
        outputs.push(output_files(&out));
    }
    assert!(!outputs[0].is_empty());
    assert_eq!(outputs[0], outputs[1]);
    assert_eq!(outputs[0], outputs[2]);
}

#[test]
fn the_bill_of_a_rule_keeps_no_vote_on_a_turn_that_would_be_no_candidate_without_the_rule() {
    let dir = folder();
    let input = dialogues(dir.path(), &["fine", "panic", "fine"]);
    let config = config(dir.path(), "c.toml", "max-faults = 9");
    // With a score the plugins look at every turn.
    let args = ["plan", &input, "--config", &config, "--no-score", "--json"];
    let plan = rejoinder(&args).expect(0).json();
    let rule = &plan["rules"][0];
    assert_eq!(
        (rule["id"].as_str(), figure(rule, "waiting"), figure(rule, "asks")),
        (Some("t.marked"), 1, 1)
    );
}

#[test]
fn a_crash_a_hang_and_a_lie_cost_one_turn_each_and_are_written_down() {
    let dir = folder();
    let turns = ["fine", "segfault", "fine", "hang", "panic", "garbage", "exit", "fine"];
    let input = dialogues(dir.path(), &turns);
    let config = config(dir.path(), "c.toml", "isolation = \"process\"\ntimeout = \"1s\"");
    let out = dir.path().join("out");
    let summary = run(&input, &config, &out).expect(0).json();
    assert_eq!(figure(&summary, "plugin_faults"), 5);
    assert_eq!((figure(&summary, "undecided"), figure(&summary, "rejected")), (5, 3));

    let faults = rows(&out.join("faults.jsonl"));
    let of = |key: &str| -> Vec<&str> { faults.iter().map(|f| f[key].as_str().unwrap()).collect() };
    assert_eq!(of("id"), ["0:1:2", "0:3:2", "0:4:2", "0:5:2", "0:6:2"]);
    assert!(of("message")[0].starts_with("it crashed: signal: 11"), "{faults:?}");
    assert_eq!(of("message")[1], "it did not answer within 1s, and was killed");
    assert!(of("plugin").iter().all(|p| *p == "misfit"));

    let manifest: Value = serde_json::from_slice(&std::fs::read(out.join("manifest.json")).unwrap()).unwrap();
    let plugin = &manifest["plugins"][0];
    assert_eq!((plugin["name"].as_str(), plugin["hash"].as_str().unwrap().len()), (Some("misfit"), 64));
    assert_eq!(plugin["config"], serde_json::json!({}));
    let waiting = rows(&out.join("spool").join("part-00000.jsonl"));
    let vote = &waiting[0]["turns"][0]["plugins"][0];
    assert_eq!(
        (&vote["verdict"], &vote["identity"]),
        (&Value::from("fault"), &plugin["identity"]),
        "{waiting:?}"
    );
}

#[test]
fn more_faults_than_allowed_stop_the_run_which_goes_on_where_more_are_borne() {
    let dir = folder();
    let turns: Vec<&str> = (0..40).map(|i| if i % 4 == 1 { "panic" } else { "fine" }).collect();
    let input = dialogues(dir.path(), &turns);
    let strict = config(dir.path(), "strict.toml", "max-faults = 3");
    let out = dir.path().join("out");
    let ended = run(&input, &strict, &out).expect(8);
    assert!(
        ended.stderr.contains("more than max-faults = 3") && ended.stderr.contains("--max-faults 100"),
        "{}",
        ended.stderr
    );
    assert!(rows(&out.join("faults.jsonl")).len() > 3, "the operator sees what happened");
    rejoinder(&["resume", &text(&out)]).expect(8);
    let resumed = rejoinder(&["resume", &text(&out), "--max-faults", "10", "--json"]).expect(0).json();
    assert_eq!(figure(&resumed, "plugin_faults"), 10);
    assert_eq!(rows(&out.join("faults.jsonl")).len(), 10);

    let lenient = config(dir.path(), "lenient.toml", "max-faults = 100");
    let whole = dir.path().join("whole");
    run(&input, &lenient, &whole).expect(0);
    assert_eq!(output_files(&out), output_files(&whole));

    let abort = config(dir.path(), "abort.toml", "on-fault = \"abort\"");
    let ended = run(&input, &abort, &dir.path().join("aborted")).expect(8);
    assert!(ended.stderr.contains("on-fault = \"abort\""), "{}", ended.stderr);
}

#[test]
fn what_a_plugin_quotes_cannot_steer_the_terminal() {
    let dir = folder();
    let input = dialogues(dir.path(), &["quote \u{1b}[2J\u{202e}evil"]);
    let config = config(dir.path(), "c.toml", "on-fault = \"abort\"");
    let ended = run(&input, &config, &dir.path().join("out")).expect(8);
    assert!(ended.stderr.contains("\\u{1b}[2J\\u{202e}evil"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.stderr);
}

#[test]
fn explain_shows_each_plugins_verdict_score_reason_and_note() {
    let dir = folder();
    let config = config(dir.path(), "c.toml", "");
    let dialogue = write(dir.path(), "d.txt", "U: q\nA: a\nU: fine, marked\n");
    let args = ["explain", &dialogue, "--config", &config];
    let shown = rejoinder(&args).expect(0).stdout;
    assert!(shown.contains("plugin    reject misfit, score 0.25: nothing went wrong"), "{shown}");
    assert!(shown.contains("12 bytes"), "{shown}");
    let json = rejoinder(&[&args[..], &["--json"]].concat()).expect(0).json();
    let plugin = &json["plugins"][0];
    assert_eq!((plugin["verdict"].as_str(), plugin["note"].as_str()), (Some("reject"), Some("12 bytes")));
    assert_eq!(plugin["reason"], "nothing went wrong");
}

/// A plugin in C that says `hanging`, and hangs, where it is told to: in `load` or in `create`.
pub(crate) fn hanging(dir: &Path, place: &str) -> String {
    let library = dir.join(format!("{place}.so"));
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-Iplugins/abi/include"])
        .arg(format!("-DIN_{}", place.to_uppercase()))
        .args([Path::new("tests/data/hanging.c"), Path::new("-o"), &library])
        .output()
        .expect("this test needs a C compiler");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    text(&library)
}

#[test]
fn a_plugin_that_hangs_before_the_first_turn_ends_the_run_after_the_configured_time() {
    let dir = folder();
    for (place, doing) in [("load", "loading its library"), ("create", "starting it (`create`)")] {
        let library = hanging(dir.path(), place);
        let config = format!(
            "format = 1\n[[plugin]]\npath = \"{library}\"\nisolation = \"process\"\ntimeout = \"1s\"\n"
        );
        let config = write(dir.path(), "c.toml", config);
        let ended = run(DIALOGUES, &config, &dir.path().join("out")).expect(7);
        assert!(ended.stderr.contains("c.toml:5:1\n"), "{}", ended.stderr);
        let message = format!("is not ready in time: {doing} took longer than 1s");
        assert!(ended.stderr.contains(&message), "{}", ended.stderr);
    }
}

/// Processes that were given this mark in their environment.
#[cfg(target_os = "linux")]
pub(crate) fn marked(mark: &str) -> Vec<String> {
    let has_mark = |process: &std::fs::DirEntry| {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == format!("MARK={mark}").as_bytes())
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten().filter(has_mark);
    processes.map(|process| process.file_name().into_string().unwrap()).collect()
}

/// Starts a command, kills it `when` that returns, and waits until none of its processes is left.
#[cfg(target_os = "linux")]
pub(crate) fn killed_with_all_its_children(
    args: &[&str],
    mark: &str,
    when: fn(&mut std::process::Child, &str),
) {
    let mut parent = crate::support::command(args)
        .env("MARK", mark)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    when(&mut parent, mark);
    parent.kill().unwrap();
    parent.wait().unwrap();
    let begun = Instant::now();
    loop {
        let left = marked(mark);
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{args:?}: {left:?} live on");
        sleep(Duration::from_millis(20));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_child_outlives_a_command_that_is_killed_while_a_plugin_hangs() {
    fn has_child(parent: &mut std::process::Child, mark: &str) {
        while marked(mark).len() < 2 {
            assert_eq!(parent.try_wait().unwrap(), None, "it ended instead of hanging");
            sleep(Duration::from_millis(1));
        }
    }
    fn has_child_that_hangs(parent: &mut std::process::Child, _: &str) {
        let mut lines = BufReader::new(parent.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "hanging"));
    }
    fn has_check_that_hangs(parent: &mut std::process::Child, mark: &str) {
        has_child(parent, mark);
        sleep(Duration::from_millis(500));
    }
    let dir = folder();
    let out = text(&dir.path().join("out"));
    for place in ["load", "create"] {
        let library = hanging(dir.path(), place);
        let config = format!("format = 1\n[[plugin]]\npath = \"{library}\"\nisolation = \"process\"\n");
        let config = write(dir.path(), "c.toml", config);
        let run = ["run", DIALOGUES, "--config", &config, "--out", &out];
        for early in 0..3 {
            killed_with_all_its_children(&run, &format!("{place} {early} {out}"), has_child);
        }
        killed_with_all_its_children(&run, &format!("{place} run {out}"), has_child_that_hangs);
        let check = ["plugin", "check", &library];
        killed_with_all_its_children(&check, &format!("{place} check {out}"), has_check_that_hangs);
    }
}

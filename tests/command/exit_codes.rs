//! Every exit code, reached as users reach it. 1 is a bug, which no user should find: it is tested where panics end.

use std::path::Path;

use crate::corpus;
use crate::support::server::{Response, Server, by_rule};
use crate::support::{DIALOGUES, Ended, command, folder, rejoinder, text, write};

fn judged(dir: &Path, name: &str, server: &Server, more: &str) -> String {
    let toml = format!(
        "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nmax-retries = 0\n{more}",
        server.base_url()
    );
    write(dir, name, toml)
}

#[test]
fn each_code_is_reached_as_the_help_promises() {
    let dir = folder();
    let dir = dir.path();
    let out = |name: &str| text(&dir.join(name));
    let help = rejoinder(&["--help"]).expect(0).stdout;
    let good = Server::start(by_rule);
    let dead = Server::start(|_| Response::new(401, "no"));
    let bad_input = write(dir, "bad.jsonl", "{broken\n");
    let failing = "format = 1\n[[rule]]\nid = \"t.x\"\ncategory = \"UR2\"\nroute = \"escalate\"\nany = [\"never said\"]\n\
                   [[rule.test]]\ndialogue = [\"U: a\", \"A: b\", \"U: c\"]\nexpect = { route = \"escalate\" }\n";
    let failing = write(dir, "failing.toml", failing);
    let poor = judged(dir, "poor.toml", &good, "[budget]\ncalls = 1\n");
    let deaf = judged(dir, "deaf.toml", &dead, "");
    let wrong = write(dir, "wrong.toml", "format = 9\n");
    let empty = write(dir, "empty.jsonl", "");
    let xz = write(dir, "a.jsonl.xz", b"\xFD7zXZ\0rest");
    let run = |args: &[&str]| rejoinder(&[&["run"], args].concat());
    let ends: Vec<(&str, Ended)> = vec![
        ("0 ok", run(&[DIALOGUES, "--out", &out("0")])),
        ("2 usage", run(&[])),
        ("3 a check failed", rejoinder(&["rules", "test", &failing])),
        ("4 budget reached", run(&[DIALOGUES, "--config", &poor, "--out", &out("4")])),
        ("5 judge unavailable", run(&[DIALOGUES, "--config", &deaf, "--out", &out("5")])),
        ("6 bad input under --strict", run(&[&bad_input, "--strict", "--out", &out("6")])),
        ("7 invalid or changed config or rules", run(&[DIALOGUES, "--config", &wrong, "--out", &out("7")])),
        ("9 nothing read", run(&[&empty, "--out", &out("9")])),
        ("8 I/O or plugin failure", run(&[&xz, "--out", &out("8")])),
    ];
    for (promise, ended) in ends {
        let code = promise.split(' ').next().unwrap();
        assert_eq!(ended.code.to_string(), code, "{promise}: {}", ended.stderr);
        assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains(promise), "{promise}\n{help}");
        assert_eq!(ended.stderr.is_empty(), matches!(code, "0" | "3"), "a failure says why: {promise}");
    }
    // 4 and 5 leave runs that go on.
    rejoinder(&["resume", &out("4"), "--calls", "1000"]).expect(0);
    rejoinder(&["resume", &out("5"), "--config", &judged(dir, "good.toml", &good, "")]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_file_size_limit_ends_with_8_and_the_run_goes_on_without_it() {
    let dir = folder();
    let mut content = Vec::new();
    corpus::write(&mut content, 1_500, 9, corpus::Style::default()).unwrap();
    let input = write(dir.path(), "corpus.jsonl", content);
    // One part for all: its spool is the first file that is larger than the limit.
    let whole = dir.path().join("whole");
    rejoinder(&["run", &input, "--out", &text(&whole)]).expect(0);
    let run = dir.path().join("run");
    let limited = format!(
        "ulimit -f 200; exec {} run {input} --out {}",
        env!("CARGO_BIN_EXE_rejoinder"),
        run.display()
    );
    let ended: Ended = command_of("bash", &["-c", &limited]).output().unwrap().into();
    let ended = ended.expect(8);
    assert!(ended.stderr.contains("File too large"), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("rejoinder resume {}", run.display())), "{}", ended.stderr);
    let left: Vec<_> = std::fs::read_dir(run.join("spool"))
        .map(|entries| entries.map(|e| e.unwrap().file_name()).collect())
        .unwrap_or_default();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{left:?}");
    rejoinder(&["resume", &text(&run)]).expect(0);
    assert!(crate::support::output_files(&run) == crate::support::output_files(&whole));
}

fn command_of(program: &str, args: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command.args(args).stdin(std::process::Stdio::null());
    command
}

#[test]
fn a_full_disk_and_a_closed_pipe_are_told_apart_by_every_verb_that_prints() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--out", &run]).expect(0);
    let again = text(&dir.path().join("again"));
    let verbs: [&[&str]; 8] = [
        &["show", &run],
        &["export", "table", &run, "--out", "-"],
        &["config", "show"],
        &["config", "schema"],
        &["completions", "bash"],
        &["rules", "check", "--json"],
        &["eval", DIALOGUES, "--labels", "--json"],
        &["run", DIALOGUES, "--json", "--out", &again],
    ];
    for args in verbs {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended: Ended = command(args).stdout(writer).output().unwrap().into();
        assert_eq!(
            (ended.code, ended.stderr.contains("rejoinder:")),
            (0, false),
            "{args:?}: {}",
            ended.stderr
        );
        if cfg!(target_os = "linux") {
            let _ = std::fs::remove_dir_all(&again);
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let ended: Ended = command(args).stdout(full).output().unwrap().into();
            assert_eq!(ended.code, 8, "{args:?}");
            assert!(ended.stderr.contains("No space left"), "{args:?}: {}", ended.stderr);
        }
    }
    // What could not be printed is written all the same.
    rejoinder(&["show", &again]).expect(0);
}

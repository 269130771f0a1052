//! One hand a run's folder: a lock, files that are what was written, and folders of runs that never began.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, command, figure, folder, output_files, rejoinder, rows, text, write};

fn judge_config(dir: &Path, name: &str, server: &Server, more: &str) -> String {
    let toml = format!(
        "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nidentity = \"one\"\nmax-in-flight = 2\n{more}",
        server.base_url()
    );
    write(dir, name, toml)
}

/// A server that takes its time, so that a process is at work for a while.
fn slow() -> Server {
    Server::start(|request| {
        std::thread::sleep(Duration::from_millis(if request.is_probe() { 0 } else { 150 }));
        by_rule(request)
    })
}

fn spawn(args: &[&str]) -> Child {
    command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the command starts")
}

fn wait_for(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came about");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_other_process_is_refused_before_it_does_anything() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    let server = slow();
    let config = judge_config(dir.path(), "judge.toml", &server, "");
    let mut first = spawn(&["judge", &run, "--config", &config]);
    wait_for(|| server.requests() > 0);
    let refused: [&[&str]; 5] = [
        &["judge", &run, "--config", &config],
        &["resume", &run],
        &["run", DIALOGUES, "--out", &run],
        &["audit", &run, "--labels"],
        &["calibrate", &run, "--recall", "0.8", "--labels"],
    ];
    let before = std::fs::read(dir.path().join("run/manifest.json")).unwrap();
    for args in refused {
        let ended = rejoinder(args).expect(8);
        assert!(ended.stderr.contains(&format!("process {} on ", first.id())), "{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("rejoinder resume {run}")), "{}", ended.stderr);
    }
    assert_eq!(std::fs::read(dir.path().join("run/manifest.json")).unwrap(), before);
    // Who only reads is not in the way.
    rejoinder(&["show", &run, "--sample", "1"]).expect(0);
    rejoinder(&["export", "feedback", &run, "--out", "-"]).expect(0);
    assert!(first.wait().unwrap().success());
    rejoinder(&["judge", &run, "--config", &config]).expect(0);
}

#[test]
fn a_killed_process_leaves_no_lock_behind() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    let server = slow();
    let config = judge_config(dir.path(), "judge.toml", &server, "");
    let mut first = spawn(&["judge", &run, "--config", &config]);
    wait_for(|| server.requests() > 0);
    first.kill().unwrap();
    first.wait().unwrap();
    let summary = rejoinder(&["judge", &run, "--config", &config, "--json"]).expect(0).json();
    assert_eq!(figure(&summary, "undecided"), 0, "{summary}");
}

#[test]
fn eight_processes_at_once_with_kills_pay_for_what_one_pays_for() {
    let dir = folder();
    let scanned = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &scanned]).expect(0);
    let server = slow();
    let config = judge_config(dir.path(), "judge.toml", &server, "");
    let mut random = crate::support::random();
    let mut kills = 0;
    loop {
        let mut hands: Vec<Child> =
            (0..8).map(|_| spawn(&["judge", &scanned, "--config", &config])).collect();
        std::thread::sleep(Duration::from_millis(random.u64(100..2500)));
        if kills < 3 {
            kills += 1;
            hands.iter_mut().for_each(|hand| hand.kill().unwrap());
        }
        let codes: Vec<Option<i32>> = hands.iter_mut().map(|hand| hand.wait().unwrap().code()).collect();
        assert!(codes.iter().all(|code| matches!(code, None | Some(0 | 8))), "{codes:?}");
        if codes.contains(&Some(0)) {
            break;
        }
    }
    let asked = server.requests();
    let alone = text(&dir.path().join("alone"));
    let other = Server::start(by_rule);
    let config = judge_config(dir.path(), "alone.toml", &other, "");
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &alone]).expect(0);
    rejoinder(&["judge", &alone, "--config", &config]).expect(0);
    let of_one = other.requests();
    let in_flight = 2 * kills;
    assert!((of_one..=of_one + in_flight).contains(&asked), "{asked} requests, one process makes {of_one}");
}

/// A run of several parts.
fn run_of_parts(dir: &Path) -> String {
    let source = rows(Path::new(DIALOGUES));
    let dialogues = (0..3_000).map(|i| {
        let mut dialogue = source[i % source.len()].clone();
        dialogue["conversation_id"] = format!("c{i}").into();
        let first = dialogue["conversation"][0]["content"].as_str().expect("a text").to_owned();
        dialogue["conversation"][0]["content"] =
            format!("{first} (item {i}) {}", "and so on ".repeat(40)).into();
        dialogue.to_string() + "\n"
    });
    let input = write(dir, "many.jsonl", dialogues.collect::<String>());
    let config = write(dir, "parts.toml", "format = 1\nplugin = []\n[output]\npart-mib = 1\n");
    let run = text(&dir.join("run"));
    rejoinder(&["run", &input, "--config", &config, "--offline", "--out", &run]).expect(0);
    run
}

#[test]
fn a_part_that_is_not_what_was_written_is_missed_by_every_verb() {
    let dir = folder();
    let run = run_of_parts(dir.path());
    let file = Path::new(&run).join("parts/part-00001.jsonl");
    let whole = std::fs::read(&file).expect("there are two parts");
    let half = whole.len() / 2;
    let other = String::from_utf8(whole.clone())
        .unwrap()
        .replace("\"conversation_id\":\"c", "\"conversation_id\":\"d")
        .into_bytes();
    let damages: [(&str, Option<&[u8]>); 4] = [
        ("is missing", None),
        ("bytes, and", Some(&whole[..half])),
        ("has 0 bytes", Some(&[])),
        ("not what was written", Some(&other)),
    ];
    for (says, content) in damages {
        match content {
            None => std::fs::remove_file(&file).unwrap(),
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
        }
        let out = text(&dir.path().join("f.jsonl"));
        let mut verbs: Vec<Vec<&str>> = vec![vec!["export", "feedback", &run, "--out", &out, "--force"]];
        if says != "not what was written" {
            verbs.extend([
                vec!["show", &run],
                vec!["resume", &run],
                vec!["export", "kto", &run, "--out", &out, "--force"],
            ]);
        }
        for args in verbs {
            let ended = rejoinder(&args).expect(8);
            assert!(ended.stderr.contains("part-00001.jsonl"), "{args:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(says), "{args:?}: {}", ended.stderr);
        }
        std::fs::write(&file, &whole).unwrap();
    }
    rejoinder(&["show", &run]).expect(0);
    std::fs::remove_file(Path::new(&run).join("spool/part-00000.jsonl")).unwrap();
    rejoinder(&["show", &run]).expect(8);
}

#[test]
fn a_ledger_that_is_not_the_runs_is_refused() {
    let dir = folder();
    let [one, two] = ["one", "two"].map(|name| text(&dir.path().join(name)));
    for run in [&one, &two] {
        rejoinder(&["run", DIALOGUES, "--offline", "--out", run]).expect(0);
    }
    let ledger = Path::new(&one).join("ledger.sqlite");
    std::fs::copy(Path::new(&two).join("ledger.sqlite"), &ledger).unwrap();
    let ended = rejoinder(&["judge", &one]).expect(8);
    assert!(ended.stderr.contains("is not the ledger of this run"), "{}", ended.stderr);
    std::fs::write(&ledger, "").unwrap();
    for verb in ["show", "resume"] {
        let ended = rejoinder(&[verb, &one]).expect(8);
        assert!(ended.stderr.contains("is not the ledger of this run"), "{}", ended.stderr);
    }
}

#[test]
fn a_run_that_failed_before_it_had_begun_is_taken_over() {
    let dir = folder();
    let run = dir.path().join("run");
    let whole = text(&dir.path().join("whole"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &whole]).expect(0);
    for left in [
        &[][..],
        &["run.lock"],
        &["run.lock", "ledger.sqlite"],
        &["run.lock", "ledger.sqlite", "manifest.json.tmp"],
    ] {
        let _ = std::fs::remove_dir_all(&run);
        std::fs::create_dir(&run).unwrap();
        left.iter().for_each(|name| drop(write(&run, name, "")));
        if !left.is_empty() {
            let ended = rejoinder(&["resume", &text(&run)]).expect(2);
            assert!(ended.stderr.contains("give its folder to rejoinder run once more"), "{}", ended.stderr);
        }
        rejoinder(&["run", DIALOGUES, "--offline", "--out", &text(&run)]).expect(0);
        assert!(output_files(&run) == output_files(Path::new(&whole)));
    }
    let foreign = dir.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    write(&foreign, "thesis.tex", "mine");
    rejoinder(&["run", DIALOGUES, "--out", &text(&foreign)]).expect(2);
    assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), 1, "nothing is put into a folder of others");
}

#[test]
fn runs_that_share_a_file_of_replies_pay_once_for_one_request() {
    let dir = folder();
    let server = slow();
    let config = judge_config(dir.path(), "judge.toml", &server, "replies = \"shared.sqlite\"\n");
    let runs: Vec<String> = (0..3).map(|i| text(&dir.path().join(format!("run-{i}")))).collect();
    for run in &runs {
        rejoinder(&["run", DIALOGUES, "--offline", "--out", run]).expect(0);
    }
    let ask = |run: &String| spawn(&["judge", run, "--config", &config]);
    // One of them is killed in the middle; what it had claimed goes to the others.
    let mut hands: Vec<Child> = runs.iter().map(ask).collect();
    wait_for(|| server.requests() > 4);
    hands[0].kill().unwrap();
    let codes: Vec<Option<i32>> = hands.iter_mut().map(|hand| hand.wait().unwrap().code()).collect();
    assert_eq!(codes, [None, Some(0), Some(0)]);
    let last = rejoinder(&["judge", &runs[0], "--config", &config, "--json"]).expect(0).json();
    assert_eq!(figure(&last, "undecided"), 0, "{last}");
    let asked = server.requests();
    let alone = Server::start(by_rule);
    let one = judge_config(dir.path(), "alone.toml", &alone, "");
    let run = text(&dir.path().join("alone"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    rejoinder(&["judge", &run, "--config", &one]).expect(0);
    let of_one = alone.requests();
    assert!((of_one..=of_one + 2).contains(&asked), "{asked} requests, one process makes {of_one}");
    assert!(runs.iter().all(|other| output_files(Path::new(other)) == output_files(Path::new(&run))));
    assert!(!dir.path().join("shared.sqlite.owners").exists(), "owners are gone");
}

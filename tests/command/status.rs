//! A run looked at from outside: beside the process that works on it, after its end, and after a kill.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::server::{Response, Server, by_rule};
use crate::support::{DIALOGUES, Ended, command, figure, folder, output_files, rejoinder, text, write};

/// Fifty requests of a run over the example dialogues take some seconds.
const SLOWLY: Duration = Duration::from_millis(150);

/// A server that takes its time, so that a process is at work for a while.
fn slow() -> Server {
    Server::start(|request| {
        std::thread::sleep(if request.is_probe() { Duration::ZERO } else { SLOWLY });
        by_rule(request)
    })
}

fn judge_config(dir: &Path, server: &Server, more: &str) -> String {
    let toml = format!(
        "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nmax-in-flight = 2\n{more}",
        server.base_url()
    );
    write(dir, "judge.toml", toml)
}

fn spawn(args: &[&str]) -> Child {
    command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts")
}

fn wait_for(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came about");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn status(run: &str) -> Value {
    rejoinder(&["status", run, "--json"]).expect(0).json()
}

/// The words of a status for people, whose lines fit a narrow terminal.
fn words(run: &str) -> String {
    let ended = rejoinder(&["status", run]).expect(0);
    let (first, rest) = ended.stdout.split_once('\n').unwrap();
    assert!(rest.lines().all(|line| line.chars().count() <= 80), "{rest}");
    let shortened = first.replace(run, "RUN");
    assert!(shortened.chars().count() <= 80, "{shortened}");
    format!("{shortened}\n{}", rest.replace(run, "RUN"))
}

#[test]
fn a_run_at_work_is_watched_from_outside_killed_and_looked_at_again() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let server = slow();
    let config = judge_config(dir.path(), &server, "");
    let mut work = spawn(&["run", DIALOGUES, "--config", &config, "--out", &run]);
    wait_for(|| server.requests() > 4);
    wait_for(|| status(&run)["status"]["judge"]["answered"].as_u64().is_some_and(|answered| answered > 0));
    let seen = status(&run);
    assert_eq!((&seen["state"], &seen["status"]["verb"]), (&"running".into(), &"run".into()), "{seen}");
    assert_eq!(seen["status"]["process"], work.id());
    let judge = &seen["status"]["judge"];
    assert!(judge["health"] == "answering" && figure(judge, "in_flight") <= 2, "{seen}");
    assert!(figure(judge, "requests") > 20 && figure(&judge["spent"], "calls") > 0, "{seen}");
    assert!(seen["next"].is_null());
    let told = words(&run);
    assert!(told.starts_with("RUN: running for ") && told.contains("\njudge      answering"), "{told}");

    work.kill().unwrap();
    work.wait().unwrap();
    let seen = status(&run);
    assert_eq!(seen["state"], "killed", "{seen}");
    assert_eq!(seen["next"], format!("rejoinder judge {run}"), "the scan was at its end: {seen}");
    let told = words(&run);
    assert!(
        told.contains("RUN: killed\nprocess    run, number ")
            && told.contains("\nnext       rejoinder judge"),
        "{told}"
    );
    rejoinder(&["judge", &run]).expect(0);
    let seen = status(&run);
    assert_eq!((&seen["state"], &seen["status"]["verb"]), (&"finished".into(), &"judge".into()), "{seen}");
    assert_eq!(seen["status"]["ended"]["reason"], "done");
    assert_eq!((figure(&seen, "waiting"), figure(&seen["status"]["ended"], "exit_code")), (0, 0), "{seen}");
    assert!(words(&run).starts_with("RUN: finished (judge: done, "), "{}", words(&run));
}

#[test]
fn a_thousand_looks_disturb_nobody() {
    let dir = folder();
    let server = Server::start(|request| {
        std::thread::sleep(Duration::from_millis(if request.is_probe() { 0 } else { 40 }));
        by_rule(request)
    });
    let config = judge_config(dir.path(), &server, "");
    let [alone, watched] = ["alone", "watched"].map(|name| text(&dir.path().join(name)));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &alone]).expect(0);
    let asked = server.requests();
    let path = dir.path().join("watched");
    let mut work = spawn(&["run", DIALOGUES, "--config", &config, "--out", &watched]);
    wait_for(|| path.join("manifest.json").exists());
    let mut looks = 0;
    while work.try_wait().unwrap().is_none() || looks < 1_000 {
        let look = rejoinder_run::status::RunLook::at(&path).unwrap();
        assert!(look.status.is_none_or(|status| status.process == work.id()));
        looks += 1;
    }
    let ended = Ended::from(work.wait_with_output().unwrap()).expect(0);
    assert!(!ended.stderr.contains("locked"), "{}", ended.stderr);
    assert_eq!(server.requests(), 2 * asked);
    assert!(output_files(&path) == output_files(&dir.path().join("alone")));
}

#[test]
fn a_look_changes_nothing_and_works_on_a_folder_that_cannot_be_written_or_knows_no_status() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    let path = dir.path().join("run");
    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let seen = status(&run);
    assert_eq!((&seen["state"], &seen["scanned"]), (&"waiting".into(), &true.into()), "{seen}");
    assert_eq!(seen["next"], format!("rejoinder judge {run} --config FILE"), "{seen}");
    assert_eq!(names(), before);
    // As a run of an earlier engine.
    std::fs::remove_file(path.join("status.json")).unwrap();
    assert_eq!(status(&run)["state"], "waiting");
    assert!(words(&run).starts_with("RUN: waiting\n"), "{}", words(&run));
    for nonsense in ["", "{", "{\"format\":99}", "[]"] {
        write(&path, "status.json", nonsense);
        assert!(status(&run)["status"].is_null());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        set(0o500);
        assert_eq!(status(&run)["state"], "waiting");
        set(0o700);
    }
    let missing = rejoinder(&["status", &text(&dir.path().join("no"))]).expect(2);
    assert!(missing.stderr.contains("is no run directory"), "{}", missing.stderr);
}

#[test]
fn why_a_run_ended_is_told_with_the_command_that_goes_on() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = judge_config(dir.path(), &server, "[budget]\ncalls = 9\n");
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run]).expect(4);
    let seen = status(&run);
    assert_eq!((&seen["state"], &seen["status"]["ended"]["exit_code"]), (&"waiting".into(), &4.into()));
    assert_eq!(seen["next"], format!("rejoinder judge {run} --calls N"));
    assert_eq!(seen["status"]["ended"]["next"], seen["next"]);
    assert_eq!((figure(&seen["spent"], "calls"), figure(&seen["limits"], "calls")), (9, 9));
    let told = words(&run);
    assert!(
        told.starts_with("RUN: waiting (run: the budget is spent, ") && told.contains("9 calls of 9"),
        "{told}"
    );
    let followed = rejoinder(&["status", &run, "--follow"]).expect(0).stdout;
    assert_eq!(followed.lines().count(), told.lines().count(), "nobody is at work: {followed}");
}

#[test]
fn a_failing_judge_is_told_without_its_words_or_the_key() {
    let dir = folder();
    let server = Server::start(|request| match request.is_probe() {
        true => by_rule(request),
        false => Response::new(503, format!("{{\"error\":{:?}}}", request.prompt())),
    });
    let config = judge_config(dir.path(), &server, "patience-seconds = 8\napi-key-env = \"STATUS_KEY\"\n");
    let run = text(&dir.path().join("run"));
    let mut work = command(&["run", DIALOGUES, "--config", &config, "--out", &run])
        .env("STATUS_KEY", "sk-very-secret")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(|| dir.path().join("run/status.json").exists());
    wait_for(|| status(&run)["status"]["judge"]["health"] == "failing");
    let judge = &status(&run)["status"]["judge"];
    assert_eq!(judge["last_trouble"], "the server is busy (HTTP 503)", "{judge}");
    assert!(words(&run).contains("\njudge      failing"), "{}", words(&run));
    let mut all = String::new();
    while work.try_wait().unwrap().is_none() {
        all += &std::fs::read_to_string(dir.path().join("run/status.json")).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    all += &std::fs::read_to_string(dir.path().join("run/status.json")).unwrap();
    assert!(!all.contains("secret") && !all.contains("Feedback") && !all.contains("assistant"), "{all}");
    let seen = status(&run);
    assert_eq!(seen["status"]["ended"]["reason"], "judge_unavailable", "{seen}");
}

#[test]
fn whoever_follows_hears_lines_until_the_work_ends() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    let server = slow();
    let config = judge_config(dir.path(), &server, "");
    let work = spawn(&["judge", &run, "--config", &config]);
    wait_for(|| server.requests() > 1);
    let followed = spawn(&["status", &run, "--follow"]);
    let lines = spawn(&["status", &run, "--follow", "--json"]);
    let followed = Ended::from(followed.wait_with_output().unwrap()).expect(0).stdout;
    let lines = Ended::from(lines.wait_with_output().unwrap()).expect(0).stdout;
    Ended::from(work.wait_with_output().unwrap()).expect(0);
    let (first, rest) = followed.split_once('\n').unwrap();
    assert!(first.starts_with("judge ") || first.contains(": running for "), "{followed}");
    assert!(rest.contains(": finished (judge: done"), "{followed}");
    assert!(!followed.contains(['\r', '\u{1b}']), "{followed:?}");
    let states: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["state"].clone()).collect();
    assert!(states.len() > 2 && states[0] == "running" && states[states.len() - 1] == "finished", "{lines}");
}

#[test]
fn a_process_of_another_machine_is_believed_for_a_minute() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    let path = dir.path().join("run/status.json");
    let mut told: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    told["ended"] = Value::Null;
    told["machine"] = "far\u{1b}away".into();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (age, state) in [(5, "running"), (90, "silent")] {
        told["written"] = (now - age).into();
        std::fs::write(&path, told.to_string()).unwrap();
        assert_eq!(status(&run)["state"], state);
        let told = words(&run);
        assert!(told.contains(&format!("RUN: {state} for ")) && !told.contains('\u{1b}'), "{told:?}");
    }
}

#[test]
fn a_verb_that_tells_nothing_and_a_run_that_is_about_to_begin_are_seen_by_the_lock() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    let machine = status(&run)["status"]["machine"].clone();
    let lock =
        |process: u32| serde_json::json!({ "process": process, "machine": machine, "since": 1 }).to_string();
    write(dir.path(), "run/run.lock", lock(std::process::id()));
    let told = words(&run);
    assert!(told.starts_with("RUN: running\nprocess    number "), "{told}");
    write(dir.path(), "run/run.lock", lock(u32::MAX));
    assert_eq!(status(&run)["state"], "waiting", "a lock that a kill has left");
    write(dir.path(), "run/run.lock", lock(std::process::id()));
    std::fs::remove_file(dir.path().join("run/manifest.json")).unwrap();
    let told = rejoinder(&["status", &run]).expect(2);
    assert!(told.stderr.contains("a run is about to begin in "), "{}", told.stderr);
    let table = rejoinder(&["runs", "list", &text(dir.path())]).expect(0).stdout;
    assert!(table.contains("\nrun           beginning "), "{table}");
}

#[test]
fn a_job_is_told_shard_by_shard() {
    let dir = folder();
    // Three files of one chunk each: a file a shard.
    let inputs = ["a", "b", "c"]
        .map(|name| write(dir.path(), &format!("{name}.jsonl"), std::fs::read(DIALOGUES).unwrap()));
    let (job, shards) = (text(&dir.path().join("job")), dir.path().join("job/shards"));
    for shard in ["1/3", "3/3"] {
        let args = ["run", "--offline", "--shard", shard, "--out", &job];
        rejoinder(&[&args[..], &inputs.each_ref().map(String::as_str)].concat()).expect(0);
    }
    // A folder that is no shard of this job counts for nothing.
    std::fs::create_dir(shards.join("004-of-009")).unwrap();
    let seen = status(&job);
    assert_eq!((figure(&seen, "of"), figure(&seen, "done"), figure(&seen, "not_begun")), (3, 2, 1), "{seen}");
    assert_eq!(figure(&seen, "conversations"), 160);
    let told = rejoinder(&["status", &job, "--follow"]).expect(0).stdout;
    assert!(told.contains("2 of 3 shards done, 0 running, 1 not begun"), "{told}");
    assert!(told.contains("\n        3  waiting   80 conversations"), "{told}");

    // Shards that were killed, that were stopped, and that cannot be read.
    let path = shards.join("003-of-003/status.json");
    let mut told: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    told["ended"] = Value::Null;
    told["process"] = u32::MAX.into();
    std::fs::write(&path, told.to_string()).unwrap();
    let ledger = rusqlite::Connection::open(shards.join("001-of-003/ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
    drop(ledger);
    std::fs::create_dir(shards.join("002-of-003")).unwrap();
    let seen = rejoinder(&["status", &job, "--follow"]).expect(0).stdout;
    let counted = "0 of 3 shards done, 0 running, 1 stopped, 1 killed, 1 unreadable, 0 not begun";
    assert!(seen.contains(counted), "{seen}");
    // A process that has been silent for more than a minute may still be there: whoever follows waits for it.
    let silent = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() - 90;
    (told["machine"], told["written"]) = ("elsewhere".into(), silent.into());
    std::fs::write(&path, told.to_string()).unwrap();
    let mut followed = spawn(&["status", &job, "--follow"]);
    std::thread::sleep(Duration::from_secs(2));
    assert!(followed.try_wait().unwrap().is_none(), "it waits");
    followed.kill().unwrap();
    followed.wait().unwrap();
    assert_eq!(figure(&status(&job), "running"), 1);
    std::fs::write(dir.path().join("job/job.json"), "{").unwrap();
    let refused = rejoinder(&["status", &job]).expect(7);
    assert!(refused.stderr.contains("job.json cannot be used"), "{}", refused.stderr);
}

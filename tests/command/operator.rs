//! What the operator of a long run sees and does: progress, quiet, interrupting, going on.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rejoinder::failure::{Exit, Failure};
use rejoinder_read::{Chunk, Position};
use rejoinder_run::folder::Manifest;
use rejoinder_run::judging::{self, settings};
use rejoinder_run::watch::{ScanProgress, Stage, Watch};
use rejoinder_run::{RunDir, scan};
use rejoinder_scan::config::BaseUrl;
use rejoinder_scan::{Config, Engine, StopFlag, Worker};

use crate::corpus;
use crate::support::server::{Server, by_rule};
use crate::support::{
    DIALOGUES, Ended, command, figure, folder, output_files, output_of_any_library, rejoinder, text, write,
};

const CONFIG: &str = "format = 1\n[output]\npart-mib = 1\n[[plugin]]\nname = \"rephrase\"\n";

/// The input and the config of a run of several parts.
fn long_run(dir: &Path) -> (String, String) {
    let mut content = Vec::new();
    corpus::write(&mut content, 4_000, 5, corpus::Style::default()).unwrap();
    (write(dir, "corpus.jsonl", content), write(dir, "c.toml", CONFIG))
}

#[test]
fn a_short_run_that_is_no_terminal_prints_no_progress_and_json_stays_pure() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let ended = rejoinder(&["run", DIALOGUES, "--out", &run, "--json"]).expect(0);
    assert_eq!(ended.stderr, "");
    ended.json();
}

#[test]
fn quiet_keeps_remarks_back_but_no_error() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--out", &run]).expect(0);
    assert!(rejoinder(&["export", "kto", &run]).expect(0).stderr.contains("wrote "));
    assert_eq!(rejoinder(&["export", "kto", &run, "--quiet"]).expect(0).stderr, "");
    let wrong = rejoinder(&["-q", "run", "no/such/file.jsonl"]).expect(2);
    assert!(wrong.stderr.starts_with("rejoinder: no input at"), "no colour off a terminal: {}", wrong.stderr);
}

#[test]
fn the_watch_sees_bytes_and_decisions_and_a_stop_ends_the_scan() {
    let dir = folder();
    let input = rejoinder_read::InputFile::describe(Path::new(DIALOGUES)).unwrap();
    let engine = Engine::build(Config::default()).unwrap();
    let begin = |name: &str| {
        let path = RunDir::create(&dir.path().join(name)).unwrap();
        RunDir::begin(path, Manifest::new(&engine, vec![input.clone()], false)).unwrap()
    };
    let run = begin("whole");
    let watch = Watch::default();
    scan::run_watched(&run, &engine, NonZeroUsize::MIN, &watch, &|_| {}).unwrap();
    let stats = run.scan_stats().unwrap();
    assert!(stats.turns > 0);
    assert_eq!(
        watch.stage(),
        Stage::Scan(ScanProgress { read: input.size, total: input.size, stats, judge: None })
    );

    let stopped = begin("stopped");
    watch.stop.flag().store(true, Ordering::Relaxed);
    let error = scan::run_watched(&stopped, &engine, NonZeroUsize::MIN, &watch, &|_| {}).unwrap_err();
    assert_eq!(Failure::from(error).exit, Exit::Interrupted);
    assert!(!scan::is_complete(&stopped).unwrap());
}

#[test]
fn a_stop_is_heard_within_a_conversation() {
    let engine = Engine::build(Config::default()).unwrap();
    let line = std::fs::read_to_string(DIALOGUES).unwrap().lines().next().unwrap().to_owned();
    let chunk = Chunk::of_lines("one.jsonl".to_owned(), Position::default(), line.into_bytes());
    let stop = StopFlag::default();
    let mut worker = Worker::new(&engine).unwrap().until(stop.clone());
    assert_eq!(worker.scan(&chunk).unwrap().conversations.len(), 1);
    stop.flag().store(true, Ordering::Relaxed);
    let error = worker.scan(&chunk).err().unwrap();
    assert_eq!(Failure::from(error).exit, Exit::Interrupted);
}

#[test]
fn judging_beside_the_scan_tells_of_all_requests_that_the_scan_has_left() {
    let dir = folder();
    let server = Server::start(by_rule);
    let mut config = Config::default();
    config.judge.base_url = Some(BaseUrl::One(server.base_url()));
    let engine = Engine::build(config).unwrap();
    let input = rejoinder_read::InputFile::describe(Path::new(DIALOGUES)).unwrap();
    let path = RunDir::create(&dir.path().join("run")).unwrap();
    let mut run = RunDir::begin(path, Manifest::new(&engine, vec![input], false)).unwrap();
    let client = settings::client(&engine.config.judge).unwrap().unwrap();
    let judge = judging::prepare_judge(&mut run, client).unwrap();
    let watch = Watch::default();
    judging::ask_while_scanning(&run, &judge, &watch, |committed| {
        scan::run_watched(&run, &engine, NonZeroUsize::MIN, &watch, committed)
    })
    .unwrap();
    let Stage::Judge(seen) = watch.stage() else { panic!("{:?}", watch.stage()) };
    let left = run.scan_stats().unwrap().questions;
    assert!(left > 0);
    assert_eq!((seen.requests, seen.progress.answered + seen.progress.from_store), (left, left));
}

#[test]
fn an_input_that_vanishes_during_a_run_stops_it_resumably() {
    let dir = folder();
    let name = write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    let input = rejoinder_read::InputFile::describe(Path::new(&name)).unwrap();
    let engine = Engine::build(Config::default()).unwrap();
    let path = dir.path().join("run");
    let run =
        RunDir::begin(RunDir::create(&path).unwrap(), Manifest::new(&engine, vec![input], false)).unwrap();
    std::fs::remove_file(&name).unwrap();
    let failure = Failure::from(scan::run(&run, &engine, NonZeroUsize::MIN).unwrap_err());
    assert_eq!(failure.exit, Exit::Io);
    assert!(failure.message.contains("cannot read") && failure.message.contains("in.jsonl"), "{failure}");
    drop(run);
    let run = RunDir::open(&path).unwrap();
    assert_eq!(run.engine().err().map(|error| Failure::from(error).exit), Some(Exit::Io), "it is still away");
    std::fs::copy(DIALOGUES, &name).unwrap();
    scan::run(&run, &run.engine().unwrap(), NonZeroUsize::MIN).unwrap();
    let whole = dir.path().join("whole");
    rejoinder(&["run", &name, "--out", &text(&whole)]).expect(0);
    assert!(output_of_any_library(&path) == output_of_any_library(&whole));
}

#[cfg(unix)]
mod interrupting {
    use super::*;

    /// Sends a signal by name.
    fn signal(child: &std::process::Child, name: &str) {
        let kill = format!("kill -{name} {}", child.id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Starts the command, waits until `ready`, interrupts it, and returns how it ended.
    fn interrupted<S: AsRef<std::ffi::OsStr>>(args: &[S], name: &str, ready: impl Fn() -> bool) -> Ended {
        let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while !ready() {
            assert!(child.try_wait().unwrap().is_none(), "it ended too early");
            std::thread::sleep(Duration::from_millis(2));
        }
        signal(&child, name);
        child.wait_with_output().unwrap().into()
    }

    #[test]
    fn an_interrupted_scan_ends_with_130_and_resumes_to_the_same_bytes() {
        let dir = folder();
        let (input, config) = long_run(dir.path());
        let whole = dir.path().join("whole");
        rejoinder(&["run", &input, "--config", &config, "--out", &text(&whole)]).expect(0);
        let expected = output_files(&whole);
        for name in ["INT", "TERM"] {
            let run = dir.path().join(name);
            let first_part = run.join("parts/part-00000.jsonl");
            let args = ["run", &input, "--config", &config, "--json", "--out", &text(&run)];
            let ended = interrupted(&args, name, || first_part.exists()).expect(130);
            assert_eq!(ended.stdout, "");
            let advice = format!("rejoinder resume {}", run.display());
            assert!(
                ended.stderr.contains("interrupted") && ended.stderr.contains(&advice),
                "{}",
                ended.stderr
            );
            let done = output_files(&run);
            assert!(done.len() < expected.len(), "interrupted in the middle");
            assert!(done.iter().all(|file| expected.contains(file)), "nothing half-written");
            rejoinder(&["resume", &text(&run)]).expect(0);
            assert!(output_files(&run) == expected);
        }
    }

    #[test]
    fn an_interruption_while_judging_keeps_every_answer_that_was_paid_for() {
        let dir = folder();
        let server = Server::start(|request| {
            std::thread::sleep(Duration::from_millis(60));
            by_rule(request)
        });
        let judge = format!(
            "{CONFIG}[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nmax-in-flight = 4\n",
            server.base_url()
        );
        let config = write(dir.path(), "j.toml", judge);
        let whole = dir.path().join("whole");
        let calm = rejoinder(&["run", DIALOGUES, "--config", &config, "--json", "--out", &text(&whole)])
            .expect(0)
            .json();
        let needed = server.requests();
        assert!(needed > 16, "{calm}");
        let run = dir.path().join("run");
        let args = ["run", DIALOGUES, "--config", &config, "--json", "--out", &text(&run)];
        let ended = interrupted(&args, "INT", || server.requests() > needed + 8).expect(130);
        assert!(ended.stderr.contains("what was answered is kept"), "{}", ended.stderr);
        let summary = ended.json();
        let asked = server.requests() - needed;
        assert!(asked < needed, "interrupted in the middle");
        let probes = (server.all_requests() - server.requests()) / 2;
        assert_eq!(figure(&summary, "calls"), (asked + probes) as u64);
        assert_eq!(figure(&summary, "judged") + figure(&summary, "unverified"), asked as u64, "{summary}");
        rejoinder(&["resume", &text(&run)]).expect(0);
        assert_eq!(server.requests(), 2 * needed, "nothing was asked twice");
        assert!(output_files(&run) == output_files(&whole));
    }

    #[test]
    fn a_second_interrupt_ends_at_once() {
        let dir = folder();
        let server = Server::start(|request| {
            if !request.is_probe() {
                std::thread::sleep(Duration::from_secs(20));
            }
            by_rule(request)
        });
        let judge = format!("{CONFIG}[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n", server.base_url());
        let config = write(dir.path(), "j.toml", judge);
        let run = text(&dir.path().join("run"));
        let begun = std::time::Instant::now();
        let mut child = command(&["run", DIALOGUES, "--config", &config, "--out", &run])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while server.requests() == 0 {
            assert!(child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(5));
        }
        signal(&child, "INT");
        std::thread::sleep(Duration::from_millis(400));
        assert!(child.try_wait().unwrap().is_none(), "the first one waits for the answers in flight");
        signal(&child, "INT");
        let ended = Ended::from(child.wait_with_output().unwrap()).expect(130);
        assert!(ended.stderr.contains("interrupt again to end at once"), "{}", ended.stderr);
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}

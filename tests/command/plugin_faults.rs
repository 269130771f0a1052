//! Plugins that hang, crash, fork and shout, as whoever runs them meets them.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::plugins::{config, dialogues, hanging, killed_with_all_its_children, marked, run};
use crate::support::{DIALOGUES, Ended, command, figure, folder, output_files, rejoinder, rows, text, write};

const APART: &str = "isolation = \"process\"\ntimeout = \"30s\"";

/// Runs the command over the input in a folder, with all signals and all words.
fn whole_run(input: &str, config: &str, out: &str) -> Output {
    command(&["run", input, "--config", config, "--out", out, "--json"]).output().unwrap()
}

fn status(run: &str) -> Value {
    rejoinder(&["status", run, "--json"]).expect(0).json()
}

/// Waits until nothing is left of the processes that were given this mark.
fn wait_until_all_are_gone(mark: &str) {
    let begun = Instant::now();
    while !marked(mark).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?} live on", marked(mark));
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_busy_plugin_is_named_within_ten_seconds_by_the_run_and_by_whoever_looks() {
    let busy = |name: &str, plugin: &str| {
        let dir = folder();
        let input = dialogues(dir.path(), &["fine", "sleep 9500"]);
        let config = config(dir.path(), "c.toml", plugin);
        let out = text(&dir.path().join("out"));
        let args = ["run", &input, "--config", &config, "--out", &out];
        let work = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        let told = loop {
            assert!(begun.elapsed() < Duration::from_secs(10), "{name}: nobody is named");
            if Path::new(&out).join("status.json").exists() {
                let seen = status(&out);
                if let Some(told) = seen["status"]["busy_plugins"].get(0) {
                    break told.clone();
                }
            }
            sleep(Duration::from_millis(100));
        };
        let words = rejoinder(&["status", &out]).expect(0).stdout;
        let ended = Ended::from(work.wait_with_output().unwrap()).expect(0);
        assert_eq!(
            (told["plugin"].as_str(), told["work"].as_str()),
            (Some("misfit"), Some("batch")),
            "{told}"
        );
        assert_eq!((figure(&told, "turns"), figure(&told, "threads")), (2, 1));
        let flat = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = "plugin `misfit` has been busy with a batch of 2 turns for ";
        assert!(flat.contains(told), "{words}");
        assert!(ended.stderr.contains(&format!("warning: {told}")), "{}", ended.stderr);
        let way_on = match name {
            "here" => "; it runs inside of this process, which can only wait for it",
            _ => "; what takes longer than the `timeout`",
        };
        assert!(ended.stderr.contains(way_on), "{}", ended.stderr);
    };
    let loaded = || {
        let dir = folder();
        let library = hanging(dir.path(), "load");
        let config = write(dir.path(), "c.toml", format!("format = 1\n[[plugin]]\npath = \"{library}\"\n"));
        let mut work =
            command(&["explain", DIALOGUES, "--config", &config]).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        let mut lines = BufReader::new(work.stderr.take().unwrap()).lines();
        let told = format!("plugin `{library}` has been busy with the loading of its library for ");
        assert!(lines.any(|line| line.unwrap().contains(&told)));
        assert!(begun.elapsed() < Duration::from_secs(10));
        work.kill().unwrap();
        work.wait().unwrap();
    };
    std::thread::scope(|scope| {
        scope.spawn(|| busy("here", ""));
        scope.spawn(|| busy("apart", APART));
        scope.spawn(loaded);
    });
}

#[test]
fn a_plugin_that_takes_the_run_along_is_named_by_it_by_status_and_by_resume() {
    for (turn, signal) in [("abort", 6), ("segfault", 11), ("overflow", 6), ("exit", 0)] {
        let dir = folder();
        let input = dialogues(dir.path(), &["fine", turn, "fine"]);
        let config = config(dir.path(), "c.toml", "");
        let out = text(&dir.path().join("out"));
        let crashed = whole_run(&input, &config, &out);
        let words = String::from_utf8(crashed.stderr).unwrap();
        match signal {
            0 => assert_eq!(crashed.status.code(), Some(8), "{words}"),
            signal => assert_eq!(crashed.status.signal(), Some(signal), "{words}"),
        }
        let next = format!("rejoinder resume {out} --isolate");
        let told: Vec<&str> = words.lines().filter(|line| line.contains("`misfit`")).collect();
        assert!(told.len() == 1 && told[0].ends_with(&next), "{turn}: {words}");

        let seen = status(&out);
        assert_eq!((&seen["state"], &seen["next"]), (&"killed".into(), &next.into()), "{seen}");
        assert_eq!(seen["crash"]["plugin"], "misfit", "{seen}");
        let looked = rejoinder(&["status", &out]).expect(0).stdout;
        assert!(looked.contains("plugin     plugin `misfit` has "), "{looked}");

        let resumed = rejoinder(&["resume", &out, "--isolate", "--json"]).expect(0);
        let remark = "; plugins run in processes of their own now";
        assert!(
            resumed.stderr.contains("plugin `misfit` has ") && resumed.stderr.contains(remark),
            "{}",
            resumed.stderr
        );
        assert_eq!(figure(&resumed.json(), "plugin_faults"), 1);
        assert_eq!(rows(&Path::new(&out).join("faults.jsonl"))[0]["id"], "0:1:2");
        assert!(status(&out)["crash"].is_null() && !Path::new(&out).join("crash.json").exists());
    }
}

#[test]
fn a_signal_of_another_process_is_no_crash_of_the_plugin_that_runs_just_then() {
    let dir = folder();
    let input = dialogues(dir.path(), &["sleep 9500"]);
    let config = config(dir.path(), "c.toml", "");
    let out = text(&dir.path().join("out"));
    let args = ["run", &input, "--config", &config, "--out", &out];
    let work = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !Path::new(&out).join("status.json").exists() {
        sleep(Duration::from_millis(1));
    }
    sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-ABRT", &work.id().to_string()]).status().unwrap().success());
    let ended = work.wait_with_output().unwrap();
    assert_eq!(ended.status.signal(), Some(6));
    let words = String::from_utf8(ended.stderr).unwrap();
    assert!(!words.contains("misfit"), "{words}");
    assert!(!Path::new(&out).join("crash.json").exists());
}

#[test]
fn of_two_threads_that_crash_at_once_one_is_told_in_full() {
    for _ in 0..10 {
        let dir = folder();
        let input = dialogues(dir.path(), &["segfault"; 64]);
        let config = config(dir.path(), "c.toml", "");
        let out = text(&dir.path().join("out"));
        let args = ["run", &input, "--config", &config, "--out", &out, "--threads", "4"];
        let crashed = command(&args).output().unwrap();
        assert_eq!(crashed.status.signal(), Some(11));
        let words = String::from_utf8(crashed.stderr).unwrap();
        assert!(words.contains("plugin `misfit` has crashed") && words.ends_with("--isolate\n"), "{words}");
        assert_eq!(status(&out)["crash"]["plugin"], "misfit");
    }
}

#[test]
fn a_copy_that_a_plugin_makes_of_the_run_does_nothing() {
    let dir = folder();
    let input = dialogues(dir.path(), &["fine", "fork", "fine"]);
    let outputs = ["", APART].map(|plugin| {
        let config = config(dir.path(), "c.toml", plugin);
        let out = dir.path().join(if plugin.is_empty() { "here" } else { "apart" });
        let ended = run(&input, &config, &out).expect(0);
        let told = ended
            .stderr
            .matches("`misfit` has forked inside of a call; the copy of the process was ended")
            .count();
        assert_eq!(told, 1, "{}", ended.stderr);
        assert_eq!(figure(&ended.json(), "plugin_faults"), 0);
        output_files(&out)
    });
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn nothing_is_left_of_what_a_plugin_has_started_in_its_own_process() {
    let dir = folder();
    let out = dir.path().join("out");
    let config = config(dir.path(), "c.toml", "isolation = \"process\"\ntimeout = \"1s\"");
    for turns in [&["leave", "fine"][..], &["leave", "segfault"], &["leave", "deaf"]] {
        let input = dialogues(dir.path(), turns);
        let mark = format!("{turns:?} {}", text(&out));
        let args = ["run", &input, "--config", &config, "--out", &text(&out)];
        let ended = Ended::from(command(&args).env("MARK", &mark).output().unwrap()).expect(0);
        wait_until_all_are_gone(&mark);
        assert!(!ended.stderr.contains("crashed"), "{}", ended.stderr);
        std::fs::remove_dir_all(&out).unwrap();
    }
    let input = dialogues(dir.path(), &["leave", "hang"]);
    let patient = crate::plugins::config(dir.path(), "patient.toml", APART);
    let args = ["run", &input, "--config", &patient, "--out", &text(&out)];
    killed_with_all_its_children(&args, &format!("left {}", text(&out)), |parent, mark| {
        // The run, the child, and what the plugin has left behind.
        while marked(mark).len() < 3 {
            assert_eq!(parent.try_wait().unwrap(), None, "it ended instead of hanging");
            sleep(Duration::from_millis(1));
        }
    });
}

#[test]
fn a_plugin_that_floods_standard_error_is_cut_short_and_costs_nothing() {
    let dir = folder();
    let input = dialogues(dir.path(), &["fine", "flood"]);
    let config = config(dir.path(), "c.toml", APART);
    let ended = run(&input, &config, &dir.path().join("out")).expect(0);
    assert_eq!(figure(&ended.json(), "plugin_faults"), 0);
    assert!(ended.stderr.len() < 50_000, "{} bytes", ended.stderr.len());
    let told = ended.stderr.lines().last().unwrap();
    assert!(told.ends_with("prints too much: 999900 more lines (9999000 bytes) are left out"), "{told}");
}

#[test]
fn a_plugin_that_takes_no_notice_of_a_wish_to_end_is_ended_all_the_same() {
    let dir = folder();
    let out = dir.path().join("out");
    let plugin = "isolation = \"process\"\ntimeout = \"2s\"";
    let input = dialogues(dir.path(), &["deaf"]);
    let starting = config(dir.path(), "starting.toml", &format!("{plugin}\nconfig = {{ deaf = true }}"));
    let ended = run(&input, &starting, &out).expect(7);
    assert!(
        ended.stderr.contains("is not ready in time: starting it (`create`) took longer than 2s"),
        "{}",
        ended.stderr
    );

    let asked = config(dir.path(), "asked.toml", plugin);
    let mark = format!("deaf {}", text(&out));
    let args = ["run", &input, "--config", &asked, "--out", &text(&out)];
    let work =
        command(&args).env("MARK", &mark).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // From here on it listens to signals.
    while !out.join("status.json").exists() {
        sleep(Duration::from_millis(1));
    }
    sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-TERM", &work.id().to_string()]).status().unwrap().success());
    Ended::from(work.wait_with_output().unwrap()).expect(130);
    wait_until_all_are_gone(&mark);
}

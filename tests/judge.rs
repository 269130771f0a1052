//! The judge as the operator sees it, against an HTTP server that answers as a pure function of the request: what is
//! asked, how often, and how a run ends when it cannot be asked on.

use std::path::Path;

mod support;
use support::server::{Server, by_rule};
use support::{DIALOGUES, assert_funnel_adds_up, figure, folder, output_files, rejoinder, rows, text, write};

fn config(dir: &Path, base_url: &str, more: &str) -> String {
    write(
        dir,
        "judge.toml",
        format!(
            "format = 1\n[[plugin]]\nname = \"rephrase\"\n[[plugin]]\nname = \"context\"\n[judge]\nbase-url = \"{base_url}\"\nmodel = \"test-model\"\nmax-in-flight = 4\n{more}"
        ),
    )
}

#[test]
fn a_run_without_a_judge_is_finished_later_and_asks_each_question_once() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let before = rejoinder(&["run", DIALOGUES, "--json", "--out", &run]).expect(0).json();
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "");
    let after = rejoinder(&["judge", &run, "--config", &config, "--json"]).expect(0).json();
    assert_funnel_adds_up(&after);
    assert_eq!(figure(&after, "undecided"), 0, "{after}");
    assert_eq!(figure(&after, "judged"), figure(&before, "undecided"));
    assert_eq!(server.all_requests() as u64, figure(&after, "calls"));
    assert!(server.requests() as u64 <= figure(&before, "requests"));
    let asked = server.all_requests();
    rejoinder(&["judge", &run, "--json"]).expect(0);
    rejoinder(&["resume", &run]).expect(0);
    assert_eq!(server.all_requests(), asked, "a stored reply is never asked for again");

    // A run that judges at once writes the same bytes.
    let at_once = dir.path().join("at-once");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&at_once)]).expect(0);
    assert!(output_files(&at_once) == output_files(Path::new(&run)));
    let judged = rows(&at_once.join("judged/part-00000.jsonl"));
    assert!(!judged.is_empty());
    for row in judged {
        assert_eq!((row["source"].as_str(), row["model"].as_str()), (Some("judge"), Some("test-model")));
        assert!(row["reply_key"].as_str().unwrap().len() >= 32);
    }
    let shown = rejoinder(&["show", &run, "--judged", "--sample", "3"]).expect(0);
    assert!(shown.stdout.contains("judged to be"), "{}", shown.stdout);
}

#[test]
fn the_budget_of_calls_is_never_passed_and_what_was_answered_is_kept() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "[budget]\ncalls = 7\n");
    let ended = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run, "--json"]).expect(4);
    assert!(ended.stderr.contains("budget"), "{}", ended.stderr);
    let summary = ended.json();
    // Two of them found out what the server can do.
    assert_eq!((server.requests(), figure(&summary, "judged"), figure(&summary, "calls")), (5, 5, 7));
    assert_funnel_adds_up(&summary);
    // The budget holds for the run's whole life, until it is raised.
    rejoinder(&["judge", &run]).expect(4);
    assert_eq!(server.all_requests(), 7);
    rejoinder(&["resume", &run, "--calls", "10"]).expect(4);
    assert_eq!(server.all_requests(), 10);
    let done = rejoinder(&["judge", &run, "--calls", "1000", "--json"]).expect(0).json();
    assert_eq!(figure(&done, "undecided"), 0);
}

#[test]
fn a_dead_endpoint_ends_with_5_and_the_run_goes_on_when_it_is_back() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    // A port that was free a moment ago.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config_file = config(dir.path(), &format!("http://{dead}/v1"), "patience-seconds = 1\n");
    let ended = rejoinder(&["run", DIALOGUES, "--config", &config_file, "--out", &run, "--json"]).expect(5);
    assert!(ended.stderr.contains("cannot be reached"), "{}", ended.stderr);
    assert_eq!(figure(&ended.json(), "judged"), 0);
    let server = Server::start(by_rule);
    let config_file = config(dir.path(), &server.base_url(), "");
    let done = rejoinder(&["judge", &run, "--config", &config_file, "--json"]).expect(0).json();
    assert_eq!(figure(&done, "undecided"), 0);
}

#[test]
fn the_papers_unit_asks_once_a_conversation() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "unit = \"conversation\"\n");
    let summary =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run, "--json"]).expect(0).json();
    assert_eq!(server.requests() as u64, figure(&summary, "requests"));
    assert!(figure(&summary, "requests") <= figure(&summary, "paper_requests"));
    assert_funnel_adds_up(&summary);
}

#[test]
fn runs_share_replies_when_the_config_says_so() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "replies = \"shared.sqlite\"\n");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&dir.path().join("a"))]).expect(0);
    let (asked, all) = (server.requests(), server.all_requests());
    let second =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&dir.path().join("b")), "--json"])
            .expect(0);
    assert_eq!(server.requests(), asked);
    let probes = (server.all_requests() - all) as u64;
    assert_eq!(figure(&second.json(), "calls"), probes, "it only finds out what the server can do");
}

#[test]
fn the_key_comes_from_the_environment_and_is_written_nowhere() {
    let dir = folder();
    let run = dir.path().join("run");
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "api-key-env = \"REJOINDER_TEST_KEY\"\n");
    let missing = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&run)]).expect(7);
    assert!(missing.stderr.contains("REJOINDER_TEST_KEY"), "{}", missing.stderr);
    let mut command = support::command(&["run", DIALOGUES, "--config", &config, "--out", &text(&run)]);
    let ended: support::Ended = command.env("REJOINDER_TEST_KEY", "sk-very-secret").output().unwrap().into();
    let ended = ended.expect(0);
    assert!(server.saw_header("authorization", "Bearer sk-very-secret"));
    let mut texts = vec![ended.stdout.into_bytes(), ended.stderr.into_bytes()];
    for entry in walk(&run) {
        texts.push(std::fs::read(entry).unwrap());
    }
    for text in texts {
        assert!(!text.windows(14).any(|w| w == b"sk-very-secret"));
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn a_run_killed_while_judging_resumes_to_the_same_bytes_and_keeps_its_answers() {
    let dir = folder();
    let slow = Server::start(|request| {
        std::thread::sleep(std::time::Duration::from_millis(30));
        by_rule(request)
    });
    let config = config(dir.path(), &slow.base_url(), "");
    let whole = dir.path().join("whole");
    let calm = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&whole), "--json"])
        .expect(0)
        .json();
    let needed = slow.requests();
    assert!(needed > 8, "{calm}");
    let run = dir.path().join("killed");
    let mut child = support::command(&["run", DIALOGUES, "--config", &config, "--out", &text(&run)])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while slow.requests() < needed + needed / 2 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(child.try_wait().unwrap().is_none(), "killed too late");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    rejoinder(&["resume", &text(&run)]).expect(0);
    assert!(output_files(&run) == output_files(&whole));
    // Only what was in flight at the kill may be asked twice.
    assert!(slow.requests() <= needed * 2 + 4, "{} for {needed}", slow.requests());
}

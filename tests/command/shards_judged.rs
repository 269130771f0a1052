//! Shards that ask a judge: each turn is asked about once, the budget holds over all shards, and the merged run holds every answer.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::shards::{Bench, chats};
use crate::support::server::{Dialect, Server, letters_in, pattern};
use crate::support::{
    DIALOGUES, assert_funnel_adds_up, figure, folder, output_files, random, rejoinder, text, write,
};

/// Sends many of the corpus's later turns to the judge, beside those that the shipped rules send there.
const RULES: &str = "format = 1\nlang = [\"en\"]\n[[rule]]\nid = \"shards.ask\"\nroute = \"escalate\"\ncategory = \"UR2\"\nweight = 0.5\n\
     any = [\"now add\", \"next, write about\", \"and what about\", \"tell me more about\", \"how do i use\", \"make a table of\"]\n";

const IN_FLIGHT: usize = 8;

fn server() -> Server {
    Server::start(|request| {
        letters_in(Dialect::Structured, request, |turn| match turn.contains("river") {
            true => "UR2",
            false => pattern(turn),
        })
    })
}

fn config(dir: &Path, server: &Server, more: &str) -> String {
    let rules = write(dir, "shards.toml", RULES);
    let config = format!(
        "format = 1\n[output]\npart-mib = 1\n[rules]\npacks = [\"en\", {rules:?}]\n[[plugin]]\nname = \"rephrase\"\n\
         [judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\nmax-in-flight = {IN_FLIGHT}\n{more}",
        server.base_url()
    );
    write(dir, "judge.toml", config)
}

/// The requests that a server was asked since request number `from`, but for what tries its letters.
fn bodies(server: &Server, from: usize) -> Vec<String> {
    let log = &server.log()[from..];
    let usual = log.iter().filter(|request| !request.prompt().contains("\nA = No feedback"));
    usual.map(|request| request.body.to_string()).collect()
}

#[test]
fn shards_that_ask_in_any_form_become_the_run_of_one_process() {
    for answer in ["label", "letters", "json"] {
        let dir = folder();
        let server = server();
        let input = chats(dir.path(), 900);
        let config = config(dir.path(), &server, &format!("answer = \"{answer}\"\n"));
        let bench = Bench::new(dir, &[&input, "--config", &config]);
        assert!(figure(&bench.summary, "judged") > 200 && figure(&bench.summary, "undecided") == 0);
        let mut whole = bodies(&server, 0);
        let mut random = random();
        for of in [3, 7] {
            let (before, asked_before) = (server.all_requests(), server.requests());
            let job = bench.job(&format!("job{of}"));
            bench.run_all(of, &job, &mut random);
            let merged = bench.merge(&job);
            assert_eq!(figure(&merged, "calls"), (server.all_requests() - before) as u64, "{answer}");
            let mut asked = bodies(&server, asked_before);
            whole.sort();
            asked.sort();
            assert!(asked == whole, "{answer}: other requests in {of} shards");
            let asked = server.all_requests();
            rejoinder(&["judge", &text(&job)]).expect(0);
            assert_eq!(server.all_requests(), asked, "{answer}: asked again after the merge");
        }
    }
}

#[test]
fn turns_with_the_same_prompt_in_two_shards_have_one_answer_each() {
    for answer in ["label", "letters", "json"] {
        let dir = folder();
        let server = server();
        let once = std::fs::read_to_string(chats(dir.path(), 400)).unwrap();
        let input = write(dir.path(), "twice.jsonl", once.repeat(2));
        let config = config(dir.path(), &server, &format!("answer = \"{answer}\"\n"));
        let whole = dir.path().join("whole");
        let of_run = ["run", &input, "--config", &config, "--json", "--out"];
        let expected = rejoinder(&[&of_run[..], &[&text(&whole)]].concat()).expect(0).json();
        let job = text(&dir.path().join("job"));
        for shard in ["2/2", "1/2"] {
            rejoinder(&[&of_run[..], &[&job, "--shard", shard]].concat()).expect(0);
        }
        let merged = rejoinder(&["merge", &job, "--json"]).expect(0).json();
        assert_funnel_adds_up(&merged);
        for name in ["conversations", "turns", "undecided", "judged", "unverified", "with_feedback"] {
            assert_eq!(merged[name], expected[name], "{answer}: {name}");
        }
        assert_eq!(merged["judged_feedback"], expected["judged_feedback"], "{answer}");
        // What each turn was found to be is the same, whichever request was about it.
        assert_eq!(judged(Path::new(&job)), judged(&whole), "{answer}");
        let (spent, asked) = (figure(&merged, "calls"), server.all_requests());
        rejoinder(&["judge", &job]).expect(0);
        assert_eq!(server.all_requests(), asked, "{answer}: {spent}");
    }
}

/// The judged records of a run, without the request that each was found in.
fn judged(run: &Path) -> Vec<Value> {
    let files = output_files(run).into_iter().filter(|(path, _)| path.starts_with("judged"));
    let text: Vec<u8> = files.flat_map(|(_, bytes)| bytes).collect();
    let records = serde_json::Deserializer::from_slice(&text).into_iter::<Value>().map(Result::unwrap);
    let apart = records.map(|mut record| {
        for key in ["reply_key", "reply_form", "probabilities"] {
            record.as_object_mut().unwrap().remove(key);
        }
        record
    });
    apart.collect()
}

#[test]
fn the_budget_is_shared_out_and_what_waits_is_asked_after_the_merge() {
    let dir = folder();
    let server = server();
    let input = chats(dir.path(), 900);
    let config = config(dir.path(), &server, "answer = \"label\"\n[budget]\ncalls = 100\n");
    let job = dir.path().join("job");
    let out = text(&job);
    for shard in ["1/3", "2/3", "3/3"] {
        let before = server.all_requests();
        let args = ["run", &input, "--config", &config, "--shard", shard, "--out", &out];
        let stopped = rejoinder(&args).expect(4).stderr;
        assert!(stopped.contains("the budget is spent") && stopped.contains("a share of it"), "{stopped}");
        let asked = server.all_requests() - before;
        assert!((20..=50).contains(&asked), "{shard}: {asked}");
    }
    assert_eq!(server.all_requests(), 100);
    let merged = rejoinder(&["merge", &out, "--json"]).expect(0).json();
    assert_eq!(figure(&merged, "calls"), 100);
    assert!(figure(&merged, "judged") > 50 && figure(&merged, "undecided") > 50, "{merged}");
    rejoinder(&["judge", &out]).expect(4);
    let done = rejoinder(&["judge", &out, "--calls", "5000", "--json"]).expect(0).json();
    assert_eq!((figure(&done, "undecided"), figure(&done, "calls")), (0, server.all_requests() as u64));
    let whole = dir.path().join("whole");
    rejoinder(&["run", &input, "--config", &config, "--calls", "5000", "--out", &text(&whole)]).expect(0);
    assert!(output_files(&job) == output_files(&whole));
}

#[test]
fn shards_that_were_left_for_later_are_asked_after_the_merge() {
    let dir = folder();
    let server = server();
    let input = chats(dir.path(), 600);
    let config = config(dir.path(), &server, "");
    let bench = Bench::new(dir, &[&input, "--config", &config]);
    let job = bench.job("job");
    for number in 1..=3 {
        let offline: &[String] = if number == 2 { &["--offline".to_owned()] } else { &[] };
        rejoinder(&[&bench.shard(number, 3, &job)[..], offline].concat()).expect(0);
        rejoinder(&[&bench.shard(number, 3, &job)[..], offline].concat()).expect(0);
    }
    let merged = rejoinder(&["merge", &text(&job), "--json"]).expect(0).json();
    assert!(figure(&merged, "undecided") > 0 && figure(&merged, "judged") > 0, "{merged}");
    let asked: HashSet<String> = bodies(&server, 0).into_iter().collect();
    let done = rejoinder(&["judge", &text(&job), "--json"]).expect(0).json();
    assert_eq!(figure(&done, "undecided"), 0, "{done}");
    assert!(asked == bodies(&server, 0).into_iter().collect(), "other requests than those of one run");
    assert!(output_files(&job) == output_files(&bench.whole));
}

#[test]
fn shards_that_share_a_store_of_replies_are_merged_over_it() {
    let dir = folder();
    let server = server();
    let config = config(dir.path(), &server, "replies = \"shared.sqlite\"\n");
    let bench = Bench::new(dir, &[DIALOGUES, "--config", &config]);
    let job = bench.job("job");
    let asked = server.requests();
    bench.run_all(2, &job, &mut random());
    assert_eq!(server.requests(), asked, "the store has all replies");
    bench.merge(&job);
    assert!(!job.join("replies.sqlite").exists());
}

#[test]
fn a_shard_that_was_asked_otherwise_is_named() {
    let dir = folder();
    let (first, second) = (server(), server());
    let input = chats(dir.path(), 600);
    let other = std::fs::read_to_string(config(dir.path(), &second, "answer = \"json\"\n")).unwrap();
    let other = write(dir.path(), "other.toml", other);
    let config = config(dir.path(), &first, "");
    let bench = Bench::new(dir, &[&input, "--config", &config]);
    let job = bench.job("job");
    bench.run_all(3, &job, &mut random());
    rejoinder(&["judge", &text(&job.join("shards/002-of-003")), "--config", &other]).expect(0);
    let refused = rejoinder(&["merge", &text(&job)]).expect(7).stderr;
    assert!(
        refused.contains("1 of 3 shards") && refused.contains("shard 2/3 was made of something else"),
        "{refused}"
    );
    assert!(refused.contains("judge.answer"), "{refused}");
}

#[test]
fn shards_that_are_killed_while_they_ask_go_on_and_pay_for_no_stored_reply_again() {
    let dir = folder();
    let slow = Server::start(|request| {
        std::thread::sleep(Duration::from_millis(5));
        letters_in(Dialect::Structured, request, pattern)
    });
    let input = chats(dir.path(), 900);
    let config = config(dir.path(), &slow, "answer = \"letters\"\n");
    let bench = Bench::new(dir, &[&input, "--config", &config]);
    let job = bench.job("job");
    let (before, mut kills) = (slow.requests(), 0);
    for number in 1..=3 {
        let from = slow.requests();
        let mut child = bench.spawn(number, 3, &job);
        while slow.requests() < from + 15 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        kills += usize::from(child.wait_with_output().unwrap().status.code().is_none());
        rejoinder(&bench.shard(number, 3, &job)).expect(0);
    }
    assert!(kills > 0);
    bench.merge(&job);
    let (asked, whole) = (slow.requests() - before, before);
    assert!(
        asked <= whole + kills * IN_FLIGHT,
        "{asked} requests in shards, {whole} of one process, {kills} kills"
    );
}

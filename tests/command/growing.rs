//! Shards, nights, removals and the list of runs together, as the months of an operator bring them.

use std::path::Path;

use serde_json::{Value, json};

use crate::nights::{Corpus, later_turns, nights};
use crate::support::{all_files, figure, rejoinder, text};

/// The files of a run in which a text stands.
fn holding(run: &Path, said: &str) -> Vec<String> {
    let holds = |file: &Path| {
        let bytes = std::fs::read(file).unwrap();
        bytes.windows(said.len()).any(|part| part == said.as_bytes())
    };
    all_files(run).into_iter().filter(|file| holds(file)).map(|file| text(&file)).collect()
}

#[test]
fn shards_are_merged_gone_on_with_the_next_night_listed_and_a_conversation_of_theirs_forgotten() {
    let [monday, tuesday] = nights([40, 20]);
    let corpus = Corpus::new("");
    // Two files, so that both shards have something.
    let half = monday.lines().take(20).map(str::len).sum::<usize>() + 20;
    let m1 = corpus.write("m1.jsonl", &monday[..half]);
    let m2 = corpus.write("m2.jsonl", &monday[half..]);
    let t = corpus.write("t.jsonl", &tuesday);
    let refused = corpus.run("monday", &[&m1, &m2], &["--shard", "1/2", "--after", "x"]).expect(2);
    assert!(refused.stderr.contains("--after"), "{}", refused.stderr);
    for shard in ["2/2", "1/2"] {
        corpus.run("monday", &[&m1, &m2], &["--shard", shard]).expect(0);
    }
    let job = text(&corpus.path("monday"));
    // A job is watched and listed like a run.
    let status = rejoinder(&["status", &job]).expect(0).stdout;
    assert!(status.contains("2 of 2 shards done"), "{status}");
    let shard = text(&corpus.path("monday/shards/001-of-002"));
    assert_eq!(rejoinder(&["status", &shard, "--json"]).expect(0).json()["state"], "finished");
    let refused = rejoinder(&["forget", &shard, "--conversation", "0"]).expect(2);
    assert!(refused.stderr.contains("merge the shards first"), "{}", refused.stderr);
    rejoinder(&["merge", &job, "--keep-shards"]).expect(0);

    let before = corpus.server.requests();
    let summary = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(0).json();
    assert_eq!(figure(&summary, "conversations"), 60);
    let asked: std::collections::BTreeSet<_> = corpus.asked(before).into_iter().collect();
    assert_eq!(asked, later_turns(&tuesday));

    let list = rejoinder(&["runs", "list", &text(corpus.dir.path())]).expect(0).stdout;
    assert_eq!(list.matches("finished").count(), 2, "{list}");
    let kept = rejoinder(&["runs", "rm", &job, "--yes"]).expect(7);
    assert!(kept.stderr.contains("tuesday"), "{}", kept.stderr);

    // The id of the conversation is a number, so it goes by its place.
    let gone = later_turns(monday.lines().nth(3).unwrap());
    let tuesday_run = text(&corpus.path("tuesday"));
    let told = rejoinder(&["forget", &tuesday_run, "--conversation", "0:3"]).expect(0).stdout;
    assert!(told.contains("which this run goes on with") && told.contains("monday"), "{told}");
    let told = rejoinder(&["forget", &job, "--conversation", "0:3"]).expect(0).stdout;
    assert!(told.contains("tuesday, which goes on with this run"), "{told}");
    for said in &gone {
        assert_eq!(holding(&corpus.path("tuesday"), said), [""; 0]);
        assert_eq!(holding(&corpus.path("monday"), said), [""; 0]);
    }
    assert!(!corpus.path("monday/shards").exists());
    // A dump of all days does not bring it back.
    let before = corpus.server.requests();
    let w = corpus.write("w.jsonl", &nights([61])[0]);
    let summary = corpus.run_after("tuesday", "wednesday", &[&w], &[]).expect(0).json();
    assert_eq!(figure(&summary, "conversations"), 60);
    assert!(corpus.asked(before).iter().all(|turn| !gone.contains(turn)));
    for said in &gone {
        assert_eq!(holding(&corpus.path("wednesday"), said), [""; 0]);
    }
}

#[test]
fn a_file_that_is_written_anew_does_not_bring_back_what_was_forgotten() {
    let [all] = nights([12]);
    let corpus = Corpus::new("");
    let lines: Vec<&str> = all.lines().collect();
    let array = |lines: &[&str]| format!("[\n{}\n]\n", lines.join(",\n"));
    let file = corpus.write("chats.json", &array(&lines[..8]));
    corpus.run("monday", &[&file], &[]).expect(0);
    // By its id, and another one by its place.
    let monday = text(&corpus.path("monday"));
    for name in ["5", "0:2"] {
        rejoinder(&["forget", &monday, "--conversation", name]).expect(0);
    }
    let gone: Vec<String> = [5, 2].iter().flat_map(|&line| later_turns(lines[line])).collect();
    // What was said under the id goes on, what stood at the place has another one now.
    let mut went_on: Value = serde_json::from_str(lines[5]).unwrap();
    for (role, said) in [("assistant", "more"), ("user", "and more")] {
        went_on["conversation"].as_array_mut().unwrap().push(json!({ "role": role, "content": said }));
    }
    let mut renamed: Value = serde_json::from_str(lines[2]).unwrap();
    renamed["conversation_id"] = "two".into();
    let [went_on, renamed] = [went_on.to_string(), renamed.to_string()];
    let mut now = lines.clone();
    (now[5], now[2]) = (&went_on, &renamed);
    corpus.write("chats.json", &array(&now));
    let before = corpus.server.requests();
    let summary = corpus.run_after("monday", "tuesday", &[&file], &[]).expect(0).json();
    assert_eq!(figure(&summary, "conversations"), 10);
    assert!(corpus.asked(before).iter().all(|turn| !gone.contains(turn)));
    for said in &gone {
        assert_eq!(holding(&corpus.path("tuesday"), said), [""; 0]);
    }
}

//! How far `forget` reaches: shards, files that are half-written, exports without personal data, later runs; and what waits for it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::forget::{Bench, SAID, chat, chats, holding, others, traces};
use crate::support::{Ended, all_files, command, rejoinder, rows, text, write};

/// A run of a job of two shards, whose shards are kept.
fn merged_job(bench: &Bench) {
    for shard in ["1/2", "2/2"] {
        bench.run(&["--shard", shard]).expect(0);
    }
    rejoinder(&["merge", &bench.run, "--keep-shards"]).expect(0);
}

#[test]
fn shards_of_a_job_are_merged_first_and_forgotten_with_the_merged_run() {
    let bench = Bench::unasked(&chats(4), "label");
    for shard in ["1/2", "2/2"] {
        bench.run(&["--shard", shard]).expect(0);
    }
    let ended = bench.forget(&[]).expect(2);
    assert!(ended.stderr.contains("rejoinder merge"), "{}", ended.stderr);
    rejoinder(&["merge", &bench.run, "--keep-shards"]).expect(0);
    let shard = bench.path().join("shards/001-of-002");
    assert!(!holding(&shard, &traces()).is_empty() && bench.path().join("shards/002-of-002").is_dir());
    // What the operator has put beside the shards is no shard.
    write(bench.path(), "shards/notes.txt", "ask the operator of the second machine");

    let dry = bench.forget(&["--dry-run"]).expect(0).stdout;
    assert!(dry.contains("would be removed") && dry.contains("shards/001-of-002, a shard"), "{dry}");
    assert!(!dry.contains("would be changed"), "{dry}");
    assert!(shard.is_dir());
    let told = bench.forget(&[]).expect(0).stdout;
    assert!(told.contains("shards/002-of-002, a shard that was merged into"), "{told}");
    assert_eq!(holding(bench.path(), &traces()), []);
    assert_eq!(all_files(&bench.path().join("shards")), [bench.path().join("shards/notes.txt")]);
}

#[test]
fn shards_at_work_stay_and_so_does_the_conversation_until_they_are_done() {
    let bench = Bench::unasked(&chats(4), "label");
    merged_job(&bench);
    let shard = bench.path().join("shards/002-of-002");
    // A verb of before the merge has the lock still.
    let at_work = fs::OpenOptions::new().write(true).open(shard.join("run.lock")).unwrap();
    at_work.lock().unwrap();
    let ended = bench.forget(&[]).expect(8);
    assert!(ended.stderr.contains("another process works on"), "{}", ended.stderr);
    assert!(shard.join("manifest.json").is_file());
    drop(at_work);
    bench.forget(&[]).expect(0);
    assert_eq!(holding(bench.path(), &traces()), []);
}

#[test]
fn only_what_the_program_writes_is_removed_whatever_its_name() {
    let bench = Bench::new(&chats(4), "label");
    // No job: a folder of this name is the operator's own, and so are files with the ending of half-written ones.
    let own =
        ["shards/plan.txt", "shards/001-of-002/part", "notes.tmp", "parts/notes.tmp", "scripts/run.sh.tmp"];
    for name in own {
        fs::create_dir_all(bench.path().join(name).parent().unwrap()).unwrap();
        write(bench.path(), name, "nothing of anybody's chats");
    }
    let half = [
        "manifest.json.tmp",
        "judged/part-00007.jsonl.tmp",
        "audit.json.tmp",
        "kto.jsonl.tmp",
        "report.html.tmp",
    ];
    for name in half {
        fs::create_dir_all(bench.path().join(name).parent().unwrap()).unwrap();
        write(bench.path(), name, SAID[1]);
    }
    bench.forget(&[]).expect(0);
    for name in own {
        assert!(bench.path().join(name).is_file(), "{name}");
    }
    for name in half {
        assert!(!bench.path().join(name).exists(), "{name}");
    }
    assert_eq!(holding(bench.path(), &traces()), []);
}

#[test]
fn a_half_forgotten_run_is_refused_by_all_verbs_but_forget() {
    let bench = Bench::new(&chats(4), "label");
    // As a kill leaves a run before the first row goes.
    let ledger = rusqlite::Connection::open(bench.path().join("ledger.sqlite")).unwrap();
    ledger.execute("INSERT INTO facts (name, value) VALUES ('forgetting', '[[0,2]]')", []).unwrap();
    drop(ledger);
    let (run, next) = (&*bench.run, text(&bench.dir.path().join("next")));
    let asked = bench.server.all_requests();
    for verb in [
        &["resume", run][..],
        &["judge", run],
        &["audit", run],
        &["calibrate", run],
        &["report", run],
        &["show", run],
        &["export", "feedback", run],
        &["export", "kto", run],
        &["export", "random", run, "--rows", "5"],
        &["export", "review", run, "--for", "argilla"],
        &["run", &bench.input, "--after", run, "--out", &next],
    ] {
        let ended = rejoinder(verb).expect(2);
        let next = format!("finish that first: rejoinder forget {run}");
        assert!(
            ended.stderr.contains("only half forgotten") && ended.stderr.contains(&next),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(bench.server.all_requests(), asked);
    rejoinder(&["forget", run]).expect(0);
    assert_eq!(holding(bench.path(), &traces()), []);
    rejoinder(&["resume", run]).expect(0);
}

#[test]
fn rows_whose_ids_were_replaced_go_by_their_place_or_are_told_of() {
    let others = [("ben@example.org", "no, send it to Ben"), ("eve@example.org", "that is wrong, says Eve")];
    let said = [
        "write to aenne.elm@example.org please",
        "no, write to aenne@example.org at once",
        "I like it, thank you",
    ];
    let chats: Vec<String> = others
        .iter()
        .map(|(id, second)| {
            chat(id, "somebody", ["make a list", second, "thank you so much"], "Here is a list.")
        })
        .chain([chat("aenne@example.org", "Änne", said, "I write to Änne of Elm Street.")])
        .collect();
    let bench = Bench::new(&(chats.join("\n") + "\n"), "label");
    let run = &*bench.run;
    for what in ["feedback", "kto"] {
        rejoinder(&["export", what, run, "--redact", "emails"]).expect(0);
    }
    rejoinder(&["export", "feedback", run, "--redact", "emails,phones", "--format", "parquet"]).expect(0);
    let set = text(&bench.path().join("set"));
    rejoinder(&["export", "kto", run, "--redact", "emails", "--dataset", &set]).expect(0);
    let table = rows(&bench.path().join("feedback.jsonl"));
    assert!(table.iter().all(|row| row["conversation_id"] == "[EMAIL]"), "{table:?}");

    let forget = ["forget", run, "--conversation", "aenne@example.org"];
    let ended = rejoinder(&forget).expect(8);
    let named: Vec<&str> = ended.stderr.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let [train, kto] = ["set/data/train.jsonl", "kto.jsonl"].map(|name| text(&bench.path().join(name)));
    assert!(named.contains(&&*kto) && named.contains(&&*train), "{named:?}");
    assert!(ended.stderr.contains("export again with --redact"), "{}", ended.stderr);
    // Rows with a place are told apart.
    let left: Vec<Value> =
        table.into_iter().filter(|row| !row["id"].as_str().unwrap().starts_with("0:2:")).collect();
    assert_eq!(rows(&bench.path().join("feedback.jsonl")), left);
    let told = ["no, write to [EMAIL] at once", "I write to Änne"];
    assert_eq!(holding(&bench.path().join("feedback.jsonl"), &told), []);
    assert!(!holding(Path::new(&kto), &told).is_empty());

    rejoinder(&["export", "kto", run, "--redact", "emails", "--force"]).expect(0);
    rejoinder(&["export", "kto", run, "--redact", "emails", "--dataset", &set, "--force"]).expect(0);
    rejoinder(&forget).expect(0);
    assert_eq!(holding(bench.path(), &told), []);
}

#[test]
fn later_runs_that_read_the_copy_of_standard_input_are_told_of() {
    let bench = Bench::unasked(&chats(4), "label");
    let input = fs::File::open(&bench.input).unwrap();
    let args = ["run", "-", "--config", &bench.config, "--out", &bench.run];
    Ended::from(command(&args).stdin(input).output().unwrap()).expect(0);
    let more = write(bench.dir.path(), "more.jsonl", others(6)[5].clone() + "\n");
    let [later, last] = ["later", "last"].map(|name| text(&bench.dir.path().join(name)));
    rejoinder(&["run", &more, "--after", &bench.run, "--out", &later]).expect(0);
    let asked = bench.server.all_requests();

    // Lines are folded.
    let told = bench.forget(&[]).expect(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let copy = text(&all_files(&bench.path().join("input"))[0]);
    let advice = format!("`rejoinder run {copy} --after {later}`");
    assert!(told.contains(&format!("forget {later} --conversation")) && told.contains(&advice), "{told}");
    let refused = rejoinder(&["export", "kto", &later]);
    assert!(refused.stderr.contains("has changed"), "{}", refused.stderr);
    rejoinder(&["run", &copy, "--after", &later, "--out", &last]).expect(0);
    rejoinder(&["export", "kto", &last]).expect(0);
    assert_eq!(holding(Path::new(&last), &["Elm Street 7"]), []);
    assert_eq!(bench.server.all_requests(), asked);
}

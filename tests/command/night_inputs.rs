//! Which input a run reads that goes on with an earlier one: files and dialogues are known by their content.

use std::collections::BTreeSet;
use std::fs::File;

use rejoinder_run::RunDir;
use serde_json::{Value, json};

use crate::nights::{Corpus, later_turns, nights};
use crate::support::{assert_funnel_adds_up, command, figure, rejoinder, text, write};

#[test]
fn files_are_known_by_their_content_whatever_they_are_called() {
    let [monday, tuesday, more] = nights([20, 10, 5]);
    let corpus = Corpus::new("");
    let logs = corpus.path("logs");
    std::fs::create_dir(&logs).unwrap();
    let m = write(&logs, "a.jsonl", &monday);
    corpus.run("monday", &[&m], &[]).expect(0);
    let asked = corpus.server.all_requests();
    // A copy under another name, and the same file once more, are nothing new.
    let copy = corpus.write("copy.jsonl", &monday);
    let refused = corpus.run_after("monday", "none", &[&m, &copy], &[]).expect(9);
    assert!(refused.stderr.contains("nothing is new"), "{}", refused.stderr);
    corpus.run_after("monday", "none", &[], &[]).expect(9);
    assert!(!corpus.path("none").exists());
    // A folder that holds what was read and what was not.
    write(&logs, "b.jsonl", &tuesday);
    let summary = corpus.run_after("monday", "tuesday", &[&text(&logs)], &[]).expect(0).json();
    assert_eq!(summary["after"]["files"], json!({ "known": 1, "grown": 0, "rewritten": 0, "added": 1 }));
    let before = corpus.server.requests();
    // Renamed, and grown at its end.
    let renamed = text(&logs.join("c.jsonl"));
    std::fs::rename(&m, &renamed).unwrap();
    let grown = write(&logs, "b.jsonl", tuesday.clone() + &more);
    let summary = corpus.run_after("tuesday", "wednesday", &[&renamed, &grown], &[]).expect(0).json();
    assert_eq!(summary["after"]["files"], json!({ "known": 1, "grown": 1, "rewritten": 0, "added": 0 }));
    assert_eq!(figure(&summary["after"]["new"], "conversations"), 5, "{summary}");
    assert_eq!(corpus.asked(before).into_iter().collect::<BTreeSet<_>>(), later_turns(&more));
    let inputs = &corpus.manifest("wednesday")["inputs"];
    assert_eq!((&inputs[0]["path"], &inputs[0]["night"]), (&json!(renamed), &Value::Null), "{inputs}");
    assert_eq!(
        (&inputs[1]["night"], &inputs[1]["growth"]),
        (&json!(1), &json!([{ "night": 2, "from": 10 }]))
    );
    // A new run over the grown file alone, without anything earlier, has no nights.
    let monday = corpus.manifest("monday");
    assert!(asked > 0 && monday["inputs"][0].get("night").is_none() && monday.get("after").is_none());
}

#[test]
fn a_file_that_is_gone_or_was_rewritten_is_told_with_what_to_do() {
    let [monday, tuesday, other] = nights([12, 6, 6]);
    let corpus = Corpus::new("");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &[]).expect(0);
    std::fs::write(&m, &other).unwrap();
    let refused = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(7);
    assert!(refused.stderr.contains("m.jsonl holds something else than when"), "{}", refused.stderr);
    assert!(refused.stderr.contains("name it among the inputs"), "{}", refused.stderr);
    std::fs::remove_file(&m).unwrap();
    let refused = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(8);
    for said in ["m.jsonl, which is not there", "--input-root DIR", "replies = ", "replies.sqlite"] {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    assert!(!corpus.path("tuesday").exists());
    // Moved elsewhere.
    let elsewhere = corpus.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    write(&elsewhere, "m.jsonl", &monday);
    let before = corpus.server.requests();
    corpus.run_after("monday", "tuesday", &[&t], &["--input-root", &text(&elsewhere)]).expect(0);
    assert_eq!(corpus.asked(before).len(), later_turns(&tuesday).len());
    // Its new path is the one that counts from then on.
    rejoinder(&["resume", &text(&corpus.path("tuesday"))]).expect(0);
    // Rewritten: it takes its old place, and what it held no longer counts.
    let m = write(&elsewhere, "m.jsonl", &other);
    let ended = corpus.run_after("tuesday", "wednesday", &[&m], &[]).expect(0);
    let summary = ended.json();
    assert_eq!(summary["after"]["files"], json!({ "known": 1, "grown": 0, "rewritten": 1, "added": 0 }));
    let said = format!("Rewritten since: {m}. All that stands there now counts as new.");
    assert!(
        ended.stderr.contains(&said) && summary["after"]["says"].to_string().contains(&said),
        "{ended:?}"
    );
    assert_eq!(figure(&summary, "conversations"), 12, "{summary}");
}

#[test]
fn a_run_over_standard_input_is_gone_on_with_by_the_copy_of_it() {
    let [monday, tuesday] = nights([10, 5]);
    let corpus = Corpus::new("");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    let run = text(&corpus.path("monday"));
    let mut piped = command(&["run", "-", "--config", &corpus.config, "--out", &run]);
    assert!(piped.stdin(File::open(&m).unwrap()).output().unwrap().status.success());
    std::fs::remove_file(&m).unwrap();
    let before = corpus.server.requests();
    let summary = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(0).json();
    assert_eq!(figure(&summary, "conversations"), 15, "{summary}");
    assert_eq!(corpus.asked(before).into_iter().collect::<BTreeSet<_>>(), later_turns(&tuesday));
    rejoinder(&["show", &text(&corpus.path("tuesday")), "--judged", "--sample", "3"]).expect(0);
}

#[test]
fn what_cannot_be_gone_on_with_is_refused_before_there_is_a_folder() {
    let [monday, tuesday] = nights([6, 6]);
    let corpus = Corpus::new("");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &[]).expect(0);
    for (earlier, files, more, code, said) in [
        ("nowhere", &[&*t][..], &[][..], 2, "is no run directory"),
        ("monday", &["-"], &[], 2, "write it into a file first"),
        ("monday", &[&t], &["--no-config"], 2, "cannot be used with"),
    ] {
        let refused = corpus.run_after(earlier, "tuesday", files, more).expect(code);
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
        assert!(!corpus.path("tuesday").exists());
    }
    // Its budget and its replies must not change meanwhile.
    let at_work = RunDir::open_to_change(&corpus.path("monday")).unwrap();
    let refused = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(8);
    assert!(refused.stderr.contains("another process works on"), "{}", refused.stderr);
    drop(at_work);
    let refused = corpus.run_after("monday", "monday", &[&t], &[]).expect(2);
    assert!(refused.stderr.contains("holds a run already"), "{}", refused.stderr);
    let refused = rejoinder(&["run", &t, "--input-root", "x"]).expect(2);
    assert!(refused.stderr.contains("--after"), "{}", refused.stderr);
}

#[test]
fn a_dump_that_repeats_the_night_before_and_a_dialogue_that_goes_on_are_read_once() {
    let [monday, tuesday] = nights([20, 10]);
    let corpus = Corpus::new("");
    // The first dialogue has gone on since.
    let mut first: Value = serde_json::from_str(monday.lines().next().unwrap()).unwrap();
    let messages = first["conversation"].as_array_mut().unwrap();
    let more = [("assistant", "Here is the last list."), ("user", "a list of thankfulness at last")];
    messages.extend(more.map(|(role, content)| json!({ "role": role, "content": content })));
    let dump = format!("{first}\n{}{tuesday}", monday.split_once('\n').unwrap().1);
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("dump.jsonl", &dump));
    corpus.run("monday", &[&m], &[]).expect(0);
    let before = corpus.server.requests();
    let ended = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(0);
    let summary = ended.json();
    assert_funnel_adds_up(&summary);
    assert_eq!((figure(&summary, "conversations"), figure(&summary, "duplicates")), (30, 19), "{summary}");
    assert_eq!(figure(&summary["after"], "superseded"), 1, "{summary}");
    assert_eq!(figure(&summary["after"]["new"], "conversations"), 11, "{summary}");
    let mut new = later_turns(&tuesday);
    new.insert("a list of thankfulness at last".to_owned());
    assert_eq!(corpus.asked(before).into_iter().collect::<BTreeSet<_>>(), new);
    let remarks: Vec<&Value> =
        summary["remarks"].as_array().unwrap().iter().map(|remark| &remark["name"]).collect();
    assert!(!remarks.contains(&&json!("duplicates")), "{remarks:?}");
    // Whoever reads the input again reads the same dialogues.
    let run = text(&corpus.path("tuesday"));
    let file = text(&corpus.path("random.jsonl"));
    rejoinder(&["export", "random", &run, "--out", &file, "--seed", "1", "--rows", "1000"]).expect(0);
    let drawn = std::fs::read_to_string(&file).unwrap();
    let once: BTreeSet<&str> = drawn.lines().collect();
    assert!(once.len() > 30 && once.len() == drawn.lines().count(), "{drawn}");
    let shown = rejoinder(&["show", &run, "--judged", "--sample", "200", "--json"]).expect(0);
    assert!(shown.stdout.contains("thankfulness at last"), "{}", shown.stdout);
}

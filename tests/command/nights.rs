//! A corpus that grows night after night: a run that goes on with an earlier one asks only about what is new, whatever the files are
//! called, and whichever engine made the earlier run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rejoinder_run::RunDir;
use serde_json::{Value, json};

use crate::support::server::{Request, Server, by_letters, last_user_message, marked_turns};
use crate::support::{
    Ended, assert_funnel_adds_up, command, dialogues_with_hidden_thanks, figure, folder, output_files,
    rejoinder, rows, text, write,
};

/// A folder in which nights come in, and a judge.
struct Corpus {
    dir: tempfile::TempDir,
    server: Server,
    config: String,
}

impl Corpus {
    /// With a judge that is asked about every later turn, and more keys of `[judge]`.
    fn new(judge: &str) -> Self {
        Self::with(&format!("all = true\n{judge}"))
    }

    fn with(judge: &str) -> Self {
        Self::asking(Server::start(by_letters), judge)
    }

    fn asking(server: Server, judge: &str) -> Self {
        let dir = folder();
        let config = format!(
            "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n{judge}",
            server.base_url()
        );
        let config = write(dir.path(), "c.toml", config);
        Self { dir, server, config }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, content: &str) -> String {
        write(self.dir.path(), name, content)
    }

    /// A run over files, by the config.
    fn run(&self, name: &str, files: &[&str], more: &[&str]) -> Ended {
        let out = text(&self.path(name));
        rejoinder(&[&["run"][..], files, &["--config", &self.config, "--out", &out, "--json"], more].concat())
    }

    /// A run over files that goes on with an earlier one.
    fn run_after(&self, earlier: &str, name: &str, files: &[&str], more: &[&str]) -> Ended {
        let (earlier, out) = (text(&self.path(earlier)), text(&self.path(name)));
        rejoinder(&[&["run"][..], files, &["--after", &earlier, "--out", &out, "--json"], more].concat())
    }

    /// The turns that the judge was asked about in the requests from a number on.
    fn asked(&self, from: usize) -> Vec<String> {
        let log = self.server.log();
        let turns = |prompt: &str| match marked_turns(prompt) {
            none if none.is_empty() => vec![last_user_message(prompt)],
            marked => marked.into_iter().map(|(_, turn)| turn).collect(),
        };
        // Some are asked about once more, with the letters in reverse.
        let once = log[from..].iter().filter(|request| !request.prompt().contains("\nA = No feedback"));
        once.flat_map(|request| turns(request.prompt())).collect()
    }

    fn manifest(&self, run: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(run).join("manifest.json")).unwrap()).unwrap()
    }

    fn edit_manifest(&self, run: &str, edit: impl FnOnce(&mut Value)) {
        let mut manifest = self.manifest(run);
        edit(&mut manifest);
        std::fs::write(self.path(run).join("manifest.json"), manifest.to_string()).unwrap();
    }
}

/// The later turns of dialogues.
fn later_turns(lines: &str) -> BTreeSet<String> {
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let turns = records.flat_map(|record| {
        let messages = record["conversation"].as_array().unwrap().clone();
        messages.into_iter().skip(2).filter(|message| message["role"] == "user")
    });
    turns.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

/// Dialogues, night by night.
fn nights<const N: usize>(sizes: [usize; N]) -> [String; N] {
    let all = dialogues_with_hidden_thanks(sizes.iter().sum());
    let mut lines = all.split_inclusive('\n');
    sizes.map(|size| lines.by_ref().take(size).collect())
}

/// The judged records of a run, without the request that each was found in.
fn judged(run: &Path) -> Vec<Value> {
    let mut records = rows(&run.join("judged/part-00000.jsonl"));
    for record in &mut records {
        let record = record.as_object_mut().unwrap();
        for key in ["reply_key", "reply_form", "probabilities"] {
            record.remove(key);
        }
    }
    records
}

/// What a run has written but for answers.
fn scanned(run: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    output_files(run).into_iter().filter(|(path, _)| !path.starts_with("judged")).collect()
}

fn upgrade(manifest: &mut Value) {
    manifest["engine"] = json!("0.0.1");
}

#[test]
fn only_what_is_new_is_asked_about_night_after_night_and_after_an_upgrade() {
    let [monday, tuesday, wednesday] = nights([60, 40, 30]);
    for answer in ["label", "letters", "json"] {
        let corpus = Corpus::new(&format!("answer = \"{answer}\"\n"));
        let [m, t, w] = [("m.jsonl", &monday), ("t.jsonl", &tuesday), ("w.jsonl", &wednesday)]
            .map(|(name, lines)| corpus.write(name, lines));
        corpus.run("monday", &[&m], &[]).expect(0);
        let mut earlier = "monday";
        for (name, file, lines) in [("tuesday", &t, &tuesday), ("wednesday", &w, &wednesday)] {
            corpus.edit_manifest(earlier, upgrade);
            let (before, all) = (corpus.server.requests(), corpus.server.all_requests());
            let summary = corpus.run_after(earlier, name, &[file], &[]).expect(0).json();
            assert_funnel_adds_up(&summary);
            assert_eq!(figure(&summary, "undecided"), 0, "{summary}");
            let asked = corpus.asked(before);
            let new = later_turns(lines);
            assert_eq!(asked.len(), new.len(), "{answer}: a turn was asked about twice");
            assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), new, "{answer}");
            let probes = corpus.server.all_requests() - all - (corpus.server.requests() - before);
            assert_eq!(probes, 0, "{answer}: what the judge can do is known");
            assert_eq!(figure(&summary["after"]["new"], "turns"), new.len() as u64, "{summary}");
            assert_eq!(figure(&summary["after"]["files"], "added"), 1, "{summary}");
            let change = format!("engine: was 0.0.1, is {}", env!("CARGO_PKG_VERSION"));
            assert_eq!(summary["after"]["changes"], json!([change]), "{summary}");
            earlier = name;
        }
        // A run over all files by itself is the same.
        let alone = Corpus::new(&format!("answer = \"{answer}\"\n"));
        alone.run("all", &[&m, &t, &w], &[]).expect(0);
        let (one, all) = (corpus.path("wednesday"), alone.path("all"));
        assert!(scanned(&one) == scanned(&all), "{answer}");
        assert_eq!(judged(&one), judged(&all), "{answer}");
        let export = |run: &Path| {
            let file = text(&run.join("kto.jsonl"));
            rejoinder(&["export", "kto", &text(run), "--out", &file]).expect(0);
            rows(Path::new(&file)).len()
        };
        assert_eq!(export(&one), export(&all));
        // Nothing is asked again by going on.
        let asked = corpus.server.all_requests();
        rejoinder(&["resume", &text(&one)]).expect(0);
        rejoinder(&["judge", &text(&one)]).expect(0);
        assert_eq!(corpus.server.all_requests(), asked);
    }
}

#[test]
fn other_rules_ask_only_about_turns_that_nobody_has_asked_about() {
    const RULES: &str = "format = 1\nlang = [\"en\"]\n[[rule]]\nid = \"nights.ask\"\nroute = \"escalate\"\ncategory = \"UR2\"\n\
         weight = 0.5\nany = [\"word0a\"]\n";
    let [monday, tuesday] = nights([80, 40]);
    let corpus = Corpus::with("");
    let rules = corpus.write("rules.toml", RULES);
    let config = std::fs::read_to_string(&corpus.config).unwrap();
    std::fs::write(
        &corpus.config,
        format!("{config}[rules]\npacks = [{rules:?}]\n[cascade]\nscore = false\n"),
    )
    .unwrap();
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &[]).expect(0);
    let first: BTreeSet<String> = corpus.asked(0).into_iter().collect();
    assert!(first.len() > 5, "{first:?}");
    std::fs::write(&rules, RULES.replace("\"word0a\"", "\"word0a\", \"word1b\"")).unwrap();
    let before = corpus.server.requests();
    let ended = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(0);
    let second: BTreeSet<String> = corpus.asked(before).into_iter().collect();
    assert!(second.is_disjoint(&first), "{second:?}");
    let is_marked = |turn: &&String| turn.contains("word0a") || turn.contains("word1b");
    let wanted: BTreeSet<String> =
        later_turns(&(monday + &tuesday)).iter().filter(is_marked).cloned().collect();
    assert_eq!(first.union(&second).cloned().collect::<BTreeSet<_>>(), wanted);
    assert!(ended.stderr.contains("since then: rules "), "{}", ended.stderr);
}

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
    let said = format!("Rewritten since: {m}. What was read there before is no part of this run");
    assert!(
        ended.stderr.contains(&said) && summary["after"]["says"].to_string().contains(&said),
        "{ended:?}"
    );
    assert_eq!(figure(&summary, "conversations"), 12, "{summary}");
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
fn what_is_left_of_a_run_that_was_killed_before_it_had_begun_is_taken_over() {
    let [monday, tuesday] = nights([6, 6]);
    let corpus = Corpus::new("");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &[]).expect(0);
    corpus.run_after("monday", "tuesday", &[&t], &["--offline"]).expect(0);
    for later in ["manifest.json", "status.json"] {
        std::fs::remove_file(corpus.path("tuesday").join(later)).unwrap();
    }
    for kind in ["parts", "spool", "tallies"] {
        let _ = std::fs::remove_dir_all(corpus.path("tuesday").join(kind));
    }
    let before = corpus.server.requests();
    corpus.run_after("monday", "tuesday", &[&t], &["--offline"]).expect(0);
    assert_eq!(corpus.server.requests(), before);
    // Left for later, and gone on with by a verb that knows nothing of nights.
    let summary = rejoinder(&["resume", &text(&corpus.path("tuesday")), "--json"]).expect(0).json();
    assert_eq!(figure(&summary, "undecided"), 0);
    assert_eq!(corpus.asked(before).into_iter().collect::<BTreeSet<_>>(), later_turns(&tuesday));
}

#[test]
fn a_night_that_is_killed_again_and_again_comes_to_the_same() {
    let [monday, tuesday] = nights([20, 30]);
    let slow = |request: &Request| {
        std::thread::sleep(Duration::from_millis(if request.is_probe() { 0 } else { 15 }));
        by_letters(request)
    };
    let corpus = Corpus::asking(Server::start(slow), "all = true\nanswer = \"label\"\nmax-in-flight = 2\n");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &[]).expect(0);
    corpus.run_after("monday", "whole", &[&t], &[]).expect(0);
    let run = text(&corpus.path("killed"));
    let begin = ["run", &t, "--after", &text(&corpus.path("monday")), "--out", &run];
    let mut in_the_middle = 0;
    for begun in 0..4 {
        let before = corpus.server.requests();
        let args =
            if corpus.path("killed/manifest.json").exists() { &["resume", &run][..] } else { &begin[..] };
        let mut child = command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while corpus.server.requests() < before + 6 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        in_the_middle += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(begun > 0 || corpus.path("killed/manifest.json").exists());
    }
    assert!(in_the_middle > 1, "{in_the_middle}");
    let summary = rejoinder(&["resume", &run, "--json"]).expect(0).json();
    assert_eq!(figure(&summary, "undecided"), 0, "{summary}");
    assert!(output_files(&corpus.path("killed")) == output_files(&corpus.path("whole")));
    let monday = later_turns(&monday);
    let again = corpus.asked(monday.len()).into_iter().filter(|turn| monday.contains(turn));
    assert_eq!(again.count(), 0, "what was paid for on Monday");
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

#[test]
fn a_budget_holds_for_all_nights_together_and_what_waits_is_asked_about_within_it() {
    let [monday, tuesday] = nights([30, 10]);
    let corpus = Corpus::new("answer = \"label\"\nmax-in-flight = 1\n");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &["--calls", "20"]).expect(4);
    assert_eq!(corpus.server.all_requests(), 20);
    // The budget is the earlier run's own, and it is spent.
    corpus.run_after("monday", "none-left", &[&t], &[]).expect(4);
    let summary =
        rejoinder(&["resume", &text(&corpus.path("none-left")), "--json", "--offline"]).expect(0).json();
    assert_eq!((figure(&summary, "calls"), figure(&summary["after"]["spent"], "calls")), (20, 20));
    let before = corpus.server.all_requests();
    corpus.run_after("monday", "tuesday", &[&t], &["--calls", "50"]).expect(4);
    assert_eq!(corpus.server.all_requests() - before, 30);
    let told = rejoinder(&["resume", &text(&corpus.path("tuesday")), "--offline"]).expect(0).stdout;
    let monday = text(&corpus.path("monday"));
    let carried = format!("20 of them before this run, carried on from {monday}");
    assert!(told.contains(&carried), "{told}");
    let summary =
        rejoinder(&["judge", &text(&corpus.path("tuesday")), "--calls", "1000", "--json"]).expect(0).json();
    assert_eq!(figure(&summary, "undecided"), 0);
    let asked = corpus.asked(0);
    assert_eq!(asked.len(), asked.iter().collect::<BTreeSet<_>>().len(), "a turn was asked about twice");
}

#[test]
fn a_shared_file_of_replies_is_used_on() {
    let [monday, tuesday] = nights([10, 10]);
    let corpus = Corpus::new("replies = \"shared.sqlite\"\n");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &[]).expect(0);
    let before = corpus.server.requests();
    corpus.run_after("monday", "tuesday", &[&t], &[]).expect(0);
    assert_eq!(corpus.asked(before).into_iter().collect::<BTreeSet<_>>(), later_turns(&tuesday));
    assert!(!corpus.path("tuesday/replies.sqlite").exists());
    // Whoever names another file takes along what the first one holds.
    let config =
        std::fs::read_to_string(&corpus.config).unwrap().replace("replies = \"shared.sqlite\"\n", "");
    let own = corpus.write("own.toml", &(config + "[input]\nmin-messages = 1\n"));
    let before = corpus.server.requests();
    corpus.run_after("tuesday", "own", &[], &["--config", &own]).expect(0);
    assert_eq!(corpus.server.requests(), before);
    assert!(corpus.path("own/replies.sqlite").exists());
}

#[test]
fn a_kept_recall_goes_on_with_its_cut_and_model_and_its_certificate_says_what_it_covers() {
    let [monday, tuesday, wednesday] = nights([600, 200, 10]);
    let corpus = Corpus::with("answer = \"letters\"\n");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &["--recall", "0.8", "--seed", "4"]).expect(0);
    let before = corpus.server.requests();
    let summary = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(0).json();
    assert_eq!(figure(&summary, "undecided"), 0, "{summary}");
    let asked = corpus.asked(before);
    let new = later_turns(&tuesday);
    assert!(asked.iter().all(|turn| new.contains(turn)), "a turn of Monday was asked about again");
    assert!(!corpus.path("tuesday/certificate.json").exists(), "nobody asked for an audit");
    let (then, now) = (corpus.manifest("monday"), corpus.manifest("tuesday"));
    assert_eq!(now["config"]["cascade"], then["config"]["cascade"]);
    assert_eq!(now["config"]["plugin"], then["config"]["plugin"]);
    let read = |run: &str, file: &str| std::fs::read(corpus.path(run).join(file)).ok();
    assert_eq!(read("monday", "model.rjm"), read("tuesday", "model.rjm"));
    assert_eq!(read("monday", "asked.json"), read("tuesday", "asked.json"));
    let says = summary["after"]["says"].to_string();
    let folder = text(&corpus.path("monday"));
    for said in [
        format!("The certificate of {folder} is about its 1,200 later turns: at least 0."),
        "It does not cover the 400 new turns: `rejoinder audit ".to_owned(),
    ] {
        assert!(says.contains(&said), "{said}: {says}");
    }
    let run = text(&corpus.path("tuesday"));
    rejoinder(&["resume", &run]).expect(0);
    for kind in [&["--json"][..], &["--markdown"]] {
        let report = rejoinder(&[&["report", &run][..], kind].concat()).expect(0).stdout;
        assert!(report.contains("It does not cover the 400 new turns"), "{report}");
    }
    let report = rejoinder(&["report", &run, "--json", "--anonymous"]).expect(0).stdout;
    assert!(!report.contains(&folder) && report.contains("The certificate of EARLIER is about"), "{report}");
    // Without Monday's folder, whose model and replies are the run's own by now, a night more: the certificate is still Monday's.
    std::fs::rename(corpus.path("monday"), corpus.path("away")).unwrap();
    let w = corpus.write("w.jsonl", &wednesday);
    let summary = corpus.run_after("tuesday", "wednesday", &[&w], &[]).expect(0).json();
    let says = summary["after"]["says"].to_string();
    assert!(says.contains("does not cover the 420 new turns") && says.contains(&folder), "{says}");
    // Another recall takes another search.
    let refused = corpus.run_after("tuesday", "other", &[&w], &["--recall", "0.9"]).expect(2);
    assert!(refused.stderr.contains("begin a run without --after"), "{}", refused.stderr);
    // An audit covers all.
    let run = text(&corpus.path("wednesday"));
    let told = rejoinder(&["audit", &run, "--rejected", "30", "--accepted", "30"]).expect(0).stderr;
    assert!(told.contains("is about all of its 1,620 later turns, those that came in as well"), "{told}");
    let summary = rejoinder(&["resume", &run, "--json"]).expect(0).json();
    assert!(summary["after"]["says"].to_string().contains("about all of its 1,620 later turns"), "{summary}");
}

#[test]
fn a_corpus_that_has_drifted_is_told_and_one_that_has_not_is_none() {
    let [monday, alike, few] = nights([150, 150, 5]);
    let corpus = Corpus::with("");
    // The same dialogues, by people who write more at a time.
    let later = dialogues_with_hidden_thanks(450);
    let longer = later.lines().skip(300).map(|line| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        for message in record["conversation"].as_array_mut().unwrap() {
            let longer = message["content"].as_str().unwrap().repeat(9);
            message["content"] = longer.into();
        }
        format!("{record}\n")
    });
    let longer: String = longer.collect();
    let m = corpus.write("m.jsonl", &monday);
    corpus.run("monday", &[&m], &["--offline"]).expect(0);
    for (name, lines, drifted, said) in [
        ("alike", &alike, Some(0), "The new turns are not unlike the others"),
        ("few", &few, None, "Too few turns stand on one side"),
        ("longer", &longer, Some(1), "came in."),
    ] {
        let file = corpus.write(&format!("{name}.jsonl"), lines);
        let summary = corpus.run_after("monday", name, &[&file], &["--offline"]).expect(0).json();
        let found = summary["after"]["drift"].as_array().map(|found| found.len().min(1));
        assert_eq!(found, drifted, "{summary}");
        assert!(summary["after"]["says"].to_string().contains(said), "{said}: {summary}");
        let remarks = summary["remarks"].as_array().unwrap();
        let drift = remarks.iter().find(|remark| remark["name"] == "drift");
        assert_eq!(drift.is_some(), drifted == Some(1), "{summary}");
        let is_told = |remark: &Value| {
            let text = remark["text"].as_str().unwrap();
            text.contains("of the later turns have at most") && text.contains("rejoinder audit")
        };
        assert!(drift.is_none_or(is_told), "{summary}");
    }
}

//! A corpus that grows night after night: a run that goes on with an earlier one asks only about what is new, whatever the files are
//! called, and whichever engine made the earlier run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{Request, Server, by_letters, last_user_message, marked_turns};
use crate::support::{
    Ended, assert_funnel_adds_up, command, dialogues_with_hidden_thanks, figure, folder, output_files,
    rejoinder, rows, text, write,
};

/// A folder in which nights come in, and a judge.
pub(crate) struct Corpus {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) server: Server,
    pub(crate) config: String,
}

impl Corpus {
    /// With a judge that is asked about every later turn, and more keys of `[judge]`.
    pub(crate) fn new(judge: &str) -> Self {
        Self::with(&format!("all = true\n{judge}"))
    }

    pub(crate) fn with(judge: &str) -> Self {
        Self::asking(Server::start(by_letters), judge)
    }

    pub(crate) fn asking(server: Server, judge: &str) -> Self {
        let dir = folder();
        let config = format!(
            "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n{judge}",
            server.base_url()
        );
        let config = write(dir.path(), "c.toml", config);
        Self { dir, server, config }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> String {
        write(self.dir.path(), name, content)
    }

    /// A run over files, by the config.
    pub(crate) fn run(&self, name: &str, files: &[&str], more: &[&str]) -> Ended {
        let out = text(&self.path(name));
        rejoinder(&[&["run"][..], files, &["--config", &self.config, "--out", &out, "--json"], more].concat())
    }

    /// A run over files that goes on with an earlier one.
    pub(crate) fn run_after(&self, earlier: &str, name: &str, files: &[&str], more: &[&str]) -> Ended {
        let (earlier, out) = (text(&self.path(earlier)), text(&self.path(name)));
        rejoinder(&[&["run"][..], files, &["--after", &earlier, "--out", &out, "--json"], more].concat())
    }

    /// The turns that the judge was asked about in the requests from a number on.
    pub(crate) fn asked(&self, from: usize) -> Vec<String> {
        let log = self.server.log();
        let turns = |prompt: &str| match marked_turns(prompt) {
            none if none.is_empty() => vec![last_user_message(prompt)],
            marked => marked.into_iter().map(|(_, turn)| turn).collect(),
        };
        // Some are asked about once more, with the letters in reverse.
        let once = log[from..].iter().filter(|request| !request.prompt().contains("\nA = No feedback"));
        once.flat_map(|request| turns(request.prompt())).collect()
    }

    pub(crate) fn manifest(&self, run: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(run).join("manifest.json")).unwrap()).unwrap()
    }

    fn edit_manifest(&self, run: &str, edit: impl FnOnce(&mut Value)) {
        let mut manifest = self.manifest(run);
        edit(&mut manifest);
        std::fs::write(self.path(run).join("manifest.json"), manifest.to_string()).unwrap();
    }
}

/// The later turns of dialogues.
pub(crate) fn later_turns(lines: &str) -> BTreeSet<String> {
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let turns = records.flat_map(|record| {
        let messages = record["conversation"].as_array().unwrap().clone();
        messages.into_iter().skip(2).filter(|message| message["role"] == "user")
    });
    turns.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

/// Dialogues, night by night.
pub(crate) fn nights<const N: usize>(sizes: [usize; N]) -> [String; N] {
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

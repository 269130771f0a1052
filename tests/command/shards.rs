//! One input in shards: whatever is run, in whatever order, killed and run again, the merged run is that of one process.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::{
    DIALOGUES, Ended, command, figure, folder, output_files, random, rejoinder, text, write,
};
use crate::{corpus, parquet_file};

/// The flags of a run whose parts are small.
pub const SMALL_PARTS: &str = "format = 1\n[output]\npart-mib = 1\n";

/// The config of a run with small parts and few rules: each of many processes begins at once.
fn few_rules() -> String {
    let rules = text(&std::path::absolute("tests/data/export/rules.toml").unwrap());
    format!("{SMALL_PARTS}[rules]\npacks = [{rules:?}]\n[cascade]\nscore = false\n")
        .replace("format = 1\n", "format = 1\nplugin = []\n")
}

/// A job and the run that one process makes of the same input.
pub struct Bench {
    pub dir: tempfile::TempDir,
    /// Inputs and flags.
    pub args: Vec<String>,
    pub whole: PathBuf,
    pub summary: Value,
}

impl Bench {
    /// A run by one process, to compare with.
    pub fn new(dir: tempfile::TempDir, args: &[&str]) -> Self {
        let whole = dir.path().join("whole");
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let out = ["run", "--json", "--out", whole.to_str().unwrap()].map(str::to_owned);
        let summary = rejoinder(&[&out[..], &args].concat()).expect(0).json();
        Self { dir, args, whole, summary }
    }

    pub fn job(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The arguments of a shard.
    pub fn shard(&self, number: usize, of: usize, job: &Path) -> Vec<String> {
        let own = ["run".to_owned(), format!("--shard={number}/{of}"), "--out".to_owned(), text(job)];
        [&own[..], &self.args].concat()
    }

    pub fn spawn(&self, number: usize, of: usize, job: &Path) -> Child {
        let mut command = command(&self.shard(number, of, job));
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs all shards in any order, two at the same moment.
    pub fn run_all(&self, of: usize, job: &Path, random: &mut fastrand::Rng) {
        let mut numbers: Vec<usize> = (1..=of).collect();
        random.shuffle(&mut numbers);
        for pair in numbers.chunks(2) {
            let both: Vec<Child> = pair.iter().map(|number| self.spawn(*number, of, job)).collect();
            for child in both {
                Ended::from(child.wait_with_output().unwrap()).expect(0);
            }
        }
    }

    /// Merges a job, and compares all that can be seen of the run with the run by one process.
    #[track_caller]
    pub fn merge(&self, job: &Path) -> Value {
        let summary = rejoinder(&["merge", &text(job), "--json"]).expect(0).json();
        assert!(output_files(job) == output_files(&self.whole), "other files in {}", job.display());
        assert_eq!(self.report(job), self.report(&self.whole));
        for what in ["feedback", "kto", "sft", "pairs"] {
            let export = |run: &Path| rejoinder(&["export", what, &text(run), "--out", "-"]).expect(0).stdout;
            assert_eq!(export(job), export(&self.whole), "{what}");
        }
        let run = text(job);
        let (mut merged, mut whole) = (summary.clone(), self.summary.clone());
        for summary in [&mut merged, &mut whole] {
            summary["seconds"].take();
            let told = summary["remarks"].to_string().replace(&text(&self.whole), &run);
            summary["remarks"] = told.into();
            summary["run_dir"].take();
            for spent in SPENT {
                summary[spent].take();
            }
        }
        assert_eq!(merged, whole);
        assert!(!job.join("shards").exists());
        summary
    }

    /// The report of a run, but for its name and id, and what asking has taken.
    fn report(&self, run: &Path) -> Value {
        let mut report = rejoinder(&["report", &text(run), "--json"]).expect(0).json();
        for spent in REPORTED_SPENT {
            report["judge"][spent].take();
        }
        report["origin"]["run_id"].take();
        report["run"].take();
        let told = report["remarks"].to_string().replace(&text(run), "RUN");
        report["remarks"] = told.into();
        report
    }
}

/// What asking has taken, which several processes may take more of.
const SPENT: [&str; 11] = [
    "calls",
    "spent_tokens",
    "spent_money",
    "spent_gpu_seconds",
    "reported_input_tokens",
    "reported_cached_tokens",
    "reported_output_tokens",
    "measured_server_seconds",
    "measured_rates",
    "requests_again",
    "letters",
];

/// The same as a report names it.
const REPORTED_SPENT: [&str; 10] = [
    "calls",
    "calls_again",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "money",
    "gpu_seconds",
    "server_seconds",
    "server_seconds_per_call",
    "letters",
];

/// Lines of chats; some lines are broken.
pub fn chats(dir: &Path, conversations: usize) -> String {
    let mut content = Vec::new();
    corpus::write(&mut content, conversations, 11, corpus::Style::default()).unwrap();
    let middle =
        content.len() / 2 + content[content.len() / 2..].iter().position(|&b| b == b'\n').unwrap() + 1;
    content.splice(middle..middle, *b"{broken\n");
    write(dir, "chats.jsonl", content)
}

#[test]
fn lines_in_shards_become_the_run_of_one_process() {
    let dir = folder();
    let (input, config) = (chats(dir.path(), 2_000), write(dir.path(), "c.toml", SMALL_PARTS));
    let bench = Bench::new(dir, &[&input, "--config", &config]);
    let mut random = random();
    for of in [3, 7, 64] {
        let job = bench.job(&format!("job{of}"));
        bench.run_all(of, &job, &mut random);
        // Seven mebibytes: a cut behind each.
        assert_eq!(cuts(&job).len(), of.min(7) + 1);
        bench.merge(&job);
    }
}

#[test]
fn a_folder_of_mixed_formats_in_shards_becomes_the_run_of_one_process() {
    let formats = std::fs::read_dir("tests/data/formats").unwrap().map(|entry| text(&entry.unwrap().path()));
    let mut formats: Vec<String> = formats.filter(|path| !path.ends_with(".read")).collect();
    formats.sort();
    let dir = folder();
    let config = write(dir.path(), "c.toml", few_rules());
    let mut args: Vec<&str> = formats.iter().map(String::as_str).collect();
    args.extend(["--config", &config]);
    let bench = Bench::new(dir, &args);
    assert!(figure(&bench.summary, "conversations") > 20);
    let mut random = random();
    for of in [3, 7, 64] {
        let job = bench.job(&format!("job{of}"));
        bench.run_all(of, &job, &mut random);
        bench.merge(&job);
    }
}

#[test]
fn a_parquet_file_of_forty_row_groups_in_shards_becomes_the_run_of_one_process() {
    let dir = folder();
    let mut content = Vec::new();
    corpus::write(&mut content, 1_000, 3, corpus::Style::default()).unwrap();
    let records: Vec<Value> =
        serde_json::Deserializer::from_slice(&content).into_iter().map(Result::unwrap).collect();
    let (input, config) = (dir.path().join("chats.parquet"), write(dir.path(), "c.toml", few_rules()));
    parquet_file::write(&input, &records, 40);
    let bench = Bench::new(dir, &[&text(&input), "--config", &config]);
    assert_eq!(figure(&bench.summary, "conversations"), 1_000);
    let mut random = random();
    for of in [3, 7, 64] {
        let job = bench.job(&format!("job{of}"));
        bench.run_all(of, &job, &mut random);
        assert_eq!(cuts(&job).len(), of.min(40) + 1);
        bench.merge(&job);
    }
}

/// The different places where the input of a job is cut, with its beginning and its end.
fn cuts(job: &Path) -> Vec<Value> {
    let file: Value = serde_json::from_slice(&std::fs::read(job.join("job.json")).unwrap()).unwrap();
    let mut cuts: Vec<Value> = file["cuts"].as_array().unwrap().iter().map(|cut| cut["at"].clone()).collect();
    cuts.dedup();
    cuts
}

#[test]
fn what_is_done_is_skipped_and_the_merged_job_is_a_run_like_any_other() {
    let dir = folder();
    let input = write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    let bench = Bench::new(dir, &[&input]);
    let job = bench.job("job");
    let run = |number| rejoinder(&bench.shard(number, 2, &job)).expect(0);
    assert!(run(1).stdout.contains(&format!("once all shards are done: rejoinder merge {}", text(&job))));
    assert!(run(1).stderr.contains("shard 1/2 is done already"));
    let missing = rejoinder(&["merge", &text(&job)]).expect(7).stderr;
    assert!(missing.contains("1 of 2 shards") && missing.contains("shard 2/2 was not begun"), "{missing}");
    assert!(missing.contains(&format!("rejoinder run INPUT --shard 2/2 --out {}", text(&job))), "{missing}");
    for args in [&["show", &text(&job)][..], &["export", "kto", &text(&job)], &["resume", &text(&job)]] {
        let refused = rejoinder(args).expect(2).stderr;
        assert!(refused.contains(&format!("merge them first: rejoinder merge {}", text(&job))), "{refused}");
    }
    // The file is one chunk: nothing is left for the second shard.
    let empty = run(2);
    assert!(empty.stderr.contains("shard 2/2 has nothing to read"), "{}", empty.stderr);
    assert!(run(2).stderr.contains("is done already"));
    let shard = text(&job.join("shards/001-of-002"));
    let [model, night, folder] = ["model.rjm", "night", ""].map(|name| text(&bench.job(name)));
    for args in [
        &["audit", &shard, "--labels"][..],
        &["calibrate", &shard, "--labels", "--recall", "0.8"],
        &["review", &shard],
        &["review", &shard, "--audit"],
        &["export", "review", &shard, "--for", "argilla"],
        &["export", "review", &shard, "--for", "argilla", "--audit"],
        &["export", "kto", &shard, "--labels"],
        &["train", &shard, "--out", &model],
        &["eval", &shard, "--labels"],
        &["judge", "compare", &shard],
        &["reproduce-paper", &folder, "--run", &shard],
        &["run", DIALOGUES, "--after", &shard, "--out", &night],
    ] {
        let refused = rejoinder(args).expect(2).stderr;
        assert!(refused.contains("one shard of a job"), "{refused}");
    }
    assert!(!Path::new(&night).exists() && !Path::new(&shard).join("review").exists());
    rejoinder(&["resume", &shard]).expect(0);
    bench.merge(&job);
    assert!(rejoinder(&["merge", &text(&job)]).expect(0).stderr.contains("was merged before"));
    assert!(run(2).stderr.contains("is merged already"));
    rejoinder(&["resume", &text(&job)]).expect(0);
    rejoinder(&["audit", &text(&job), "--labels", "--seed", "1"]).expect(0);
}

#[test]
fn a_job_that_was_begun_with_something_else_is_refused_with_each_difference() {
    let dir = folder();
    let input = write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    let other = write(dir.path(), "other.jsonl", std::fs::read(DIALOGUES).unwrap());
    let job = text(&dir.path().join("job"));
    let run = |args: &[&str]| rejoinder(&[&["run", "--out", &job][..], args].concat());
    run(&[&input, "--shard", "1/2"]).expect(0);
    for (args, told) in [
        (&[&input, "--shard", "1/3"][..], "shards: was 2, is 3"),
        (&[&input, "--shard", "1/2", "--calls", "7"], "budget.calls: was null, is 7"),
        (&[&input, "--shard", "2/2", "--no-score"], "cascade.score: was true, is false"),
        (&[&other, "--shard", "2/2"], "in.jsonl: was there, is not named"),
        (&[&input, &other, "--shard", "2/2"], "other.jsonl: was not there, is named"),
    ] {
        let refused = run(args).expect(7).stderr;
        assert!(refused.contains(told) && refused.contains("another --out"), "{refused}");
    }
    let content = std::fs::read(DIALOGUES).unwrap();
    std::fs::write(&input, &content[1..]).unwrap();
    let refused = run(&[&input, "--shard", "2/2"]).expect(7).stderr;
    assert!(refused.contains(&format!("in.jsonl: was {} bytes", content.len())), "{refused}");
    std::fs::write(&input, [b"[", &content[1..]].concat()).unwrap();
    std::fs::remove_dir_all(dir.path().join("job/shards")).unwrap();
    // Of the same size: the shard that reads the file looks at what it holds.
    let refused = run(&[&input, "--shard", "1/2"]).expect(7).stderr;
    assert!(refused.contains("in.jsonl: was") && refused.contains("hash"), "{refused}");
    std::fs::write(&input, &content).unwrap();
    run(&[&input, "--shard", "1/2"]).expect(0);
    run(&[&input, "--shard", "2/2"]).expect(0);
    let file = dir.path().join("job/job.json");
    let written = std::fs::read_to_string(&file).unwrap();
    let version = format!("\"engine\": \"{}\"", env!("CARGO_PKG_VERSION"));
    std::fs::write(&file, written.replace(&version, "\"engine\": \"0.0.1\"")).unwrap();
    for refused in [run(&[&input, "--shard", "2/2"]), rejoinder(&["merge", &job])] {
        let refused = refused.expect(7).stderr;
        assert!(refused.contains("engine: was 0.0.1"), "{refused}");
    }
    std::fs::write(&file, "{").unwrap();
    assert!(rejoinder(&["merge", &job]).expect(7).stderr.contains("job.json cannot be used"));
    std::fs::write(&file, written).unwrap();
    rejoinder(&["merge", &job]).expect(0);
}

#[test]
fn what_takes_the_whole_input_is_refused_before_there_is_a_folder() {
    let dir = folder();
    let job = text(&dir.path().join("job"));
    for (args, told) in [
        (&["--recall", "0.9"][..], "a recall"),
        (&["--duplicates", "exact"], "--duplicates"),
        (&["--calls", "x"], "--calls"),
        (&["no/such/file.jsonl"], "no/such/file.jsonl"),
    ] {
        let of_shard = ["run", DIALOGUES, "--shard", "1/2", "--out", &job];
        let refused = rejoinder(&[&of_shard[..], args].concat()).expect(2).stderr;
        assert!(refused.contains(told), "{refused}");
    }
    let refused = rejoinder(&["run", DIALOGUES, "--shard", "1/2"]).expect(2).stderr;
    assert!(refused.contains("--shard takes --out DIR"), "{refused}");
    let refused = rejoinder(&["run", "-", "--shard", "1/2", "--out", &job]).expect(2).stderr;
    assert!(refused.contains("standard input"), "{refused}");
    for wrong in ["0/2", "3/2", "2", "a/b"] {
        let refused = rejoinder(&["run", DIALOGUES, "--shard", wrong, "--out", &job]).expect(2).stderr;
        assert!(refused.contains("such as 3/64"), "{refused}");
    }
    assert!(!Path::new(&job).exists());
    std::fs::create_dir(&job).unwrap();
    write(Path::new(&job), "mine.txt", "mine");
    let refused = rejoinder(&["run", DIALOGUES, "--shard", "1/2", "--out", &job]).expect(2).stderr;
    assert!(refused.contains("holds something already"), "{refused}");
    let refused = rejoinder(&["merge", &job]).expect(2).stderr;
    assert!(refused.contains("no job of shards"), "{refused}");
}

#[test]
fn shards_of_other_jobs_and_unfinished_ones_are_named() {
    let dir = folder();
    let input = chats(dir.path(), 600);
    let bench = Bench::new(dir, &[&input]);
    let (job, other) = (bench.job("job"), bench.job("other"));
    bench.run_all(3, &job, &mut random());
    rejoinder(&bench.shard(2, 3, &other)).expect(0);
    let shard = |job: &Path, number: usize| job.join(format!("shards/00{number}-of-003"));
    std::fs::rename(shard(&job, 2), bench.job("own")).unwrap();
    std::fs::rename(shard(&other, 2), shard(&job, 2)).unwrap();
    let ledger = rusqlite::Connection::open(shard(&job, 3).join("ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
    drop(ledger);
    let refused = rejoinder(&["merge", &text(&job)]).expect(7).stderr;
    assert!(refused.contains("2 of 3 shards"), "{refused}");
    assert!(refused.contains("shard 2/3 is a shard of another job"), "{refused}");
    assert!(refused.contains("shard 3/3 was interrupted"), "{refused}");
    let refused = rejoinder(&bench.shard(2, 3, &job)).expect(7).stderr;
    assert!(refused.contains("002-of-003 holds a shard of another job"), "{refused}");
    std::fs::remove_dir_all(shard(&job, 2)).unwrap();
    std::fs::rename(bench.job("own"), shard(&job, 2)).unwrap();
    rejoinder(&bench.shard(3, 3, &job)).expect(0);
    bench.merge(&job);
}

#[test]
fn each_shard_shows_the_turns_of_its_own_range() {
    let dir = folder();
    let (input, config) = (chats(dir.path(), 800), write(dir.path(), "c.toml", SMALL_PARTS));
    // The rule hits turns of the dialogues, which stand at both ends of the input.
    let last = write(dir.path(), "last.jsonl", std::fs::read(DIALOGUES).unwrap());
    let bench = Bench::new(dir, &[DIALOGUES, &input, &last, "--config", &config]);
    let job = bench.job("job");
    bench.run_all(2, &job, &mut random());
    let rejected = |run: &Path, more: &[&str]| -> Vec<String> {
        let run = text(run);
        let show = ["show", &run, "--rejected", "--sample", "all", "--json"];
        let shown = rejoinder(&[&show[..], more].concat()).expect(0).stdout;
        let turn = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].to_string();
        shown.lines().map(turn).collect()
    };
    for more in [&[][..], &["--rule", "en.not.answer_to_question"]] {
        let shards = ["001-of-002", "002-of-002"].map(|name| rejected(&job.join("shards").join(name), more));
        assert!(shards.iter().all(|turns| !turns.is_empty()), "{shards:?}");
        assert_eq!(shards.concat(), rejected(&bench.whole, more));
    }
}

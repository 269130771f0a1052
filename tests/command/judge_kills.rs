//! Kill −9 anywhere while the judge is asked, resume: no reply that was stored is asked for again, what was reserved and
//! never settled stays spent, and the output is that of an undisturbed run.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::corpus;
use crate::support::server::{Dialect, Server, letters_in, marked_turns, pattern};
use crate::support::{Ended, command, figure, folder, output_files, random, rejoinder, rows, text, write};

/// The forms of the answer that a config names, and the number of kills for each.
const FORMS: [(&str, u64); 3] = [("label", 20), ("letters", 8), ("json", 8)];
const IN_FLIGHT: u64 = 8;
/// As many may be reserved when a kill comes: those in flight, and the next ones.
const RESERVED: u64 = 2 * IN_FLIGHT;

/// Sends many of the corpus's later turns to the judge, beside those that the shipped rules send there.
const RULES: &str = "format = 1\nlang = [\"en\"]\n[[rule]]\nid = \"kills.ask\"\nroute = \"escalate\"\ncategory = \"UR2\"\nweight = 0.5\n\
     any = [\"now add\", \"next, write about\", \"and what about\", \"tell me more about\", \"how do i use\", \"make a table of\"]\n";

/// A corpus, a server that answers by rule after a few milliseconds, and what an undisturbed run makes of both.
struct Bench {
    kills: u64,
    dir: tempfile::TempDir,
    server: Server,
    input: String,
    config: String,
    expected: Expected,
    /// The key of each reply by the request's body.
    keys: HashMap<String, String>,
    /// HTTP requests of the undisturbed run.
    calls: u64,
}

#[derive(PartialEq)]
struct Expected {
    files: Vec<(PathBuf, Vec<u8>)>,
    kto: Vec<u8>,
    asked: HashSet<String>,
}

impl Bench {
    fn new((answer, kills): (&str, u64)) -> Self {
        let dir = folder();
        let mut content = Vec::new();
        corpus::write(&mut content, 600, 23, corpus::Style::default()).unwrap();
        // Some dialogues come again much later, when their turns may be answered or not.
        let again: Vec<u8> = content.split_inclusive(|&b| b == b'\n').take(150).flatten().copied().collect();
        content.extend(again);
        let input = write(dir.path(), "corpus.jsonl", content);
        let rules = write(dir.path(), "kills.toml", RULES);
        let server = Server::start(|request| {
            std::thread::sleep(Duration::from_millis(4));
            // Some of what nobody else has settled is feedback.
            letters_in(Dialect::Structured, request, |turn| match turn.contains("river") {
                true => "UR2",
                false => pattern(turn),
            })
        });
        // The constraint is given, so that a batch file has the same keys.
        let config = format!(
            "format = 1\n[output]\npart-mib = 1\n[rules]\npacks = [\"en\", {rules:?}]\n[[plugin]]\nname = \"rephrase\"\n\
             [judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\nmax-in-flight = {IN_FLIGHT}\nconstraint = \"choice\"\n\
             answer = \"{answer}\"\n",
            server.base_url()
        );
        let config = write(dir.path(), "judge.toml", config);
        let whole = dir.path().join("whole");
        let out = text(&whole);
        let summary =
            rejoinder(&["run", &input, "--config", &config, "--out", &out, "--json"]).expect(0).json();
        assert_eq!(figure(&summary, "undecided"), 0);
        let calls = figure(&summary, "calls");
        assert_eq!(calls, server.all_requests() as u64);
        let expected = Expected::of(&whole, bodies(&server, 0));
        let turns = server.log().into_iter().map(|r| marked_turns(r.prompt()).len().max(1));
        assert!(turns.sum::<usize>() > 300, "{summary}");
        assert_eq!(expected.asked.len() > 300, answer == "label", "{summary}");
        for kind in ["parts", "judged"] {
            assert!(expected.files.iter().any(|(path, _)| path.starts_with(kind)), "no {kind}/ in {summary}");
        }
        assert!(!expected.kto.is_empty());
        let spooled = text(&dir.path().join("spooled"));
        rejoinder(&["run", &input, "--config", &config, "--offline", "--out", &spooled]).expect(0);
        let batch = text(&dir.path().join("batch.jsonl"));
        rejoinder(&["judge", &spooled, "--export-batch", &batch]).expect(0);
        let keys = rows(Path::new(&batch))
            .into_iter()
            .map(|row| (row["body"].to_string(), row["custom_id"].as_str().unwrap().to_owned()))
            .collect();
        Self { kills, dir, server, input, config, expected, keys, calls }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Begins a run or goes on with it, and kills it once the server was asked so many more requests, and so much later;
    /// `None` if it was killed.
    fn run_and_kill(&self, run: &Path, more: &[&str], (requests, later): (usize, Duration)) -> Option<Ended> {
        let out = text(run);
        let begin = ["run", &self.input, "--config", &self.config, "--out", &out];
        let args = match run.join("manifest.json").exists() {
            true => [&["resume", &out], more].concat(),
            false => {
                // Killed before there was a run: what lies there is none.
                let _ = std::fs::remove_dir_all(run);
                [&begin, more].concat()
            }
        };
        let moment = self.server.requests().saturating_add(requests);
        // What it prints is small enough for the pipes.
        let mut command = command(&args);
        let command = command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if self.server.requests() >= moment {
                std::thread::sleep(later);
                child.kill().unwrap();
                break;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        let ended = child.wait_with_output().unwrap();
        ended.status.code().is_some().then(|| ended.into())
    }
}

impl Expected {
    fn of(run: &Path, asked: HashSet<String>) -> Self {
        let kto = run.with_extension("kto");
        rejoinder(&["export", "kto", &text(run), "--out", &text(&kto), "--force"]).expect(0);
        Self { files: output_files(run), kto: std::fs::read(kto).unwrap(), asked }
    }
}

/// What the server was asked since its request number `from`, but for what tries its letters, which a batch file has not.
fn bodies(server: &Server, from: usize) -> HashSet<String> {
    let log = &server.log()[from..];
    let usual = log.iter().filter(|request| !request.prompt().contains("\nA = No feedback"));
    usual.map(|request| request.body.to_string()).collect()
}

/// The keys of the replies that are stored in a run. Read from a copy: opening a database puts its log in order.
fn stored(run: &Path, copy: &Path) -> HashSet<String> {
    let _ = std::fs::remove_dir_all(copy);
    std::fs::create_dir(copy).unwrap();
    for name in ["replies.sqlite", "replies.sqlite-wal"] {
        if run.join(name).exists() {
            std::fs::copy(run.join(name), copy.join(name)).unwrap();
        }
    }
    let Ok(store) = rusqlite::Connection::open(copy.join("replies.sqlite")) else { return HashSet::new() };
    let Ok(mut select) = store.prepare("SELECT reply_key FROM replies") else { return HashSet::new() };
    select.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// A run under kills, as the server and the disk saw it.
struct Disturbed<'b> {
    bench: &'b Bench,
    path: PathBuf,
    /// The server's counts when it began: of all requests, and of those that ask.
    before: (usize, usize),
    kills: u64,
    /// The stored replies at the last kill.
    stored: HashSet<String>,
}

impl<'b> Disturbed<'b> {
    fn new(bench: &'b Bench, name: &str) -> Self {
        let before = (bench.server.all_requests(), bench.server.requests());
        Self { bench, path: bench.path(name), before, kills: 0, stored: HashSet::new() }
    }

    fn all_requests(&self) -> u64 {
        (self.bench.server.all_requests() - self.before.0) as u64
    }

    /// To a kill at a random moment, or to the end.
    fn go_on(&mut self, more: &[&str], random: &mut fastrand::Rng) -> Option<Ended> {
        let share = 2 * self.bench.expected.asked.len() / self.bench.kills as usize;
        let moment = (random.usize(1..=share), Duration::from_micros(random.u64(0..6_000)));
        self.go_on_until(more, moment)
    }

    fn go_to_the_end(&mut self) -> Option<Ended> {
        self.go_on_until(&[], (usize::MAX, Duration::ZERO))
    }

    fn go_on_until(&mut self, more: &[&str], moment: (usize, Duration)) -> Option<Ended> {
        let since = self.bench.server.requests();
        let ended = self.bench.run_and_kill(&self.path, more, moment);
        let asked = bodies(&self.bench.server, since);
        let again: Vec<&String> = asked.iter().map(|body| &self.bench.keys[body]).collect();
        let again: Vec<_> = again.into_iter().filter(|key| self.stored.contains(*key)).collect();
        assert!(again.is_empty(), "asked again after kill {}: {again:?}", self.kills);
        let now = stored(&self.path, &self.path.with_extension("copy"));
        assert!(self.stored.is_subset(&now), "a stored reply is gone after kill {}", self.kills);
        self.stored = now;
        self.kills += u64::from(ended.is_none());
        ended
    }

    /// That a run which has come to its end is what it would have been without a kill, and cost little more.
    fn check(&self, summary: &Value) {
        let Self { bench, kills, .. } = self;
        assert_eq!(figure(summary, "undecided"), 0);
        let log = &bench.server.log()[self.before.1..];
        let mut counts: HashMap<String, u64> = HashMap::new();
        for request in log {
            *counts.entry(request.body.to_string()).or_default() += 1;
        }
        let asked = bodies(&bench.server, self.before.1);
        assert!(asked == bench.expected.asked, "other questions after {kills} kills");
        assert!(Expected::of(&self.path, asked) == bench.expected, "other output after {kills} kills");
        let again = log.len() as u64 - counts.len() as u64;
        assert!(again <= kills * IN_FLIGHT, "{again} asked again by {kills} kills");
        assert!(counts.values().all(|&count| count <= 1 + kills));
        let calls = figure(summary, "calls");
        // What was reserved and not settled when a kill came may or may not have been sent: it is spent.
        assert!(calls >= self.all_requests(), "{calls} spent, {} seen", self.all_requests());
        assert!(
            calls <= bench.calls + kills * RESERVED,
            "{calls} spent after {kills} kills, {} seen, {} undisturbed",
            self.all_requests(),
            bench.calls
        );
    }
}

/// Kills runs at random moments, goes on with each to its end, and looks at what came out.
fn kill_and_resume(form: (&str, u64)) {
    let bench = Bench::new(form);
    let mut random = random();
    let (mut kills, mut in_the_middle) = (0, 0);
    for number in 0.. {
        let mut run = Disturbed::new(&bench, &format!("run{number}"));
        let ended = loop {
            let resumed = match kills + run.kills < bench.kills {
                true => run.go_on(&[], &mut random),
                false => run.go_to_the_end(),
            };
            if let Some(ended) = resumed {
                break ended;
            }
            in_the_middle += u64::from(!run.stored.is_empty());
        };
        kills += run.kills;
        run.check(&ended.expect(0).json());
        if kills >= bench.kills {
            break;
        }
    }
    assert!(
        in_the_middle >= bench.kills / 2,
        "{in_the_middle} of {kills} kills came while replies were stored"
    );
}

/// Kills runs with a budget of calls at random moments, and raises the budget until they come to their end.
fn kill_within_a_budget(form: (&str, u64)) {
    let bench = Bench::new(form);
    let mut random = random();
    let mut run = Disturbed::new(&bench, "run");
    // A kill leaves reservations that were never sent: the budget ends sooner, never later.
    let mut budget = bench.calls / 3;
    let summary = loop {
        let calls = budget.to_string();
        let ended = run.go_on(&["--calls", &calls], &mut random);
        assert!(run.all_requests() <= budget, "{} of {budget} after {} kills", run.all_requests(), run.kills);
        match ended {
            None => {}
            Some(ended) if ended.code == 4 => {
                let spent = figure(&ended.json(), "calls");
                assert_eq!(spent, budget);
                budget += bench.calls / 3;
            }
            Some(ended) => break ended.expect(0).json(),
        }
        assert!(run.kills < 5 * bench.kills, "no end");
    };
    assert!(run.kills >= bench.kills / 2, "{} kills", run.kills);
    run.check(&summary);
}

#[test]
fn a_run_killed_twenty_times_while_judging_pays_for_no_reply_twice() {
    kill_and_resume(FORMS[0]);
}

#[test]
fn a_run_killed_while_judging_in_groups_of_letters_pays_for_no_reply_twice() {
    kill_and_resume(FORMS[1]);
}

#[test]
fn a_run_killed_while_judging_in_groups_of_objects_pays_for_no_reply_twice() {
    kill_and_resume(FORMS[2]);
}

#[test]
fn the_budget_of_calls_holds_over_all_kills() {
    FORMS.into_iter().for_each(kill_within_a_budget);
}

//! What a run tallies while it scans and judges: the figures are those that counting anew gives, however the input was cut.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rejoinder_cascade::{Decision, DecisionReason, ScoreBand};
use rejoinder_core::random::splitmix::{GAMMA, mix};
use rejoinder_core::{Category, RecordId};
use rejoinder_run::folder::{RunInput, begin};
use rejoinder_run::tallies::{DisputedTurn, GroupTally, RunTallies};
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, TurnOutcome, judging, scan};
use rejoinder_scan::config::EffectiveConfig;
use rejoinder_scan::{Engine, Scan, ScanError};
use serde_json::{Value, json};

use crate::corpus;
use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, Ended, folder, rejoinder, text, write};

const THREADS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Runs the command with plugins from where this program finds them, too.
fn run_with_plugins(args: &[&str]) -> Ended {
    let libraries = Path::new(env!("CARGO_BIN_EXE_rejoinder")).with_file_name("deps");
    rejoinder(&[&["run", "--plugin-dir", &text(&libraries)], args].concat())
}

/// A conversation, counted anew: its language, and its later turns.
struct Recounted {
    language: &'static str,
    turns: Vec<RecountedTurn>,
}

struct RecountedTurn {
    id: RecordId,
    outcome: TurnOutcome,
    ground: DecisionReason,
    /// Whether a rule accepted the turn.
    is_by_rule: bool,
    /// The score, where it reaches the cut.
    high_score: Option<f32>,
}

/// All conversations, decided by rules, plugins and stored replies anew.
fn recounted(run: &RunDir) -> Vec<Recounted> {
    let engine = run.engine().unwrap();
    let judged = judging::judged(run).unwrap();
    let asked = run.asked().unwrap();
    let flow = Scan { asked_before: Some(&asked), ..Scan::of(&engine, &run.manifest.inputs, THREADS) };
    let mut all = Vec::new();
    let scanned = flow.run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let engine = worker.engine;
            let conversations = scanned.conversations.iter().map(|conversation| {
                let turns = scanned.turns(conversation).iter().map(|turn| {
                    let id = conversation.id(turn);
                    let answer = judged.get(&id).copied().unwrap_or_default();
                    let band = engine.band(scanned.votes(turn)).filter(|band| *band != ScoreBand::Low);
                    RecountedTurn {
                        id,
                        outcome: TurnOutcome::new(turn.decision(), answer),
                        ground: turn.ground,
                        is_by_rule: match turn.decision() {
                            Decision::Accepted(category) => {
                                let by = scanned.accepted_by(engine, conversation, turn, category).0;
                                by == rejoinder_core::FeedbackSource::Rule
                            }
                            _ => false,
                        },
                        high_score: band.map(|_| turn.probability),
                    }
                });
                Recounted { language: conversation.language, turns: turns.collect() }
            });
            Ok::<Vec<Recounted>, ScanError>(conversations.collect())
        },
        |conversations| {
            all.extend(conversations);
            Ok(())
        },
    );
    scanned.unwrap();
    all
}

fn tally_of<'r>(conversations: impl IntoIterator<Item = &'r Recounted>) -> GroupTally {
    let mut tally = GroupTally::default();
    for Recounted { turns, .. } in conversations {
        tally.conversations += 1;
        tally.turns += turns.len() as u64;
        let found = |category: Option<Category>| {
            let is_found = |turn: &&RecountedTurn| match category {
                None => turn.outcome.category().is_some(),
                Some(_) => turn.outcome.category() == category,
            };
            turns.iter().filter(is_found).count() as u64
        };
        for category in Category::ALL {
            let count = found(Some(category));
            (0..count).for_each(|_| tally.feedback.count(category));
            (0..count.pow(2)).for_each(|_| tally.squares.count(category));
        }
        tally.squares_all += found(None).pow(2);
        tally.with_feedback += u64::from(found(None) > 0);
        for turn in turns {
            match turn.outcome {
                TurnOutcome::Undecided => tally.waiting += 1,
                TurnOutcome::Rejected => tally.rejected += 1,
                TurnOutcome::Judged(None) => tally.no_feedback += 1,
                TurnOutcome::Accepted(_) | TurnOutcome::Judged(Some(_)) => {}
            }
        }
    }
    tally
}

/// The stratum of a turn.
fn stratum(turn: &RecountedTurn) -> String {
    match (turn.outcome, turn.ground) {
        (TurnOutcome::Judged(found), _) => format!("judged/{}", found.map_or("none", Category::code)),
        (TurnOutcome::Accepted(category), DecisionReason::HighScore(_)) => {
            format!("accepted/{}/score", category.code())
        }
        (TurnOutcome::Accepted(category), _) => {
            format!("accepted/{}/{}", category.code(), if turn.is_by_rule { "rule" } else { "plugin" })
        }
        (TurnOutcome::Rejected, ground) => format!("rejected/{}", word(ground)),
        (TurnOutcome::Undecided, ground) => format!("waiting/{}", word(ground)),
    }
}

/// The name of a ground, as JSON has it.
fn word(ground: DecisionReason) -> String {
    let json = serde_json::to_value(ground).unwrap();
    json.as_str().unwrap().to_owned()
}

fn rank(id: RecordId) -> u64 {
    let fields = [0, u64::from(id.shard), id.ordinal, u64::from(id.message_index)];
    fields.into_iter().fold(GAMMA, |z, field| mix(z.wrapping_add(GAMMA) ^ field))
}

/// The tallies of a run are those of counting anew, and add up to the numbers of the run.
#[track_caller]
fn check(run: &Path) -> RunTallies {
    let run = RunDir::open(run).unwrap();
    assert!(run.has_tallies().unwrap());
    let tallies = run.tallies().unwrap();
    let all = recounted(&run);
    let total = tally_of(&all);
    for (name, division) in &tallies.groups.divisions {
        assert_eq!(division.total(), total, "{name}");
        assert!(!division.values.is_empty());
    }
    if let Some(languages) = tallies.groups.divisions.get("language") {
        for (language, group) in &languages.values {
            assert_eq!(*group, tally_of(all.iter().filter(|one| one.language == language)), "{language}");
        }
        assert_eq!(languages.unknown, tally_of(all.iter().filter(|one| one.language == "und")));
    }
    let (stats, judged) = (run.scan_stats().unwrap(), run.judge_stats().unwrap());
    assert_eq!(total.conversations, stats.read.conversations);
    assert_eq!(total.turns, stats.turns);
    assert_eq!(total.rejected, stats.passed_over());
    assert_eq!(total.waiting, stats.undecided - judged.judged);
    assert_eq!(total.feedback.total(), stats.accepted.total() + judged.feedback.total());
    assert_eq!(total.no_feedback, judged.judged - judged.feedback.total());
    assert_eq!(total.with_feedback, stats.with_accepted + judged.with_feedback);
    assert_eq!(tallies.rules.turns, stats.turns);

    let mut strata: BTreeMap<String, Vec<RecordId>> = BTreeMap::new();
    for turn in all.iter().flat_map(|one| &one.turns) {
        strata.entry(stratum(turn)).or_default().push(turn.id);
    }
    for ids in strata.values_mut() {
        ids.sort_by_key(|id| (rank(*id), *id));
        ids.truncate(12);
    }
    assert_eq!(tallies.examples.strata, strata);

    let disputed = all.iter().flat_map(|one| &one.turns).filter(|t| t.ground == DecisionReason::Rejected);
    let mut disputed: Vec<DisputedTurn> =
        disputed.filter_map(|t| Some(DisputedTurn { id: t.id, score: t.high_score? })).collect();
    disputed.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    disputed.truncate(200);
    assert_eq!(tallies.disputes, disputed);
    tallies
}

#[test]
fn tallies_are_those_of_counting_anew_before_and_after_the_judge() {
    let dir = folder();
    let server = Server::start(by_rule);
    for (name, unit, more) in
        [("turns", "turn", ""), ("whole", "conversation", ""), ("shared", "turn", "turns-per-request = 4\n")]
    {
        let config = format!(
            "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nunit = \"{unit}\"\n{more}",
            server.base_url()
        );
        let config = write(dir.path(), "judge.toml", config);
        let run = text(&dir.path().join(name));
        run_with_plugins(&[DIALOGUES, "--out", &run]).expect(0);
        let before = check(Path::new(&run));
        assert!(before.examples.strata.keys().any(|stratum| stratum.starts_with("waiting/")));
        let at_once = text(&dir.path().join(format!("{name}-at-once")));
        // The budget ends before all are asked about.
        run_with_plugins(&[DIALOGUES, "--config", &config, "--calls", "9", "--out", &at_once]).expect(4);
        check(Path::new(&at_once));
        rejoinder(&["judge", &at_once, "--calls", "10000"]).expect(0);
        let after = check(Path::new(&at_once));
        let judged: u64 = after.rules.rules.values().map(|rule| rule.judged).sum();
        assert!(judged > 0 && after.groups.divisions["language"].total().waiting == 0, "{name}");
        assert!(before.rules.rules.values().all(|rule| rule.judged == 0));
    }
}

#[test]
fn what_rules_do_is_what_rules_stats_says_and_what_the_judge_says_of_their_turns() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = format!(
        "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n",
        server.base_url()
    );
    let config = write(dir.path(), "judge.toml", config);
    let path = text(&dir.path().join("run"));
    run_with_plugins(&[DIALOGUES, "--config", &config, "--out", &path]).expect(0);
    let stats = rejoinder(&["rules", "stats", DIALOGUES, "--config", &config, "--json"]).expect(0).json();
    let run = RunDir::open(Path::new(&path)).unwrap();
    let tallies = run.rule_tallies().unwrap();
    let rows = stats["rules"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["effect"] != 0));
    for row in rows {
        let tally = tallies.rules.get(row["id"].as_str().unwrap()).copied().unwrap_or_default();
        let told =
            ["hits", "alone", "effect", "accepted", "rejected", "undecided"].map(|key| row[key].as_u64());
        let own = [tally.hits, tally.alone, tally.effect, tally.accepted, tally.rejected, tally.waiting];
        assert_eq!(told, own.map(Some), "{row}");
        assert!(tally.waits_alone <= tally.effect.min(tally.waiting));
    }
    // The spool says which rules hit the turns that the judge was asked about.
    let judged = judging::judged(&run).unwrap();
    let mut told: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in run.rows::<Value>(rejoinder_run::folder::PartKind::Spool, 0) {
        let row = row.unwrap();
        for turn in row["turns"].as_array().unwrap() {
            let id: RecordId = turn["id"].as_str().unwrap().parse().unwrap();
            let Some(answer) = judged.get(&id) else { continue };
            for rule in turn["rules"].as_array().unwrap() {
                let counts = told.entry(rule.as_str().unwrap().to_owned()).or_default();
                counts.0 += 1;
                counts.1 += u64::from(answer.category().is_some());
            }
        }
    }
    let own = tallies.rules.iter().filter(|(_, tally)| tally.judged > 0);
    let own: BTreeMap<_, _> =
        own.map(|(id, t)| (id.clone(), (t.judged, t.judged_feedback.total()))).collect();
    assert_eq!(own, told);
    assert!(tallies.plugins.contains_key("rephrase"));
}

#[test]
fn disputes_are_the_rejected_turns_whose_score_reaches_the_cut() {
    let dir = folder();
    let pack =
        "format = 1\n[[rule]]\nid = \"mine.never\"\nroute = \"reject\"\nany = [\"thanks\", \"thank you\"]\n";
    let pack = write(dir.path(), "never.toml", pack);
    let config = format!(
        "format = 1\n[rules]\npacks = [\"{pack}\"]\n[[plugin]]\nname = \"scorer\"\n[cascade]\nreject-below = 0.2\n"
    );
    let config = write(dir.path(), "c.toml", config);
    let run = text(&dir.path().join("run"));
    run_with_plugins(&[DIALOGUES, "--config", &config, "--out", &run]).expect(0);
    let tallies = check(Path::new(&run));
    assert!(!tallies.disputes.is_empty());
    let scorer = tallies.rules.plugins["scorer"];
    assert!(scorer.effect > 0, "{scorer:?}");
}

/// Conversations of many models and countries, over some megabytes, with months in several forms.
fn corpus_of_groups(dir: &Path) -> PathBuf {
    let mut content = Vec::new();
    corpus::write(&mut content, 1500, 11, corpus::Style::default()).unwrap();
    let lines = std::str::from_utf8(&content).unwrap().lines().enumerate();
    let lines: String = lines
        .map(|(number, line)| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            // More values than are told apart, and the later ones are not the greater ones.
            record["model"] = json!(format!("model-{}", number * 7919 % 331));
            if number % 10 != 0 {
                record["country"] = json!(["DE", "FR", "\u{202e}x<b>"][number % 3]);
            }
            record["metadata"] = json!({ "timestamp": format!("2024-{:02}-07T10:00:00Z", number % 12 + 1), "tier": number % 2 });
            format!("{record}\n")
        })
        .collect();
    PathBuf::from(write(dir, "groups.jsonl", lines))
}

#[test]
fn tallies_do_not_depend_on_threads_or_parts_or_on_being_interrupted() {
    let dir = folder();
    let input = corpus_of_groups(dir.path());
    let mut told = Vec::new();
    for (part_mib, threads, is_interrupted) in [(1, 1, false), (64, 3, false), (2, 3, false), (1, 3, true)] {
        let config = format!(
            "format = 1\nplugin = []\n[output]\npart-mib = {part_mib}\n[report]\nby = [\"country\", \"tier\"]\n"
        );
        let config = write(dir.path(), "c.toml", config);
        let engine = Engine::of(&EffectiveConfig::load(Some(Path::new(&config))).unwrap()).unwrap();
        let out = dir.path().join(format!("run-{part_mib}-{threads}-{is_interrupted}"));
        let (mut run, engine) =
            begin(engine, RunInput::Files(std::slice::from_ref(&input)), Some(&out)).unwrap();
        let threads = NonZeroUsize::new(threads).unwrap();
        if is_interrupted {
            let watch = Watch::default();
            let stop = watch.stop.flag();
            let committed = |part| stop.store(part > 0, Ordering::Relaxed);
            assert!(scan::run_watched(&run, &engine, threads, &watch, &committed).is_err());
            assert!(run.ledger.parts().unwrap().len() > 1 && !scan::is_complete(&run).unwrap());
            drop(run);
            run = RunDir::open_to_change(&out).unwrap();
        }
        scan::run(&run, &engine, threads).unwrap();
        drop(run);
        told.push(check(&out));
    }
    for other in &told[1..] {
        assert_eq!(*other, told[0]);
    }
    let divisions = &told[0].groups.divisions;
    assert_eq!(
        divisions.keys().collect::<Vec<_>>(),
        ["country", "language", "model", "month", "tier"],
        "no conversation names a source"
    );
    assert_eq!(divisions["tier"].values.keys().collect::<Vec<_>>(), ["0", "1"]);
    assert_eq!(divisions["month"].values.len(), 12);
    assert!(divisions["month"].values.contains_key("2024-03"));
    assert_eq!(divisions["country"].values.keys().collect::<Vec<_>>(), ["DE", "FR", "\u{202e}x<b>"]);
    assert_eq!(divisions["country"].unknown.conversations, 150);
    // The first 200 of the input, however they are cut into chunks and parts.
    let models = &divisions["model"];
    let first: std::collections::BTreeSet<String> =
        (0..200).map(|number| format!("model-{}", number * 7919 % 331)).collect();
    assert_eq!(models.values.keys().cloned().collect::<std::collections::BTreeSet<_>>(), first);
    let named: u64 = models.values.values().map(|group| group.conversations).sum();
    assert_eq!((models.other.conversations, models.unknown.conversations), (1500 - named, 0));
}

#[test]
fn the_file_is_the_source_where_there_are_several_and_no_column_says_it() {
    let dir = folder();
    let line = |more: &str| {
        format!(
            "{{\"conversation\":[{{\"role\":\"user\",\"content\":\"list words\"}},{{\"role\":\"assistant\",\"content\":\"one\"}},{{\"role\":\"user\",\"content\":\"thanks\"}}]{more}}}\n"
        )
    };
    let one = write(dir.path(), "one.jsonl", line(""));
    let two = write(dir.path(), "two.jsonl", line("") + &line(",\"source\":\"wildchat\""));
    std::fs::create_dir(dir.path().join("a")).unwrap();
    let same = write(&dir.path().join("a"), "one.jsonl", line(""));
    let sources = |inputs: &[&str], name: &str| {
        let run = text(&dir.path().join(name));
        run_with_plugins(&[inputs, &["--out", &run]].concat()).expect(0);
        let tallies = check(Path::new(&run));
        let source = tallies.groups.divisions.get("source").cloned().unwrap_or_default();
        source.values.into_iter().map(|(value, group)| (value, group.conversations)).collect::<Vec<_>>()
    };
    let of = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    assert_eq!(sources(&[&one], "r1"), []);
    assert_eq!(sources(&[&one, &two], "r2"), of(&[("one.jsonl", 1), ("two.jsonl", 1), ("wildchat", 1)]));
    assert_eq!(sources(&[&one, &same], "r3"), of(&[("a/one.jsonl", 1), ("one.jsonl", 1)]));
}

#[test]
fn a_run_of_an_earlier_engine_has_no_tallies_and_everything_else() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = format!("format = 1\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n", server.base_url());
    let config = write(dir.path(), "judge.toml", config);
    let path = text(&dir.path().join("run"));
    run_with_plugins(&[DIALOGUES, "--out", &path]).expect(0);
    let run = RunDir::open_to_change(Path::new(&path)).unwrap();
    run.ledger.remove("tallies:0").unwrap();
    // What earlier engines wrote of a turn that waits.
    let rows: String = run
        .rows::<Value>(rejoinder_run::folder::PartKind::Spool, 0)
        .map(|row| {
            let mut row = row.unwrap();
            assert!(row.as_object_mut().unwrap().remove("standing").is_some());
            format!("{row}\n")
        })
        .collect();
    run.write_part(rejoinder_run::folder::PartKind::Spool, 0, rows.as_bytes()).unwrap();
    assert!(!run.has_tallies().unwrap());
    drop(run);
    let judged = rejoinder(&["judge", &path, "--config", &config, "--json"]).expect(0).json();
    assert_eq!(judged["undecided"], 0);
    let run = RunDir::open(Path::new(&path)).unwrap();
    assert!(!run.has_tallies().unwrap());
    assert_eq!(run.tallies().unwrap(), RunTallies::default());
    rejoinder(&["show", &path, "--sample", "5"]).expect(0);
    rejoinder(&["explain", &path, "0:0:2"]).expect(0);
}

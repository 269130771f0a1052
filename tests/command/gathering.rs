//! A sample that was gathered over a data set, batch by batch: `audit` and `calibrate` say of it what they say of a run over the same
//! conversations, however these were batched and in whatever order the parts were merged.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rejoinder_core::Purpose;
use rejoinder_read::{ChunkReader, InputFile, Position};
use rejoinder_run::gathering::{
    CalibrationDraw, ExpectedTurns, GatheredPart, Gatherer, GatheringError, GatheringGoal, GatheringTerms,
    JudgedCounts, SampledVerb,
};
use rejoinder_run::recall::TurnAddress;
use rejoinder_run::recall::audit::AuditDraw;
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::{Config, Engine, Worker};
use serde_json::{Value, json};

use crate::corpus;
use crate::support::server::{Server, by_rule, labelled, last_user_message};
use crate::support::{DIALOGUES, Ended, all_files, figure, folder, random, rejoinder, text, write};

const AUDIT: AuditDraw = AuditDraw { rejected: 40, accepted: 12, seed: 5 };
const CALIBRATION: CalibrationDraw = CalibrationDraw { purpose: Purpose::ALL, sample: 60, seed: 7 };

fn terms(goal: GatheringGoal, address: TurnAddress) -> GatheringTerms {
    GatheringTerms { goal, address, expected: ExpectedTurns::default() }
}

/// The command finds the libraries of the shipped plugins there, and so must whoever gathers.
fn libraries() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_rejoinder")).with_file_name("deps")
}

fn config() -> Config {
    Config { plugin_dirs: vec![libraries()], ..Config::default() }
}

/// The same config as a file.
fn config_file(dir: &Path, more: &str) -> String {
    write(dir, "config.toml", format!("format = 1\nplugin-dirs = [{:?}]\n{more}", libraries()))
}

/// The engine that a run of the command uses on a file.
fn engine(file: &str) -> Arc<Engine> {
    let described = InputFile::describe(Path::new(file)).unwrap();
    Arc::new(Engine::build(config()).unwrap().for_corpus(&[described]).unwrap())
}

/// The part of some lines of a file, whose first line has this number in the whole.
fn gather(gatherer: &Gatherer, lines: &[&str], first: u64) -> Result<GatheredPart, RunError> {
    let dir = folder();
    let file = write(dir.path(), "batch.jsonl", lines.join("\n") + "\n");
    let described = [InputFile::describe(Path::new(&file)).unwrap()];
    let input = &gatherer.engine().config.input;
    let mut worker = Worker::new(gatherer.engine()).unwrap();
    let mut whole = gatherer.begin();
    for chunk in ChunkReader::new(&described, &input.map, Position::default(), input.max_record_bytes) {
        let mut scanned = worker.scan(&chunk).unwrap();
        scanned.conversations.iter_mut().for_each(|conversation| conversation.ordinal += first);
        whole.merge(gatherer.of_batch(&scanned)?)?;
    }
    Ok(whole)
}

/// All lines of a file, in batches of a random size, merged in a random order; each part goes over a wire.
fn gather_at_random(gatherer: &Gatherer, file: &str, random: &mut fastrand::Rng) -> GatheredPart {
    let content = fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = content.lines().collect();
    let mut parts = Vec::new();
    let mut first = 0;
    while first < lines.len() {
        let end = lines.len().min(first + random.usize(1..lines.len() / 2));
        parts.push(gather(gatherer, &lines[first..end], first as u64).unwrap().to_bytes());
        first = end;
    }
    random.shuffle(&mut parts);
    while parts.len() > 1 {
        let (one, other) = (parts.swap_remove(random.usize(..parts.len())), parts.pop().unwrap());
        let mut merged = GatheredPart::from_bytes(&one).unwrap();
        merged.merge(GatheredPart::from_bytes(&other).unwrap()).unwrap();
        parts.push(merged.to_bytes());
    }
    GatheredPart::from_bytes(&parts[0]).unwrap()
}

/// A file of all of a data set, gathered on these terms into a folder.
fn gathered(file: &str, terms: GatheringTerms, out: &Path, judged: Option<&JudgedCounts>) -> String {
    let gatherer = Gatherer::new(engine(file), terms).unwrap();
    let part = gather_at_random(&gatherer, file, &mut random());
    gatherer.write(part, "a data set", judged, out).unwrap();
    text(out)
}

/// The content of a folder's files, but for the database, whose facts and parts stand for it.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let run = RunDir::open_sampled(folder, SampledVerb::Audit)
        .or_else(|_| RunDir::open_sampled(folder, SampledVerb::Calibrate))
        .unwrap();
    let counts = serde_json::to_vec(&run.scan_counts().unwrap()).unwrap();
    let facts = format!("{:?}", run.ledger.facts("").unwrap()).into_bytes();
    drop(run);
    let is_kept = |path: &PathBuf| !path.to_string_lossy().contains("ledger.sqlite");
    let mut files: Vec<_> = all_files(folder)
        .into_iter()
        .filter(is_kept)
        .map(|path| (path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files.push(("counts".into(), counts));
    files.push(("facts".into(), facts));
    files
}

fn run_over(file: &str, dir: &Path) -> String {
    let out = text(&dir.join("run"));
    rejoinder(&["run", file, "--offline", "--config", &config_file(dir, ""), "--out", &out]).expect(0);
    out
}

fn audit(run: &str, more: &[&str]) -> Ended {
    rejoinder(&[&["audit", run, "--json"][..], more].concat())
}

fn calibrate(run: &str, more: &[&str]) -> Ended {
    rejoinder(&[&["calibrate", run, "--json"][..], more].concat())
}

#[test]
fn an_audit_says_what_it_says_of_a_run_over_the_same_conversations() {
    let dir = folder();
    let run = run_over(DIALOGUES, dir.path());
    let of_run = ["--rejected", "40", "--accepted", "12", "--seed", "5", "--labels"];
    let expected = audit(&run, &of_run).expect(0).json();
    let terms = terms(GatheringGoal::Audit(AUDIT), TurnAddress::Place);
    let out = gathered(DIALOGUES, terms, &dir.path().join("gathered"), None);
    assert_eq!(audit(&out, &["--labels"]).expect(0).json(), expected);
    let drawn = |run: &str| fs::read_to_string(Path::new(run).join("audit.json")).unwrap();
    assert_eq!(drawn(&out), drawn(&run), "the very same draw");
    assert_eq!(audit(&out, &of_run).expect(0).json(), expected);
    assert!(audit(&out, &["--labels", "--seed", "6"]).expect(2).stderr.contains("seed 5"));
}

#[test]
fn a_calibration_says_what_it_says_of_a_run_over_the_same_conversations() {
    let dir = folder();
    let run = run_over(DIALOGUES, dir.path());
    let terms = terms(GatheringGoal::Calibration(CALIBRATION), TurnAddress::Place);
    let out = gathered(DIALOGUES, terms, &dir.path().join("gathered"), None);
    for more in [&["--recall", "0.6", "--confidence", "0.8"][..], &["--without-judge", "--precision", "0.6"]]
    {
        let of_run = [&["--labels", "--sample", "60", "--seed", "7"][..], more].concat();
        let expected = calibrate(&run, &of_run).expect(0);
        let found = calibrate(&out, &[&["--labels"][..], more].concat()).expect(0);
        assert_eq!(found.json(), expected.json());
        let remark = |ended: &Ended| ended.stderr.lines().next().unwrap().to_owned();
        assert_eq!(remark(&found), remark(&expected), "the forecast is the same, too");
    }
    // The lowest 25 hashes are those of a smaller draw.
    let fewer = ["--labels", "--sample", "25"];
    let of_run = calibrate(&run, &[&fewer[..], &["--seed", "7"]].concat()).expect(0).json();
    assert_eq!(calibrate(&out, &fewer).expect(0).json(), of_run);
    let more = calibrate(&out, &["--labels", "--sample", "61"]).expect(2);
    assert!(more.stderr.contains("a sample of 60 turns was gathered, and 61 are wanted"), "{}", more.stderr);
    let other = calibrate(&out, &["--labels", "--seed", "8"]).expect(2);
    assert!(other.stderr.contains("gathered with seed 7"), "{}", other.stderr);
    let purpose = calibrate(&out, &["--labels", "--for", "kto"]).expect(2);
    assert!(
        purpose.stderr.contains("scored for `all`") && purpose.stderr.contains("--for all"),
        "{purpose:?}"
    );
}

#[test]
fn neither_batches_nor_the_order_of_merging_nor_numbers_show() {
    let dir = folder();
    for (name, goal) in
        [("audit", GatheringGoal::Audit(AUDIT)), ("calibration", GatheringGoal::Calibration(CALIBRATION))]
    {
        let gatherer = Gatherer::new(engine(DIALOGUES), terms(goal, TurnAddress::Conversation)).unwrap();
        let whole = fs::read_to_string(DIALOGUES).unwrap();
        let out = dir.path().join(format!("{name}-whole"));
        let lines: Vec<&str> = whole.lines().collect();
        gatherer.write(gather(&gatherer, &lines, 0).unwrap(), "a data set", None, &out).unwrap();
        let expected = content(&out);
        let mut random = random();
        for round in 0..3 {
            // In another order, and so under other numbers.
            let mut lines = lines.clone();
            random.shuffle(&mut lines);
            let shuffled = write(dir.path(), "shuffled.jsonl", lines.join("\n"));
            let part = gather_at_random(&gatherer, &shuffled, &mut random);
            let out = dir.path().join(format!("{name}-{round}"));
            gatherer.write(part, "a data set", None, &out).unwrap();
            assert!(content(&out) == expected, "{name} {round}");
        }
        let out = text(&out);
        let ended = if name == "audit" { audit(&out, &["--labels"]) } else { calibrate(&out, &["--labels"]) };
        ended.expect(0);
    }
}

#[test]
fn labels_of_a_file_are_an_oracle_and_labels_that_are_not_there_are_missed() {
    let dir = folder();
    let all = fs::read_to_string(DIALOGUES).unwrap();
    let (mut bare, mut labels) = (String::new(), String::new());
    for line in all.lines() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        let own = record.as_object_mut().unwrap().remove("labels").unwrap();
        labels += &format!("{}\n", json!({ "conversation_id": record["conversation_id"], "labels": own }));
        bare += &format!("{record}\n");
    }
    let (bare, labels) = (write(dir.path(), "bare.jsonl", bare), write(dir.path(), "labels.jsonl", labels));
    let by_id = |goal| terms(goal, TurnAddress::Conversation);
    let audited = gathered(&bare, by_id(GatheringGoal::Audit(AUDIT)), &dir.path().join("audit"), None);
    let labelled = gathered(DIALOGUES, by_id(GatheringGoal::Audit(AUDIT)), &dir.path().join("own"), None);
    let mut by_file = audit(&audited, &["--label-file", &labels]).expect(0).json();
    let own = audit(&labelled, &["--labels"]).expect(0).json();
    by_file["oracle"] = own["oracle"].clone();
    by_file["oracle_quality"] = own["oracle_quality"].clone();
    assert_eq!(by_file, own);
    let goal = GatheringGoal::Calibration(CALIBRATION);
    let calibrated = gathered(&bare, by_id(goal), &dir.path().join("calibration"), None);
    calibrate(&calibrated, &["--label-file", &labels]).expect(0);

    for ended in [audit(&audited, &["--labels"]), calibrate(&calibrated, &["--labels"])] {
        assert!(ended.expect(2).stderr.contains("not all records have usable `labels`"));
    }
    let few = write(dir.path(), "few.jsonl", fs::read_to_string(&labels).unwrap().lines().next().unwrap());
    let missing = audit(&audited, &["--label-file", &few]).expect(2);
    let words = missing.stderr;
    assert!(words.contains("does not judge all of the 32 turns"), "{words}");
    assert!(words.contains("audit.json in ") && !words.contains("export review"), "{words}");
}

#[test]
fn what_a_judge_said_elsewhere_counts_as_in_a_run() {
    let dir = folder();
    let mut lines = Vec::new();
    corpus::write(&mut lines, 300, 41, corpus::Style::default()).unwrap();
    let input = write(dir.path(), "corpus.jsonl", lines);
    let server = Server::start(|request| match last_user_message(request.prompt()).contains("river") {
        true if !request.is_probe() => labelled(request, "B", &[("B", -0.1), ("F", -2.5)]),
        _ => by_rule(request),
    });
    let judge = format!("[judge]\nbase-url = {:?}\nmodel = \"test-model\"\n", server.base_url());
    let config = config_file(dir.path(), &judge);
    let run = text(&dir.path().join("run"));
    let summary = rejoinder(&["run", &input, "--config", &config, "--out", &run, "--json"]).expect(0).json();
    let judged = RunDir::open(Path::new(&run)).unwrap().judge_stats().unwrap();
    assert!(judged.judged > 20 && judged.feedback.total() > 5, "{judged:?}");

    let goal = GatheringGoal::Audit(AuditDraw { rejected: 50, accepted: 20, seed: 3 });
    let answers = JudgedCounts {
        feedback: judged.feedback,
        no_feedback: judged.judged - judged.feedback.total(),
        unverified: figure(&summary, "undecided"),
    };
    let at_place = terms(goal, TurnAddress::Place);
    let out = gathered(&input, at_place, &dir.path().join("gathered"), Some(&answers));
    // The judge of the gathered folder is asked about the sample alone.
    let asked = server.requests();
    let of_folder = audit(&out, &["--config", &config]).expect(0).json();
    assert!(server.requests() - asked <= 80, "{} requests", server.requests() - asked);
    let of_run = audit(&run, &["--rejected", "50", "--accepted", "20", "--seed", "3"]).expect(0).json();
    assert_eq!(of_folder["claims"], of_run["claims"]);

    let unasked = gathered(&input, at_place, &dir.path().join("unasked"), None);
    let ended = audit(&unasked, &["--config", &config]).expect(0);
    assert!(ended.stderr.contains("ask about them where they were gathered"), "{}", ended.stderr);
    let recall = |report: &Value| report["claims"][0]["recall"]["at_least"].as_f64().unwrap();
    assert!(recall(&ended.json()) < recall(&of_run), "waiting turns count as missed");

    let gatherer = Gatherer::new(engine(&input), at_place).unwrap();
    let part = gather_at_random(&gatherer, &input, &mut random());
    let waiting = part.counts().stats.undecided;
    let too_many = JudgedCounts { no_feedback: waiting + 1, ..JudgedCounts::default() };
    let refused = gatherer.write(part, "a data set", Some(&too_many), &dir.path().join("no")).unwrap_err();
    assert!(refused.to_string().contains(&format!("{waiting} wait")), "{refused}");
    assert!(!dir.path().join("no").exists(), "what is refused leaves no folder");
}

#[test]
fn verbs_that_need_conversations_say_that_these_are_elsewhere() {
    let dir = folder();
    let audited = gathered(
        DIALOGUES,
        terms(GatheringGoal::Audit(AUDIT), TurnAddress::Conversation),
        &dir.path().join("audit"),
        None,
    );
    let calibrated = gathered(
        DIALOGUES,
        terms(GatheringGoal::Calibration(CALIBRATION), TurnAddress::Conversation),
        &dir.path().join("calibration"),
        None,
    );
    let out = text(&dir.path().join("out.jsonl"));
    for args in [
        &["resume", &audited][..],
        &["judge", &audited],
        &["show", &audited],
        &["explain", &audited, "0:0:2"],
        &["export", "table", &audited, "--out", &out],
        &["export", "kto", &audited, "--out", &out],
        &["export", "kto", &audited, "--labels", "--out", &out],
        &["export", "random", &audited, "--rows", "3", "--out", &out],
        &["export", "review", &audited, "--for", "argilla", "--audit", "--out", &out],
        &["train", &audited, "--out", &out],
        &["judge", "compare", &audited],
    ] {
        let ended = rejoinder(args).expect(2);
        let words = "was gathered from `a data set`, batch by batch: it holds counts and a sample of turns, and no conversations";
        assert!(
            ended.stderr.contains(words) && ended.stderr.contains("rejoinder run INPUT"),
            "{args:?} {ended:?}"
        );
        assert!(ended.stderr.contains(&format!("rejoinder audit {audited}")), "{ended:?}");
    }
    let again = rejoinder(&["run", DIALOGUES, "--offline", "--out", &audited]).expect(2);
    assert!(again.stderr.contains("holds a run already"), "{again:?}");
    let other = calibrate(&audited, &["--labels"]).expect(2);
    assert!(other.stderr.contains("for `audit`, and `calibrate` takes a sample of its own"), "{other:?}");
    let other = audit(&calibrated, &["--labels"]).expect(2);
    assert!(other.stderr.contains("for `calibrate`, and `audit` takes a sample of its own"), "{other:?}");
    // Without its sample a folder is of no use, and nothing is drawn from nothing.
    fs::remove_file(Path::new(&audited).join("audit.json")).unwrap();
    audit(&audited, &["--labels"]).expect(2);
    fs::write(Path::new(&calibrated).join("calibration.sample"), "x").unwrap();
    let damaged = calibrate(&calibrated, &["--labels"]).expect(8);
    assert!(damaged.stderr.contains("calibration.sample"), "{damaged:?}");
}

#[test]
fn what_does_not_belong_together_or_was_counted_twice_is_refused() {
    let content = fs::read_to_string(DIALOGUES).unwrap();
    let lines: Vec<&str> = content.lines().collect();
    let (own, audit) = (engine(DIALOGUES), GatheringGoal::Audit(AUDIT));
    let gatherer = Gatherer::new(Arc::clone(&own), terms(audit, TurnAddress::Conversation)).unwrap();
    let first = gather(&gatherer, &lines[..30], 0).unwrap();
    let rest = gather(&gatherer, &lines[30..], 0).unwrap();
    let overlapping = gather(&gatherer, &lines[25..], 0).unwrap();
    let merged = |one: &GatheredPart, other: &GatheredPart| one.clone().merge(other.clone());
    merged(&first, &rest).unwrap();
    assert!(matches!(merged(&first, &first), Err(GatheringError::BatchTwice)));
    let twice = merged(&first, &overlapping).unwrap_err();
    assert!(matches!(&twice, GatheringError::Twice(turn) if turn.conversation_id.contains('-')), "{twice}");

    // Two conversations of one id in one batch; apart by their places.
    let twins: Vec<&str> = lines[..10].iter().chain(&lines[..10]).copied().collect();
    assert!(gather(&gatherer, &twins, 0).unwrap_err().to_string().contains("share an address"));
    let by_place = Gatherer::new(Arc::clone(&own), terms(audit, TurnAddress::Place)).unwrap();
    gather(&by_place, &twins, 0).unwrap();
    // All batches numbered from 0.
    let (a, b) = (gather(&by_place, &lines[..30], 0).unwrap(), gather(&by_place, &lines[30..], 0).unwrap());
    merged(&a, &b).unwrap_err();

    let other = GatheringGoal::Audit(AuditDraw { seed: 6, ..AUDIT });
    let other = Gatherer::new(Arc::clone(&own), terms(other, TurnAddress::Conversation)).unwrap();
    let mixed = merged(&first, &gather(&other, &lines[30..], 0).unwrap()).unwrap_err();
    assert!(mixed.to_string().contains("the terms, such as the seed differ"), "{mixed}");
    let rules = Config { plugins: Vec::new(), ..config() };
    let rules = Arc::new(Engine::build(rules).unwrap());
    let rules = Gatherer::new(rules, terms(audit, TurnAddress::Conversation)).unwrap();
    let mixed = merged(&first, &gather(&rules, &lines[30..], 0).unwrap()).unwrap_err();
    assert!(mixed.to_string().contains("the engines, their rules or their plugins differ"), "{mixed}");

    let mut deduplicating = config();
    deduplicating.input.duplicates = rejoinder_read::Duplicates::Exact;
    let deduplicating = Arc::new(Engine::build(deduplicating).unwrap());
    let refused = Gatherer::new(deduplicating, terms(audit, TurnAddress::Conversation)).err().unwrap();
    assert!(refused.to_string().contains("`duplicates` under [input]"), "{refused}");
}

#[test]
fn parts_are_small_where_the_number_of_turns_is_known_and_a_short_sample_is_refused() {
    let dir = folder();
    let mut content = Vec::new();
    corpus::write(&mut content, 2_000, 9, corpus::Style::default()).unwrap();
    let input = write(dir.path(), "corpus.jsonl", content);
    let draw = AuditDraw { rejected: 60, accepted: 30, seed: 2 };
    let unknown = terms(GatheringGoal::Audit(draw), TurnAddress::Place);
    let own = engine(&input);
    let gatherer = Gatherer::new(Arc::clone(&own), unknown).unwrap();
    let whole = gather_at_random(&gatherer, &input, &mut random());
    let stats = whole.counts().stats;
    let known =
        ExpectedTurns { rejected: stats.passed_over(), accepted: stats.accepted.total(), turns: stats.turns };
    let with = |expected| Gatherer::new(Arc::clone(&own), GatheringTerms { expected, ..unknown }).unwrap();
    let knowing = with(known);
    let lines = fs::read_to_string(&input).unwrap();
    let batch: Vec<&str> = lines.lines().take(100).collect();
    let size = |gatherer: &Gatherer| gather(gatherer, &batch, 0).unwrap().to_bytes().len();
    assert!(size(&knowing) * 2 < size(&gatherer), "{} of {}", size(&knowing), size(&gatherer));

    let (all, lean) = (dir.path().join("all"), dir.path().join("lean"));
    gatherer.write(whole, "a data set", None, &all).unwrap();
    let part = gather_at_random(&knowing, &input, &mut random());
    knowing.write(part, "a data set", None, &lean).unwrap();
    let drawn = |run: &Path| fs::read(run.join("audit.json")).unwrap();
    assert!(drawn(&all) == drawn(&lean), "the same turns are drawn");

    let wrong = with(ExpectedTurns { rejected: known.rejected * 1_000, ..known });
    let part = gather_at_random(&wrong, &input, &mut random());
    let short = wrong.write(part, "a data set", None, &dir.path().join("short")).unwrap_err();
    assert!(short.to_string().contains(&format!("{} turns to draw from", known.rejected)), "{short}");
}

#[test]
fn what_is_left_of_a_write_that_was_killed_is_taken_over_and_nothing_else_is() {
    let dir = folder();
    let terms = terms(GatheringGoal::Audit(AUDIT), TurnAddress::Conversation);
    let out = dir.path().join("gathered");
    gathered(DIALOGUES, terms, &out, None);
    let expected = content(&out);
    // The manifest comes last of all.
    fs::remove_file(out.join("manifest.json")).unwrap();
    assert!(audit(&text(&out), &["--labels"]).expect(2).stderr.contains("before it had begun"));
    gathered(DIALOGUES, terms, &out, None);
    assert!(content(&out) == expected);

    let gatherer = Gatherer::new(engine(DIALOGUES), terms).unwrap();
    let again = gatherer.write(gatherer.begin(), "a data set", None, &out).unwrap_err();
    assert!(again.to_string().contains("holds a run already"), "{again}");
    let own = dir.path().join("own");
    fs::create_dir(&own).unwrap();
    write(&own, "audit.json", "somebody's");
    let refused = gatherer.write(gatherer.begin(), "a data set", None, &own).unwrap_err();
    assert!(refused.to_string().contains("holds something already that is no run"), "{refused}");
    assert_eq!(fs::read_to_string(own.join("audit.json")).unwrap(), "somebody's");
}

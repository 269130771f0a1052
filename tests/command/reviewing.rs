//! Turns that are drawn for people, and what becomes of people's labels: in `eval`, `audit`, `calibrate`, `train` and `export`.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rejoinder_core::{Answer, Category, Conversation, RecordId};
use rejoinder_run::recall::CALIBRATION_TURNS;
use rejoinder_run::reviewing::{
    BoundKind, LabelLog, LabelTarget, ReviewAgreement, ReviewDraw, ReviewForecaster, ReviewLabel,
    ReviewSample, reader_labels,
};
use rejoinder_run::{FolderError, RunDir, RunError, TurnOutcome};
use serde_json::{Value, json};

use crate::corpus;
use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, figure, folder, rejoinder, rows, text, write};

/// A run over generated dialogues, in which turns wait.
fn run_of(dir: &Path, dialogues: usize) -> PathBuf {
    let mut content = Vec::new();
    corpus::write(&mut content, dialogues, 41, corpus::Style::default()).unwrap();
    run_over(dir, &write(dir, "corpus.jsonl", content))
}

fn run_over(dir: &Path, input: &str) -> PathBuf {
    let run = dir.join("run");
    // So that this program finds the plugins where the command does.
    let plugins = Path::new(env!("CARGO_BIN_EXE_rejoinder")).with_file_name("deps");
    let args = ["run", input, "--offline", "--out", &text(&run), "--plugin-dir", &text(&plugins)];
    rejoinder(&args).expect(0);
    run
}

fn threads() -> NonZeroUsize {
    NonZeroUsize::new(2).unwrap()
}

fn sample(run: &RunDir, draw: &ReviewDraw, seed: Option<u64>) -> Result<ReviewSample, RunError> {
    ReviewSample::of(run, &run.engine().unwrap(), draw, seed, threads())
}

fn ids(sample: &ReviewSample) -> Vec<RecordId> {
    sample.turns.iter().map(|turn| turn.id).collect()
}

/// The conversations of a run's only input.
fn conversations(run: &RunDir) -> Vec<String> {
    let input = run.manifest.inputs[0].current_path().to_owned();
    rows(&input).iter().map(|row| row["conversation_id"].as_str().unwrap().to_owned()).collect()
}

/// Labels the turns of a sample as `answer` says.
fn label(
    run: &RunDir,
    reader: &str,
    sample: &ReviewSample,
    answer: impl Fn(usize, TurnOutcome) -> Answer,
) -> String {
    let conversations = conversations(run);
    let mut log = LabelLog::open(run, reader).unwrap();
    for (number, turn) in sample.turns.iter().enumerate() {
        let id = conversations[turn.id.ordinal as usize].clone();
        let target = LabelTarget::of(turn.id, &Conversation { id: id.into(), messages: Vec::new() });
        let label = ReviewLabel { answer: answer(number, turn.outcome), span: None, seconds: Some(2.0) };
        log.add(&target, sample.selection_of(turn), label).unwrap();
    }
    text(log.path())
}

fn as_the_run(_: usize, outcome: TurnOutcome) -> Answer {
    outcome.category().into()
}

#[test]
fn a_draw_stays_as_it_was_and_its_beginning_is_a_smaller_draw() {
    let dir = folder();
    let run = RunDir::open(&run_of(dir.path(), 300)).unwrap();
    let large = sample(&run, &ReviewDraw::Uniform { size: 60 }, None).unwrap();
    let small = sample(&run, &ReviewDraw::Uniform { size: 20 }, None).unwrap();
    assert_eq!((ids(&large).len(), ids(&small)), (60, ids(&large)[..20].to_vec()));
    assert_eq!(large.fitting, run.scan_stats().unwrap().turns);
    assert!(!ids(&large).is_sorted(), "the order says nothing of the turns");
    assert_eq!(sample(&run, &ReviewDraw::Uniform { size: 60 }, None).unwrap(), large);
    let other = sample(&run, &ReviewDraw::Uniform { size: 60 }, Some(7)).unwrap();
    assert_ne!(ids(&other), ids(&large));
    assert_eq!(sample(&run, &ReviewDraw::Uniform { size: 60 }, Some(7)).unwrap(), other);
    // A kept draw is taken, not drawn anew.
    let file = run.path.join("review/draws/uniform-20.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    kept["turns"].as_array_mut().unwrap().truncate(3);
    std::fs::write(&file, kept.to_string()).unwrap();
    assert_eq!(
        ids(&sample(&run, &ReviewDraw::Uniform { size: 20 }, None).unwrap()),
        ids(&large)[..3].to_vec()
    );
}

#[test]
fn each_kind_draws_its_own_turns_and_an_empty_draw_is_not_kept() {
    let dir = folder();
    let run = RunDir::open(&run_of(dir.path(), 300)).unwrap();
    let stats = run.scan_stats().unwrap();
    let of = |draw: ReviewDraw| sample(&run, &draw, None).unwrap();
    let size = 10_000;
    let waiting = of(ReviewDraw::Waiting { size });
    assert!(waiting.turns.iter().all(|turn| turn.outcome == TurnOutcome::Undecided));
    assert_eq!((waiting.turns.len() as u64, waiting.fitting), (stats.undecided, stats.undecided));
    let accepted = of(ReviewDraw::Accepted { size });
    assert!(accepted.turns.iter().all(|turn| turn.outcome.category().is_some() && turn.span.is_some()));
    assert_eq!(accepted.turns.len() as u64, stats.accepted.total());
    let rejected = of(ReviewDraw::Rejected { size: 50 });
    assert!(rejected.turns.iter().all(|turn| turn.outcome == TurnOutcome::Rejected));
    assert_eq!((rejected.turns.len(), rejected.fitting), (50, stats.passed_over()));
    let praised = of(ReviewDraw::Categories { categories: vec![Category::Ur5], size });
    assert!(praised.turns.iter().all(|turn| turn.outcome.category() == Some(Category::Ur5)));
    assert_eq!(praised.turns.len() as u64, stats.accepted.get(Category::Ur5));
    let words = |sample: &ReviewSample| sample.selection_of(&sample.turns[0]).name();
    assert_eq!([&waiting, &accepted, &rejected, &praised].map(words), ["chosen", "found", "chosen", "found"]);
    let judged = of(ReviewDraw::Judged { size });
    assert!(judged.turns.is_empty());
    assert!(!run.path.join("review/draws/judged-10000.json").exists());
    assert!(run.path.join("review/draws/accepted-10000.json").exists());
}

#[test]
fn disputed_turns_come_with_a_reason_and_the_most_disputed_first() {
    let dir = folder();
    let run = RunDir::open(&run_over(dir.path(), DIALOGUES)).unwrap();
    let disputed = sample(&run, &ReviewDraw::Disputed { size: 40 }, None).unwrap();
    assert_eq!(disputed.turns[0].outcome, TurnOutcome::Accepted(Category::Ur4));
    assert!(disputed.fitting >= disputed.turns.len() as u64);
    let reasons: Vec<&str> = disputed.turns.iter().map(|turn| turn.dispute.as_deref().unwrap()).collect();
    for (turn, why) in disputed.turns.iter().zip(&reasons) {
        match turn.outcome {
            TurnOutcome::Accepted(category) => {
                assert!(why.contains(&format!("accepts {category}; ")), "{why}");
            }
            TurnOutcome::Undecided => assert!(why.contains("waits") || why.contains("accepts"), "{why}"),
            TurnOutcome::Rejected => assert!(why.contains("rejects the turn; the score says 0."), "{why}"),
            other @ TurnOutcome::Judged(_) => panic!("{other:?}: {why}"),
        }
    }
    let has = |words: &str| reasons.iter().any(|why| why.contains(words));
    assert!(has("; the score says 0.") && has("` is for UR") && has("waits for the judge; "), "{reasons:?}");
    let scores = |reasons: &[&str]| -> Vec<f64> {
        let of_accepted =
            reasons.iter().filter(|why| why.contains(" accepts ") && why.contains("score says"));
        of_accepted.map(|why| why.rsplit(' ').next().unwrap().parse().unwrap()).collect()
    };
    assert!(scores(&reasons).is_sorted(), "{reasons:?}");
    assert_eq!(sample(&run, &ReviewDraw::Disputed { size: 40 }, None).unwrap(), disputed);
}

#[test]
fn outcomes_are_those_of_the_run_as_it_stands() {
    let dir = folder();
    let run = run_of(dir.path(), 200);
    let open = || RunDir::open(&run).unwrap();
    let before = sample(&open(), &ReviewDraw::Waiting { size: 30 }, None).unwrap();
    let server = Server::start(by_rule);
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n",
        server.base_url()
    );
    let config = write(dir.path(), "judge.toml", config);
    rejoinder(&["judge", &text(&run), "--config", &config]).expect(0);
    let after = sample(&open(), &ReviewDraw::Waiting { size: 30 }, None).unwrap();
    assert_eq!(ids(&after), ids(&before));
    assert!(after.turns.iter().all(|turn| matches!(turn.outcome, TurnOutcome::Judged(_))), "{after:?}");
    let judged = sample(&open(), &ReviewDraw::Judged { size: 1_000 }, None).unwrap();
    for turn in &judged.turns {
        let word = if turn.outcome.category().is_some() { "found" } else { "chosen" };
        assert_eq!(judged.selection_of(turn).name(), word);
    }
    let disputed = sample(&open(), &ReviewDraw::Disputed { size: 1_000 }, None).unwrap();
    let by_judge = disputed.turns.iter().filter(|turn| matches!(turn.outcome, TurnOutcome::Judged(_)));
    let reasons: Vec<&str> = by_judge.map(|turn| turn.dispute.as_deref().unwrap()).collect();
    assert!(
        !reasons.is_empty() && reasons.iter().all(|why| why.starts_with("the judge says ")),
        "{reasons:?}"
    );
}

#[test]
fn a_person_is_the_oracle_of_an_audit_and_the_forecast_is_what_comes_of_it() {
    let dir = folder();
    let path = run_of(dir.path(), 400);
    let run = RunDir::open(&path).unwrap();
    let draw = ReviewDraw::Audit { rejected: Some(60), accepted: Some(15) };
    {
        let _at_work = RunDir::open_to_change(&path).unwrap();
        let refused = sample(&run, &draw, Some(3)).unwrap_err();
        assert!(matches!(refused, RunError::Folder(FolderError::Held { .. })), "{refused}");
    }
    let drawn = sample(&run, &draw, Some(3)).unwrap();
    assert_eq!(drawn.turns.len(), 75);
    {
        let _at_work = RunDir::open_to_change(&path).unwrap();
        let again = sample(&run, &ReviewDraw::Audit { rejected: None, accepted: None }, None).unwrap();
        assert_eq!(ids(&again), ids(&drawn), "what is kept takes no lock");
    }
    let other = sample(&run, &ReviewDraw::Audit { rejected: Some(61), accepted: None }, None).unwrap_err();
    assert!(matches!(other, RunError::AuditedOtherwise(_)), "{other}");
    let forecaster = ReviewForecaster::of(&run).unwrap();
    let before = forecaster.forecast(&drawn, &Default::default(), None).unwrap();
    assert_eq!((before.kind, before.turns, before.labelled), (BoundKind::Certificate, 75, 0));
    assert!(!before.is_measured && (before.left_seconds - 750.0).abs() < 1e-9);

    let file = label(&run, "ana", &drawn, as_the_run);
    let report = rejoinder(&["audit", &text(&path), "--label-file", &file, "--json"]).expect(0).json();
    let claim = &report["claims"][0];
    let all = &before.bounds[0];
    assert_eq!(all.best.recall, claim["recall"]["at_least"].as_f64(), "{report}");
    assert_eq!(all.best.precision, claim["precision"]["at_least"].as_f64());
    let sampled = |report: &Value| -> u64 {
        report["claims"][0]["parts"].as_array().unwrap().iter().map(|part| figure(part, "sampled")).sum()
    };
    assert_eq!((sampled(&report), figure(&report, "unreadable")), (75, 0));

    // Of what a reader is unsure about, the worst is assumed; it is never missing.
    let doubt = |number, outcome| match number {
        0..5 => Answer::Unknown,
        _ => as_the_run(number, outcome),
    };
    let file = label(&run, "ben", &drawn, doubt);
    let feared = rejoinder(&["audit", &text(&path), "--label-file", &file, "--json"]).expect(0).json();
    assert_eq!((sampled(&feared), figure(&feared, "unreadable")), (75, 5));
    let bound = |report: &Value| report["claims"][0]["recall"]["at_least"].as_f64();
    assert!(bound(&feared) < bound(&report));
    let readers = reader_labels(&run).unwrap();
    assert_eq!(readers.iter().map(|labels| labels.reader.as_str()).collect::<Vec<_>>(), ["ana", "ben"]);
    let agreement = ReviewAgreement::of(&readers[1], &drawn, &readers);
    let with_run = agreement.with_run.unwrap();
    assert_eq!((with_run.overall.turns, with_run.overall.equal, with_run.unsure), (70, 70, 5));
    assert_eq!(agreement.readers.len(), 1);
    assert_eq!((agreement.readers[0].reader.as_str(), agreement.readers[0].agreement.unsure), ("ana", 5));
    let so_far = forecaster.forecast(&drawn, &readers[1], Some(2.0)).unwrap();
    assert_eq!(
        (so_far.labelled, so_far.unsure, so_far.bounds[0].so_far.unwrap().recall),
        (75, 5, bound(&feared))
    );

    // A label that was taken back is missing, and the next step is named.
    LabelLog::open(&run, "ana").unwrap().undo().unwrap().unwrap();
    let file = text(&run.path.join("review/labels/ana.jsonl"));
    let missing = rejoinder(&["audit", &text(&path), "--label-file", &file]).expect(2);
    assert!(
        missing.stderr.contains("1 are missing") && missing.stderr.contains("review RUN --audit"),
        "{}",
        missing.stderr
    );
}

#[test]
fn before_the_first_turn_the_forecast_says_which_audit_would_prove_a_recall() {
    let dir = folder();
    let path = run_of(dir.path(), 400);
    let open = || RunDir::open(&path).unwrap();
    let uniform = sample(&open(), &ReviewDraw::Uniform { size: 50 }, None).unwrap();
    let forecast = |run: &RunDir, sample: &ReviewSample| {
        ReviewForecaster::of(run).unwrap().forecast(sample, &Default::default(), None).unwrap()
    };
    let waiting = forecast(&open(), &uniform);
    assert!(waiting.suggestions.is_empty() && waiting.waiting > 100, "{waiting:?}");
    assert!(waiting.words.iter().any(|words| words.contains("count as missed")), "{:?}", waiting.words);
    let server = Server::start(by_rule);
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n",
        server.base_url()
    );
    let config = write(dir.path(), "judge.toml", config);
    rejoinder(&["judge", &text(&path), "--config", &config]).expect(0);
    let before = forecast(&open(), &uniform);
    assert_eq!((before.kind, before.audit, before.waiting), (BoundKind::Interval, None, 0));
    let all = &before.suggestions[0];
    assert!(all.recall >= 0.8 && all.rejected > 0 && all.words.starts_with("For all feedback: "), "{all:?}");
    let expected: f64 = before.expected.iter().map(|category| category.turns).sum();
    let found = {
        let run = open();
        run.scan_stats().unwrap().accepted.total() + run.judge_stats().unwrap().feedback.total()
    };
    let share = found as f64 / open().scan_stats().unwrap().turns as f64;
    assert!((expected - 50.0 * share).abs() < 1e-9);

    // What was suggested comes true where readers agree with the run.
    let draw =
        ReviewDraw::Audit { rejected: Some(all.rejected as usize), accepted: Some(all.accepted as usize) };
    let run = open();
    let drawn = sample(&run, &draw, Some(5)).unwrap();
    assert_eq!(drawn.turns.len() as u64, all.turns);
    let file = label(&run, "ana", &drawn, as_the_run);
    let report = rejoinder(&["audit", &text(&path), "--label-file", &file, "--json"]).expect(0).json();
    let proven = report["claims"][0]["recall"]["at_least"].as_f64().unwrap();
    assert!((proven - all.recall).abs() < 0.02, "{proven} and {}", all.recall);
    // The draw is made: no other one is suggested.
    let after = forecast(&run, &uniform);
    assert_eq!(after.audit.map(|draw| draw.seed), Some(5));
    assert_eq!((after.suggestions[0].rejected, after.suggestions[0].recall), (all.rejected, proven));
}

#[test]
fn a_person_can_answer_a_calibration() {
    let dir = folder();
    let path = run_of(dir.path(), 300);
    let run = RunDir::open(&path).unwrap();
    let draw = ReviewDraw::Calibration { size: CALIBRATION_TURNS };
    let drawn = sample(&run, &draw, None).unwrap();
    assert_eq!(drawn.turns.len(), CALIBRATION_TURNS.min(run.scan_stats().unwrap().turns as usize));
    assert_eq!(drawn.selection_of(&drawn.turns[0]).name(), "whole", "the draw is an even one");
    let file = label(&run, "ana", &drawn, as_the_run);
    let report = rejoinder(&["calibrate", &text(&path), "--label-file", &file, "--json"]).expect(0).json();
    assert_eq!(report["seed"], drawn.seed, "{report}");
    assert_eq!(ids(&sample(&run, &draw, None).unwrap()), ids(&drawn));
}

#[test]
fn an_evaluation_takes_the_last_label_and_leaves_out_what_says_nothing() {
    let dir = folder();
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let said = ["thanks a lot!", "that is wrong", "thanks a lot!", "describe the river", "thanks a lot!"];
    let dialogue = |number: usize, second: &str| {
        json!({ "conversation_id": format!("c{number}"), "conversation": [
            turn("user", "write a poem"), turn("assistant", "Roses are red."), turn("user", second)] })
    };
    let lines: String = (0..).zip(said).map(|(n, second)| dialogue(n, second).to_string() + "\n").collect();
    let input = write(dir.path(), "in.jsonl", lines);
    let line = |number: usize, category: &str, drawn: &str| {
        json!({ "conversation_id": format!("c{number}"), "drawn": drawn, "complete": false,
                "labels": [{ "turn": 2, "category": category }], "reader": "ana" })
        .to_string()
            + "\n"
    };
    let evaluated = |lines: &[String], more: &str| {
        let file = write(dir.path(), "labels.jsonl", lines.concat() + more);
        rejoinder(&["eval", &input, "--label-file", &file, "--json"]).expect(0)
    };
    let mut labels = vec![line(0, "none", "whole"), line(1, "UR3", "whole"), line(3, "none", "whole")];
    labels.extend([
        line(0, "UR5", "whole"),
        line(2, "unsure", "whole"),
        line(4, "UR5", "whole"),
        line(4, "undone", "whole"),
    ]);
    let report = evaluated(&labels, "").json();
    assert_eq!(figure(&report, "turns"), 3, "c2 is unsure, c4 taken back: {report}");
    let praise = report["categories"].as_array().unwrap().iter().find(|row| row["class"] == "UR5").unwrap();
    assert_eq!((figure(praise, "labelled"), &praise["recall"]["of"]), (1, &json!(1)));

    // A reader's own choice of turns says nothing of the corpus.
    labels.push(line(4, "UR5", "chosen"));
    let report = evaluated(&labels, "").json();
    assert_eq!((figure(&report, "turns"), &report["recall"]["n"]), (4, &json!(2)), "{report}");
    assert_eq!(report["drawn"], json!({ "whole": 3, "chosen": 1 }));

    // Whoever wrote it was killed.
    let torn = evaluated(&labels, "{\"conversation_id\":\"c3\",\"labels\":[{\"tu");
    assert_eq!(torn.json(), report);
    assert!(
        torn.stderr.contains("the last line of ") && torn.stderr.contains("breaks off"),
        "{}",
        torn.stderr
    );
}

#[test]
fn training_and_exports_take_the_last_label_and_leave_out_what_says_nothing() {
    let dir = folder();
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let dialogue = |number: usize| {
        json!({ "conversation_id": format!("c{number}"), "conversation": [
            turn("user", &format!("write poem {number}")), turn("assistant", &format!("Poem {number}.")),
            turn("user", &format!("and the river {number}"))] })
    };
    let lines: String = (0..60).map(|number| dialogue(number).to_string() + "\n").collect();
    let input = write(dir.path(), "in.jsonl", lines);
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--offline", "--out", &run]).expect(0);
    let line = |number: usize, category: &str| {
        json!({ "conversation_id": format!("c{number}"), "drawn": "chosen", "complete": false,
                "labels": [{ "turn": 2, "category": category }] })
        .to_string()
            + "\n"
    };
    let mut labels: Vec<String> = (0..60).map(|n| line(n, if n % 2 == 0 { "UR5" } else { "none" })).collect();
    labels.extend([line(0, "none"), line(2, "unsure"), line(4, "undone"), line(1, "UR5")]);
    let file = write(dir.path(), "labels.jsonl", labels.concat());
    let out = text(&dir.path().join("sft.jsonl"));
    rejoinder(&["export", "sft", &run, "--label-file", &file, "--out", &out]).expect(0);
    let praised: HashSet<String> = rows(Path::new(&out))
        .iter()
        .map(|row| row.to_string().chars().filter(char::is_ascii_digit).collect::<String>())
        .collect();
    assert_eq!(praised.len(), 28, "30, without c0, c2 and c4, and with c1: {praised:?}");

    let model = text(&dir.path().join("model.rjm"));
    let trained = rejoinder(&["train", &input, "--label-file", &file, "--out", &model, "--json"]).expect(0);
    let report = trained.json();
    assert_eq!((figure(&report, "turns"), figure(&report, "labelled_turns")), (59, 58), "{report}");
}

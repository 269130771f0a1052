//! One search and one audit, whoever asks: a run with a judge, and labels in the judge's place, come to the same.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;

use rejoinder_core::{Answer, Category, RecordId};
use rejoinder_read::InputFile;
use rejoinder_run::judging::Judge;
use rejoinder_run::recall::audit::{self, AuditDraw, AuditedTurn, CertificateTerms, OutcomeCounts};
use rejoinder_run::recall::{
    Corpus, DrawScope, LabelOracle, LabelledCorpus, LabelledTurns, Oracle, PricedJudges, RecallTarget,
    SampleScope, search, strategies,
};
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::{Config, Engine, Scan};
use rejoinder_score::Model;
use serde_json::Value;

use crate::support::server::{Server, by_rule};
use crate::support::{command, dialogues_with_hidden_thanks, folder, write};

const SEED: u64 = 4;
const RECALL: f64 = 0.8;

/// The later turns of a file, labelled as the server of the test answers.
fn labelled(engine: &Engine, file: &Path) -> LabelledTurns {
    let model = engine.score_model().unwrap();
    let judge = || Judge::expected(&engine.config.judge, None).unwrap();
    let judges = PricedJudges { here: judge(), forms: Vec::new(), paper: Judge::papers().unwrap() };
    let mut all = LabelledTurns::default();
    let files = [InputFile::describe(file).unwrap()];
    Scan::of(engine, &files, NonZeroUsize::MIN)
        .run(
            |worker, chunk| {
                let scanned = worker.scan(chunk)?;
                let mut turns = LabelledTurns::default();
                for conversation in &scanned.conversations {
                    let messages = &conversation.record.conversation.messages;
                    let label = |index: usize| match messages[index].text.contains("thank") {
                        true => Answer::Feedback(Category::Ur5),
                        false => Answer::NoFeedback,
                    };
                    turns.add(worker.engine, &model, &judges, &scanned, conversation, label)?;
                }
                Ok::<_, RunError>(turns)
            },
            |turns| {
                all.extend(turns);
                Ok(())
            },
        )
        .unwrap();
    all
}

/// What the audit certifies of labelled turns, for the outcomes as they are, like a run's.
fn certificate(turns: &LabelledTurns, target: &RecallTarget, base: &Model, rules: &str) -> Value {
    let played = strategies::searched(turns, target, SEED, base, rules).unwrap().outcome;
    let corpus = LabelledCorpus::new(turns, target, None, rules);
    let mut outcomes = OutcomeCounts::default();
    let mut left = Vec::new();
    for (index, turn) in turns.turns.iter().enumerate() {
        let accepted = played.accepted[index];
        match (played.asked[index], accepted) {
            (true, _) => outcomes.judged.push(turn.label),
            (false, Some(category)) => outcomes.accepted[category.index()] += 1,
            (false, None) => outcomes.rejected += 1,
        }
        if !played.asked[index] {
            left.push((index, turn.id, accepted));
        }
    }
    let draw = AuditDraw::fitting(turns.turns.len() as u64, SEED + 1);
    let sample: Vec<AuditedTurn> = audit::draw_among(left.into_iter(), draw)
        .into_iter()
        .map(|(index, accepted)| AuditedTurn { turn: corpus.drawn(index), accepted })
        .collect();
    let drawn: Vec<_> = sample.iter().map(|drawn| &drawn.turn).collect();
    let answers = LabelOracle.ask(&drawn).unwrap();
    let confidence = target.confidence;
    let terms = CertificateTerms { confidence, stage: None, lean: 0.0, uses_answers: false };
    let certified = audit::certificate(&outcomes, &sample, &answers, target.purpose, terms).unwrap();
    serde_json::to_value(certified).unwrap()
}

#[test]
fn a_run_and_labels_come_to_the_same_cut_model_and_certificate() {
    let dir = folder();
    let input = write(dir.path(), "in.jsonl", dialogues_with_hidden_thanks(2_000));
    let server = Server::start(by_rule);
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\nanswer = \"label\"\n",
        server.base_url()
    );
    let config = write(dir.path(), "c.toml", config);
    let (recall, seed) = (RECALL.to_string(), SEED.to_string());
    let args = ["run", &input, "--config", &config, "--recall", &recall, "--seed", &seed, "--out", "run"];
    // From a folder of its own, where the paths of what the run learns are relative.
    let ended = command(&args).current_dir(dir.path()).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && told.contains("the score has learned from"), "{told}");
    let run = RunDir::open(&dir.path().join("run")).unwrap();

    let mut config = Config::default();
    let target = RecallTarget { purpose: config.purpose, recall: RECALL, confidence: 0.95 };
    config.score_all_turns(target.purpose);
    let engine = Engine::build(config).unwrap();
    let turns = labelled(&engine, Path::new(&input));
    let base = engine.score_model().unwrap();
    let base = base.model().expect("the shipped score can learn");
    let mut corpus = LabelledCorpus::new(&turns, &target, Some(base), engine.rules.hash());
    let found = search::search(&mut corpus, &mut LabelOracle, &target, SEED, &|_| {}).unwrap();

    assert!(found.rounds.len() > 1, "{:?}", found.rounds);
    assert_eq!(found.from, run.manifest.config.cascade.reject_below);
    let asked: Vec<RecordId> =
        serde_json::from_slice(&std::fs::read(run.path.join("asked.json")).unwrap()).unwrap();
    assert!(found.asked == asked, "{} and {} turns", found.asked.len(), asked.len());
    let learned = found.model.expect("the score has learned").to_bytes();
    assert!(learned == std::fs::read(run.path.join("model.rjm")).unwrap());
    assert_eq!(found.sample.histograms.curves(), run.curves().unwrap());
    let of_labels = certificate(&turns, &target, base, engine.rules.hash());
    let of_run = run.certificate().unwrap().expect("the run has audited itself");
    assert_eq!(of_run["claims"], of_labels["claims"]);
}

/// A labelled corpus whose first samples hold no feedback at all.
#[test]
fn a_search_whose_first_answers_are_all_alike_goes_on_asking_where_the_score_is_high() {
    let dir = folder();
    let input = write(dir.path(), "in.jsonl", dialogues_with_hidden_thanks(1_500));
    let mut config = Config::default();
    let target = RecallTarget { purpose: config.purpose, recall: RECALL, confidence: 0.95 };
    config.score_all_turns(target.purpose);
    let engine = Engine::build(config).unwrap();
    let mut turns = labelled(&engine, Path::new(&input));
    let base = engine.score_model().unwrap();
    let base = base.model().expect("the shipped score can learn");
    // Nothing in the first sample is feedback: the score cannot learn from it.
    let corpus = LabelledCorpus::new(&turns, &target, Some(base), engine.rules.hash());
    let scope = SampleScope { asked: &Default::default(), among: DrawScope::All };
    let first = corpus.sample(scope, 400, SEED).unwrap();
    let drawn: HashMap<RecordId, ()> =
        first.turns.iter().map(|sampled| (sampled.turn.row.question.id, ())).collect();
    turns.turns.iter_mut().filter(|turn| drawn.contains_key(&turn.id)).for_each(|turn| turn.label = None);
    let mut corpus = LabelledCorpus::new(&turns, &target, Some(base), engine.rules.hash());
    let found = search::search(&mut corpus, &mut LabelOracle, &target, SEED, &|_| {}).unwrap();
    assert!(found.rounds.len() > 1, "{:?}", found.rounds);
    assert!(found.model.is_some(), "it learned once there were answers of both kinds");
}

//! What the shipped model says of dialogues, through the plugin's border.
#![forbid(unsafe_code)]

use rejoinder_core::{Purpose, Verdict};
use rejoinder_host::{LoadContext, PluginSpec, Registry};
use rejoinder_plugin::Classifier;
use rejoinder_plugin::testing::{Answer, Harness};
use rejoinder_plugin_scorer::{DEFAULT_MODEL, PLUGIN, Scorer};
use rejoinder_score::{ComparisonBasis, Model, Trait};

fn vote(dialogue: &[&str]) -> Answer {
    Harness::<Scorer>::new("{}").unwrap().classify(dialogue).unwrap()
}

#[test]
fn plain_feedback_scores_above_plain_requests() {
    let ask = ["U: List the rivers of Europe by length", "A: The longest is the Danube, then the Volga."];
    let score = |turn: &str| {
        let vote = vote(&[ask[0], ask[1], turn]);
        assert_eq!(vote.verdict, Verdict::Abstain);
        vote.score.unwrap()
    };
    for feedback in
        ["U: No, that's wrong, the Volga is longer", "U: thanks, that helped!", "U: are you sure?"]
    {
        for other in ["U: Now write a poem about autumn leaves", "U: What is the capital of Peru?"] {
            assert!(score(feedback) > score(other) + 0.2, "{feedback} against {other}");
        }
    }
}

#[test]
fn the_probabilities_are_six_that_sum_to_one() {
    let vote = vote(&["U: hi", "A: Hello!", "U: thank you very much!"]);
    let probs = vote.probs.unwrap();
    assert!((probs.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    assert!((1.0 - probs[0] - vote.score.unwrap()).abs() < 1e-5);
    let likeliest = (0..6).max_by(|&a, &b| probs[a].total_cmp(&probs[b])).unwrap();
    assert_eq!(likeliest, 5, "{probs:?}");
    assert!(vote.note.starts_with("none 0."), "{}", vote.note);
}

#[test]
fn a_model_that_is_not_there_or_none_is_refused_by_name() {
    let refused = |file: &str| {
        let config = format!("{{\"model\": {file:?}}}");
        Harness::<Scorer>::new(&config).err().unwrap().to_string()
    };
    assert!(refused("no/such.rjm").contains("cannot read the model `no/such.rjm`"));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert!(refused(manifest).contains("not a model file"));
}

#[test]
fn the_shipped_model_says_what_it_was_measured_on() {
    let measured = ComparisonBasis::of_model(DEFAULT_MODEL).unwrap();
    assert!(measured.on.kinds.keys().eq(["chatbot_arena", "realhumaneval", "wildchat"]), "{:?}", measured.on);
    for (name, kind) in &measured.on.kinds {
        for what in [Trait::AnswerBytes, Trait::TurnBytes, Trait::NewWords, Trait::Mark, Trait::Score] {
            assert!(kind.measured(what) > 300, "{name}: {what:?}");
        }
        assert_eq!(measured.on.differences(kind), [], "{name}");
    }
}

#[test]
fn the_scorer_declares_its_scores_and_its_model_and_is_identified_by_the_model_that_it_is_given() {
    let load = |config: serde_json::Value| {
        let spec = PluginSpec { config, purpose: Purpose::KTO, ..PluginSpec::named(Scorer::NAME) };
        let context = LoadContext { built_in: &[&PLUGIN], ..LoadContext::default() };
        Registry::load(&[spec], &context).unwrap()
    };
    let shipped = load(serde_json::json!({}));
    let scores = shipped.plugins()[0].scores().unwrap();
    assert_eq!((scores.model(), scores.purpose()), (Some(DEFAULT_MODEL), Some(Purpose::KTO)));
    assert_eq!(shipped.plugins()[0].config(), &serde_json::json!({"for": "kto"}));

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/model/default.rjm");
    let configured = load(serde_json::json!({"model": file}));
    assert_eq!(configured.plugins()[0].scores().unwrap().model(), Some(DEFAULT_MODEL));
    assert_ne!(configured.plugins()[0].identity(), shipped.plugins()[0].identity());
}

#[cfg(unix)]
#[test]
fn the_library_of_the_scorer_gives_scores_as_it_declares_them_and_takes_the_place_of_the_linked_one() {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

    use rejoinder_host::conformance::{Outcome, Setting, run};
    use rejoinder_host::{LibraryOrigin, SearchPath};
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let library = deps.join(format!("{DLL_PREFIX}rejoinder_plugin_scorer{DLL_SUFFIX}"));
    assert_eq!(run("scores", &library, &Setting::default()), Some(Outcome::Passed));

    let search = SearchPath::new(vec![deps]);
    let context = LoadContext { built_in: &[&PLUGIN], search, ..LoadContext::default() };
    let found = Registry::load(&[PluginSpec::named(Scorer::NAME)], &context).unwrap();
    assert!(matches!(found.plugins()[0].origin(), LibraryOrigin::File { .. }), "it wins over the linked one");
    assert_eq!(found.plugins()[0].scores().unwrap().model(), Some(DEFAULT_MODEL));
}

#[test]
fn the_shipped_model_says_where_it_comes_from() {
    let model = Model::from_bytes(DEFAULT_MODEL).unwrap();
    let labelled = &model.provenance().origins[0];
    assert!(
        labelled.part.contains("without source=sharegpt, without source=sharegpt1k"),
        "{}",
        labelled.part
    );
    assert!(model.quality().heads[0].auc > 0.8);
    assert!(DEFAULT_MODEL.len() < 3 << 19, "1.5 MiB");
}

//! The real plugin as a library and linked in: the same votes, the same messages.

use std::path::PathBuf;

use rejoinder_core::{Category, Verdict, Vote};
use rejoinder_host::{
    Batch, ConversationContext, LibraryOrigin, LoadCause, LoadContext, LoadError, PluginSpec, Registry,
    SearchPath,
};
use rejoinder_plugin_rephrase::PLUGIN;

use crate::common::{self, classify, deps, dialogue, registry};

fn library() -> PathBuf {
    common::library("rephrase")
}

fn from_file(spec: &PluginSpec) -> Result<Registry, LoadError> {
    let search = SearchPath::new(vec![deps()]);
    let context = LoadContext { search, built_in: &[&PLUGIN], ..LoadContext::default() };
    Registry::load(std::slice::from_ref(spec), &context)
}

fn votes(registry: &Registry) -> Vec<Vote> {
    let request = "Which of the two phones in my cart has the better camera for night pictures?";
    let conversations = [
        dialogue(&[request, "I'm sorry, but I cannot see your cart.", request]),
        dialogue(&[
            "how much sugar is in 3 apples",
            "30 g",
            "how much sugar is in 4 apples",
            "40 g",
            "thanks",
        ]),
        dialogue(&["", "", ""]),
    ];
    let mut batch = Batch::new();
    for conversation in &conversations {
        let last = conversation.messages.len() - 1;
        batch.begin_conversation(conversation, last, &ConversationContext::default());
        for turn in (2..=last).step_by(2) {
            batch.push_candidate(turn as u64, turn, 0.0, &[]);
        }
    }
    let (faults, votes) = classify(registry, &batch).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    votes
}

#[test]
fn a_library_and_the_linked_in_plugin_vote_alike() {
    let loaded = from_file(&PluginSpec::named("rephrase")).unwrap();
    let linked = registry(&[PluginSpec::named("rephrase")], &[&PLUGIN]);
    let LibraryOrigin::File { path, blake3 } = loaded.plugins()[0].origin() else {
        panic!("the library wins over the linked-in plugin")
    };
    assert_eq!((path, blake3.len()), (&library(), 64));
    assert_eq!(loaded.plugins()[0].origin().to_string(), format!("loaded from {}", library().display()));
    assert_eq!(linked.plugins()[0].origin().to_string(), "linked in");
    assert_eq!(votes(&loaded), votes(&linked));
    assert_eq!(votes(&loaded)[0].verdict, Verdict::Accept(Category::Ur1));
    assert_eq!(votes(&loaded)[2], Vote::SILENT);
}

#[test]
fn a_turn_gets_the_same_vote_alone_and_after_the_turns_before_it() {
    let registry = registry(&[PluginSpec::named("rephrase")], &[&PLUGIN]);
    let long = "a long request about nothing ".repeat(100);
    let messages: Vec<String> = (0..200)
        .map(|n| match n % 7 {
            0 => format!("please list the rivers of country {}", n % 3),
            1 => "I cannot do that.".to_owned(),
            2 => format!("{long}{}", n % 5),
            _ => format!("list the rivers of country {}, and their lengths", n % 4),
        })
        .collect();
    let conversation = dialogue(&messages.iter().map(String::as_str).collect::<Vec<_>>());
    let asked = |turns: &[usize]| {
        let mut batch = Batch::new();
        batch.begin_conversation(&conversation, messages.len() - 1, &ConversationContext::default());
        turns.iter().for_each(|&turn| batch.push_candidate(turn as u64, turn, 0.0, &[]));
        classify(&registry, &batch).unwrap().1
    };
    let turns: Vec<usize> = (2..messages.len()).step_by(2).collect();
    let alone: Vec<Vote> = turns.iter().flat_map(|&turn| asked(&[turn])).collect();
    assert!(alone.iter().any(|vote| vote.score.is_some()), "{alone:?}");
    assert_eq!(asked(&turns), alone);
    let some: Vec<usize> = turns.iter().copied().filter(|turn| turn % 3 == 0).collect();
    let of_some: Vec<Vote> =
        turns.iter().zip(&alone).filter(|(turn, _)| *turn % 3 == 0).map(|(_, vote)| *vote).collect();
    assert_eq!(asked(&some), of_some);
}

#[test]
fn a_path_may_be_given_as_cargo_users_write_it() {
    for path in [library(), deps().join("rejoinder-plugin-rephrase")] {
        let registry = from_file(&PluginSpec::at(path)).unwrap();
        assert_eq!(
            (registry.plugins()[0].name(), registry.plugins()[0].description().version.as_str()),
            ("rephrase", "0.1.0")
        );
    }
}

#[test]
fn configuration_errors_have_their_place() {
    let config = serde_json::json!({"treshold": 0.9});
    let error = from_file(&PluginSpec { config, ..PluginSpec::named("rephrase") }).unwrap_err();
    let problem = &error.problems()[0];
    assert_eq!(
        (problem.pointer.as_str(), &*problem.known),
        ("/config/treshold", &["threshold".to_owned()][..])
    );
    assert_eq!(problem.message, "plugin `rephrase`: unknown key `treshold`");
}

#[test]
fn what_cannot_be_loaded_is_named_with_the_reason() {
    let error = from_file(&PluginSpec::named("nope")).unwrap_err().to_string();
    assert!(error.starts_with("plugin `nope` not found\n  no file "), "{error}");
    assert!(error.ends_with("linked in are: rephrase"), "{error}");

    let error =
        from_file(&PluginSpec { path: Some("no/such".into()), ..PluginSpec::named("rephrase") }).unwrap_err();
    assert!(error.to_string().starts_with("plugin `no/such` not found\n  no file no/such\n"), "{error}");

    let error = from_file(&PluginSpec { path: Some(library()), ..PluginSpec::named("reprhase") })
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("plugin `rephrase` is refused: the configuration calls it `reprhase`"),
        "{error}"
    );

    let twice = [PluginSpec::named("rephrase"), PluginSpec::named("rephrase")];
    let context = LoadContext { built_in: &[&PLUGIN], ..LoadContext::default() };
    let error = Registry::load(&twice, &context).unwrap_err();
    assert_eq!(error.to_string(), "plugin `rephrase` is configured twice");

    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("plugin.so");
    std::fs::write(&text, "not a library").unwrap();
    let error = from_file(&PluginSpec::at(text)).unwrap_err();
    assert!(matches!(error.cause, LoadCause::Open { .. }), "{error}");
}

//! One classifier in three languages: C, Rust and Python say the same of every turn, linked in, loaded, and in a child process.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;

use rejoinder_core::{Category, Conversation, Hit, Message, Role, Vote};
use rejoinder_host::{
    Batch, ConversationContext, Isolation, LoadContext, PluginSpec, Registry, RuleReference, RuleRoute, abi,
};
use serde_json::Value;

use crate::common::{c_library, classify, deps, launcher};
use crate::thanks::PLUGIN;

/// The example dialogues of the repository, in batches as a run would have them, and some turns that are thanks in all scripts.
fn batches() -> Vec<Batch> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/dialogues.jsonl");
    let lines = std::fs::read_to_string(file).unwrap();
    let rows: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut conversations: Vec<Conversation<'_>> = rows.iter().filter_map(conversation).collect();
    let turns = [
        "Thanks!",
        "thanks.\n ",
        "Ευχαριστώ!!",
        "谢谢！",
        "THANK YOU SO VERY MUCH, DEAR ASSISTANT",
        "",
        " .! ",
        "👍🏽 thanks",
    ];
    for (turn, answer) in
        turns.iter().flat_map(|turn| ["Here.", "Shall I go on? \n", ""].map(|answer| (turn, answer)))
    {
        let said =
            [(Role::User, "please"), (Role::Assistant, answer), (Role::Tool, "?"), (Role::User, *turn)];
        let messages = said.map(|(role, text)| Message::new(role, text)).into();
        conversations.push(Conversation { id: "t".into(), messages });
    }
    let mut batches = vec![Batch::new()];
    for conversation in &conversations {
        let last = conversation.messages.len() - 1;
        if batches.last().unwrap().is_full() {
            batches.push(Batch::new());
        }
        let batch = batches.last_mut().unwrap();
        batch.begin_conversation(conversation, last, &ConversationContext { language: "en", columns: &[] });
        for (number, message) in conversation.messages.iter().enumerate().skip(1) {
            if message.role == Role::User {
                let id = batch.len();
                batch.push_candidate(id as u64, number, 0.0, &hits(&message.text, id));
            }
        }
    }
    batches
}

/// A conversation of the example dialogues.
fn conversation(row: &Value) -> Option<Conversation<'_>> {
    let messages = row.get("conversation").or_else(|| row.get("messages"))?.as_array()?;
    let message = |message: &'_ Value| {
        let role = match message["role"].as_str()? {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            _ => Role::Tool,
        };
        Some((role, message["content"].as_str()?.to_owned()))
    };
    let messages = messages.iter().map(message).collect::<Option<Vec<_>>>()?;
    let messages =
        messages.into_iter().map(|(role, text)| Message { text: text.into(), ..Message::new(role, "") });
    Some(Conversation { id: "d".into(), messages: messages.collect() })
}

/// Hits of two rules, of the whole turn and of parts of it.
fn hits(turn: &str, number: usize) -> Vec<Hit> {
    let ends: Vec<u32> = turn.char_indices().map(|(start, c)| (start + c.len_utf8()) as u32).collect();
    let Some(&end) = ends.get(ends.len().wrapping_sub(1 + number % 2)) else { return Vec::new() };
    let rule = u32::from(number.is_multiple_of(5));
    let start = if number.is_multiple_of(7) { ends[0].min(end) } else { 0 };
    vec![Hit { rule, start, end }, Hit { rule: 1, start: 0, end }]
}

fn load(spec: PluginSpec) -> Registry {
    let built_in: &[&'static abi::Plugin] = &[&PLUGIN];
    let rule =
        |id: &str| RuleReference { id: id.into(), category: Some(Category::Ur5), route: RuleRoute::Accept };
    let rules = ["en.thanks.plain", "en.wrong"].map(rule).into();
    let context = LoadContext { built_in, rules, launcher: launcher(), ..LoadContext::default() };
    Registry::load(&[spec], &context).unwrap()
}

#[test]
fn c_rust_and_python_say_the_same_linked_loaded_and_in_a_child() {
    let dir = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/examples");
    let source = std::fs::read_to_string(examples.join("thanks-c/thanks.c")).unwrap();
    let in_c = c_library(dir.path(), "thanks", &source, &[]);
    let in_python = examples.join("thanks-python/rejoinder_plugin_thanks.py");
    let in_rust = deps().parent().unwrap().join("examples").join(format!("{DLL_PREFIX}thanks{DLL_SUFFIX}"));
    assert!(in_rust.is_file(), "{} is built together with all tests of this crate", in_rust.display());
    let isolated = |spec| PluginSpec { isolation: Isolation::Process { timeout: None }, ..spec };
    let registries = [
        ("Rust, linked", load(PluginSpec::named("thanks"))),
        ("Rust, linked, in a child", load(isolated(PluginSpec::at(&in_rust)))),
        ("Rust, loaded", load(PluginSpec::at(&in_rust))),
        ("C, loaded", load(PluginSpec::at(&in_c))),
        ("C, in a child", load(isolated(PluginSpec::at(&in_c)))),
        ("Python", load(PluginSpec::at(&in_python))),
    ];
    let batches = batches();
    let said = |registry: &Registry| -> Vec<Vote> {
        let votes = batches.iter().flat_map(|batch| {
            let (faults, votes) = classify(registry, batch).unwrap();
            assert!(faults.is_empty(), "{faults:?}");
            votes
        });
        votes.collect()
    };
    let wanted = said(&registries[0].1);
    for reason in 0..=2 {
        assert!(
            wanted.iter().filter(|vote| vote.reason == reason).count() > 3,
            "the turns show all that is said"
        );
    }
    for (name, registry) in &registries {
        assert_eq!(said(registry), wanted, "{name}");
        let described = registry.plugins()[0].description();
        assert_eq!((&*described.name, described.reasons.len()), ("thanks", 2), "{name}");
    }
}

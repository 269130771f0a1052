//! Rules that are suggested out of labelled turns.

use serde_json::json;

use crate::first_minute::within;
use crate::support::{folder, write};

/// Labelled conversations: `phrase` objects, anything else is the next request. A word of each turn is of the conversation alone.
fn labelled(conversations: u32, phrase: &str) -> String {
    let row = |number: u32| {
        let objects = number % 2 == 0;
        let turn = match objects {
            true => format!("{phrase} secretword{number}"),
            false => format!("name another river near town{number} please"),
        };
        let labels = match objects {
            true => json!([{ "turn": 2, "category": "UR3" }]),
            false => json!([]),
        };
        json!({ "conversation_id": format!("c{number}"), "labels": labels, "conversation": [
            { "role": "user", "content": "name a river" },
            { "role": "assistant", "content": "The Elbe." },
            { "role": "user", "content": turn },
        ] })
    };
    (0..conversations).map(|number| row(number).to_string() + "\n").collect()
}

#[test]
fn a_run_that_no_judge_has_answered_is_named() {
    let dir = folder();
    write(dir.path(), "chats.jsonl", labelled(4, "that is not what i meant"));
    within(dir.path(), &["run", "chats.jsonl", "--offline", "--out", "run"]).expect(0);
    let said = within(dir.path(), &["rules", "suggest", "run"]).expect(2).stderr;
    assert!(said.contains("no judge has answered about a turn of run: `rejoinder judge`"), "{said}");
}

#[test]
fn a_phrase_that_objects_becomes_a_rule_that_can_be_checked_and_tested() {
    let dir = folder();
    write(dir.path(), "chats.jsonl", labelled(400, "bleep blorp"));
    let args = ["rules", "suggest", "chats.jsonl", "--no-score", "--precision", "0.8", "--out", "new.toml"];
    let shown = within(dir.path(), &args).expect(0).stdout;
    assert!(shown.contains("accept UR3") && shown.contains("bleep blorp"), "{shown}");
    assert!(shown.contains("conversations that the search had not seen"), "{shown}");
    let file = std::fs::read_to_string(dir.path().join("new.toml")).unwrap();
    assert!(file.contains("bleep blorp") && !file.contains("secretword"), "{file}");
    within(dir.path(), &["rules", "check", "new.toml"]).expect(0);
    within(dir.path(), &["rules", "test", "new.toml"]).expect(0);
    // The same input and the same seed make the same file.
    let again = within(dir.path(), &["rules", "suggest", "chats.jsonl", "--no-score", "--precision", "0.8"])
        .expect(0);
    assert_eq!(again.stdout, file);
    let json = within(dir.path(), &[&args[..4], &["--json"]].concat()).expect(0).json();
    assert_eq!(json["rules"][0]["category"], "UR3");
}

#[test]
fn where_nothing_is_found_the_reason_is_said() {
    let dir = folder();
    write(dir.path(), "few.jsonl", labelled(12, "bleep blorp"));
    let shown = within(dir.path(), &["rules", "suggest", "few.jsonl", "--out", "new.toml"]).expect(0).stdout;
    assert!(shown.contains("no rule: too few conversations have labels (12)"), "{shown}");
    assert!(!dir.path().join("new.toml").exists());
    write(dir.path(), "none.jsonl", labelled(12, "bleep blorp").replace("labels", "other"));
    let told = within(dir.path(), &["rules", "suggest", "none.jsonl"]).expect(2).stderr;
    assert!(told.contains("no labelled turn"), "{told}");
}

//! Rules that are suggested out of labelled turns.

use serde_json::json;

use crate::first_minute::within;
use crate::support::server::{Server, by_rule};
use crate::support::{folder, write};

/// Labelled conversations: `phrase` objects, anything else is the next request. A word of each turn is of the conversation alone.
fn labelled(conversations: u32, phrase: &str) -> String {
    let row = |number: u32| {
        let objects = number.is_multiple_of(2);
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
    // What an author may have changed since stays.
    let refused = within(dir.path(), &args).expect(2).stderr;
    assert!(refused.contains("new.toml is there already"), "{refused}");
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

#[test]
fn a_rule_that_builds_on_another_one_can_be_checked_and_tested() {
    let dir = folder();
    let mine = "format = 1\n[[rule]]\nid = \"mine.zz\"\ncategory = \"UR2\"\nroute = \"escalate\"\nregex = ['\\bzz[a-z]+']\n\n  [[rule.test]]\n  dialogue = [\"U: name a river\", \"A: The Elbe.\", \"U: zzab it is not\"]\n  expect = { route = \"escalate\" }\n";
    write(dir.path(), "mine.toml", mine);
    write(dir.path(), "rejoinder.toml", "format = 1\n[rules]\npacks = [\"./mine.toml\"]\n");
    let letters = |number: u32| {
        let letter = |n: u32| char::from(b'a' + (n % 26) as u8);
        format!("{}{}", letter(number), letter(number / 26))
    };
    // No word stands in two conversations: only the rule tells the turns.
    let rows: String = (0..400)
        .map(|number: u32| {
            let objects = number.is_multiple_of(2);
            let word = format!("{}{}", if objects { "zz" } else { "yy" }, letters(number));
            let labels = if objects { json!([{ "turn": 2, "category": "UR2" }]) } else { json!([]) };
            let row = json!({ "conversation_id": format!("c{number}"), "labels": labels, "conversation": [
                { "role": "user", "content": "name a river" },
                { "role": "assistant", "content": "The Elbe." },
                { "role": "user", "content": format!("{word} it is not") },
            ] });
            row.to_string() + "\n"
        })
        .collect();
    write(dir.path(), "chats.jsonl", rows);
    let shown = within(dir.path(), &["rules", "suggest", "chats.jsonl", "--no-score", "--out", "new.toml"])
        .expect(0)
        .stdout;
    assert!(shown.contains("mine.zz hits"), "{shown}");
    let file = std::fs::read_to_string(dir.path().join("new.toml")).unwrap();
    assert!(file.contains("-of = [\"mine.zz\"]") && file.contains("extends = "), "{file}");
    assert!(!file.contains("todo"), "the other rule's test is a dialogue that hits: {file}");
    within(dir.path(), &["rules", "check", "new.toml"]).expect(0);
    within(dir.path(), &["rules", "test", "new.toml"]).expect(0);
    within(dir.path(), &["rules", "fmt", "--check", "new.toml"]).expect(0);
}

#[test]
fn a_judges_answers_and_a_label_file_serve_as_labels() {
    let dir = folder();
    write(dir.path(), "chats.jsonl", labelled(300, "no, bleep blorp"));
    let server = Server::start(by_rule);
    let config = |name: &str, more: &str| {
        let base_url = server.base_url();
        let text = format!(
            "format = 1\nplugin = []\n[rules]\npacks = []\n[judge]\nbase-url = \"{base_url}\"\nmodel = \"test-model\"\n{more}"
        );
        write(dir.path(), name, text)
    };
    let all = config("all.toml", "all = true\n");
    within(dir.path(), &["run", "chats.jsonl", "--config", &all, "--out", "run"]).expect(0);
    let found = within(dir.path(), &["rules", "suggest", "run", "--config", &all, "--json"]).expect(0).json();
    assert_eq!(found["rules"][0]["category"], "UR2", "{found:#}");
    assert_eq!(found["labelled"], 300);
    let population = found["population"].as_str().unwrap();
    assert!(population.contains("its judge answered about"), "{population}");

    let label = |number: u32| {
        let category = if number.is_multiple_of(2) { "UR4" } else { "none" };
        let labels = json!([{ "turn": 2, "category": category }]);
        json!({ "conversation_id": format!("c{number}"), "labels": labels }).to_string() + "\n"
    };
    write(dir.path(), "labels.jsonl", (0..300).map(label).collect::<String>());
    let args =
        ["rules", "suggest", "chats.jsonl", "--label-file", "labels.jsonl", "--config", &all, "--json"];
    let found = within(dir.path(), &args).expect(0).json();
    assert_eq!(found["rules"][0]["category"], "UR4", "{found:#}");

    // A run in which nothing waited: what its audit drew is all that is known.
    let some = config("some.toml", "");
    within(dir.path(), &["run", "chats.jsonl", "--config", &some, "--out", "quiet"]).expect(0);
    let told = within(dir.path(), &["rules", "suggest", "quiet", "--config", &some]).expect(2).stderr;
    assert!(told.contains("no judge has answered about a turn of quiet"), "{told}");
    within(dir.path(), &["audit", "quiet", "--config", &some, "--rejected", "300", "--seed", "1"]).expect(0);
    let found =
        within(dir.path(), &["rules", "suggest", "quiet", "--config", &some, "--json"]).expect(0).json();
    assert_eq!(found["rules"][0]["category"], "UR2", "{found:#}");
    assert!(found["rules"][0]["held_out"]["unjudged"].as_u64().unwrap() > 0, "{found:#}");
}

#[test]
fn phrases_and_names_of_files_cannot_steer_a_terminal_or_leave_their_place_in_the_file() {
    let dir = folder();
    let hostile = "bl\u{202e}eep \u{1b}[31m\"] # blorp\\ a@b.example 4711";
    let name = "a\nroute = \u{1b}[31m.jsonl";
    write(dir.path(), name, labelled(300, hostile));
    let shown = within(dir.path(), &["rules", "suggest", name, "--no-score", "--out", "new.toml"]).expect(0);
    let file = std::fs::read_to_string(dir.path().join("new.toml")).unwrap();
    for text in [&shown.stdout, &shown.stderr, &file] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
    assert!(!file.contains("4711") && !file.contains('@'), "{file}");
    within(dir.path(), &["rules", "check", "new.toml"]).expect(0);
    within(dir.path(), &["rules", "test", "new.toml"]).expect(0);
}

//! `explain`: the decision first, one turn or a whole conversation, from a run, from records, and from text as people paste it.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{DIALOGUES, folder, rejoinder, rows, text, write};

fn record(id: &str, messages: &[(&str, &str)]) -> String {
    let messages: Vec<Value> = messages.iter().map(|(r, c)| json!({"role": r, "content": c})).collect();
    json!({"conversation_id": id, "conversation": messages}).to_string() + "\n"
}

#[test]
fn the_first_line_is_what_became_of_the_turn_and_why() {
    let dir = folder();
    let mut outcomes = std::collections::BTreeSet::new();
    let mut turns = Vec::new();
    for (name, flags) in [("by-rules", &["--no-score"][..]), ("by-score", &[])] {
        let run = text(&dir.path().join(name));
        rejoinder(&[&["run", DIALOGUES, "--out", &run][..], flags].concat()).expect(0);
        let shown = rejoinder(&["show", &run, "--json", "--sample", "all"]).expect(0).stdout;
        let shown = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        turns.extend(shown.map(|turn| (run.clone(), turn)));
    }
    for (run, turn) in turns {
        let outcome = turn["outcome"].as_str().unwrap();
        let is_by_score = turn["decision"].as_str().unwrap().contains("score");
        if !outcomes.insert((outcome.to_owned(), turn["by"].as_array().unwrap().is_empty(), is_by_score)) {
            continue;
        }
        let id = turn["id"].as_str().unwrap();
        let explained = rejoinder(&["explain", &run, id]).expect(0).stdout;
        let first = explained.lines().next().unwrap();
        let words = if outcome == "waiting" { "waiting for the judge" } else { outcome };
        assert!(first.starts_with(words) && first.contains(": "), "{first}");
        for decider in turn["by"].as_array().unwrap() {
            assert!(first.contains(decider["name"].as_str().unwrap()), "{first}");
            assert!(first.contains(decider["place"].as_str().unwrap_or_default()), "{first}");
        }
        // Programs read the same in both verbs.
        let object = rejoinder(&["explain", &run, id, "--json"]).expect(0).json();
        for key in ["id", "conversation_id", "language", "outcome", "category", "decision", "by"] {
            assert_eq!(object[key], turn[key], "{key}");
        }
    }
    assert!(outcomes.len() >= 6, "{outcomes:?}");
}

#[test]
fn a_conversation_is_named_by_the_id_that_its_corpus_gives_it() {
    let dir = folder();
    let input = [
        record("one", &[("user", "q"), ("assistant", "a"), ("user", "Thank you so much!")]),
        record(
            "two",
            &[
                ("user", "list the rivers of France"),
                ("assistant", "Seine."),
                ("user", "No, I wanted all of them"),
                ("assistant", "Seine, Loire."),
                ("user", "and those of Spain"),
            ],
        ),
        record("none", &[("user", "q"), ("assistant", "a")]),
        record("one", &[("user", "q2"), ("assistant", "a2"), ("user", "Thank you so much, again!")]),
    ];
    let input = write(dir.path(), "in.jsonl", input.concat());
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--out", &run]).expect(0);
    for target in [&run, &input] {
        let explain = |id: &str| rejoinder(&["explain", target, id]);
        let one = explain("one").expect(0).stdout;
        assert_eq!(one.matches("accepted as UR5").count(), 4, "two conversations, each in full\n{one}");
        assert!(one.contains("0:0:2 · one") && one.contains("0:3:2 · one"), "{one}");
        let two = explain("two").expect(0).stdout;
        assert!(two.starts_with("conversation two · 0:1 in ") && two.contains("2 later turns"), "{two}");
        assert!(two.contains("── 0:1:2 · ") && two.contains("── 0:1:4 · "), "{two}");
        assert!(two.contains(&format!("rejoinder explain {target} 0:1:4")), "{two}");
        let objects = rejoinder(&["explain", target, "two", "--json"]).expect(0).stdout;
        let objects: Vec<Value> = objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ids: Vec<&Value> = objects.iter().map(|turn| &turn["id"]).collect();
        assert_eq!(ids, ["0:1:2", "0:1:4"]);
        assert!(explain("none").expect(2).stderr.contains("no later turn"));
        let unknown = explain("three").expect(2).stderr;
        assert!(unknown.contains("no conversation of the input (1 file) has the id `three`"), "{unknown}");
    }
}

#[test]
fn a_conversation_that_the_config_leaves_out_is_told() {
    let dir = folder();
    let input = write(
        dir.path(),
        "in.jsonl",
        record("short", &[("user", "q"), ("assistant", "a"), ("user", "Thank you so much!")]),
    );
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--min-messages", "4", "--out", &run]).expect(9);
    let told = rejoinder(&["explain", &run, "0:0:2"]).expect(2).stderr;
    assert!(told.contains("in.jsonl:1: the conversation is left out: it has fewer messages"), "{told}");
}

#[test]
fn near_misses_of_other_languages_stand_behind_all() {
    let dir = folder();
    let rule = |id: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\ncategory = \"UR2\"\nroute = \"accept\"\nany = [\"no\"]\nmax-words = 1\n"
        )
    };
    let packs: Vec<String> = ["en", "es"]
        .map(|lang| {
            let text = format!("format = 1\nlang = [\"{lang}\"]\n{}", rule(&format!("{lang}.no")));
            write(dir.path(), &format!("{lang}.toml"), text)
        })
        .into();
    let config = write(dir.path(), "c.toml", format!("format = 1\n[rules]\npacks = {packs:?}\n"));
    let file = write(
        dir.path(),
        "d.jsonl",
        json!({"language": "English", "messages": [
            {"role": "user", "content": "Please write a list of rivers"}, {"role": "assistant", "content": "Seine."},
            {"role": "user", "content": "no, the rivers of Spain"}]})
        .to_string(),
    );
    let usual = rejoinder(&["explain", &file, "--config", &config]).expect(0).stdout;
    assert!(usual.contains("miss en.no") && !usual.contains("miss es.no"), "{usual}");
    assert!(usual.contains("1 rule of other languages nearly hit; --all shows them"), "{usual}");
    let all = rejoinder(&["explain", &file, "--config", &config, "--all"]).expect(0).stdout;
    assert!(all.contains("miss en.no") && all.contains("miss es.no") && !all.contains("nearly hit"), "{all}");
}

#[test]
fn text_as_people_paste_it_is_a_dialogue() {
    let dir = folder();
    for (name, dialogue) in [
        ("letters", "U: a list\nof two\nA: Java.\nU: Thank you so much!\n"),
        ("words", "User: a list\nof two\nAssistant: Java.\nUser: Thank you so much!\n"),
        ("human", "\u{feff}Human: a list\nof two\n\nAI: Java.\n\nHuman: Thank you so much!\n"),
        ("markdown", "**User:** a list\nof two\n\n**ChatGPT:** Java.\n\n**User:** Thank you so much!\n"),
    ] {
        let file = write(dir.path(), name, dialogue);
        let shown = rejoinder(&["explain", &file]).expect(0).stdout;
        assert!(shown.starts_with("accepted as UR5"), "{name}\n{shown}");
        assert!(shown.contains("user      │ a list\n              of two\n"), "{name}\n{shown}");
        assert!(shown.contains("assistant │ Java.\n"), "{name}\n{shown}");
        // A run cannot take it, and says what it is and what can be done.
        let out = text(&dir.path().join(format!("{name}-run")));
        for args in [&["run", &file, "--out", &out][..], &["inspect", &file]] {
            let told = rejoinder(args).expect(9).stderr;
            assert!(told.contains("looks like one dialogue as text"), "{told}");
            assert!(told.contains(&format!("`rejoinder explain {file}`")), "{told}");
        }
    }
}

#[test]
fn a_turn_of_a_late_part_is_found_by_id() {
    let dir = folder();
    let mut content = Vec::new();
    crate::corpus::write(&mut content, 1_200, 5, crate::corpus::Style::default()).unwrap();
    let input = write(dir.path(), "in.jsonl", content);
    let config = write(dir.path(), "c.toml", "format = 1\n[output]\npart-mib = 1\n");
    let run = dir.path().join("run");
    rejoinder(&["run", &input, "--config", &config, "--out", &text(&run)]).expect(0);
    for part in ["part-00000.jsonl", "part-00001.jsonl"] {
        let rows = rows(&Path::new(&run).join("spool").join(part));
        let turn = &rows[rows.len() - 1]["turns"][0];
        let id = turn["id"].as_str().unwrap();
        let object = rejoinder(&["explain", &text(&run), id, "--json"]).expect(0).json();
        assert_eq!((&object["id"], &object["conversation_id"]), (&turn["id"], &turn["conversation_id"]));
    }
}

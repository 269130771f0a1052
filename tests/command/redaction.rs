//! `rejoinder export --redact`: what is personal stays at home, everything else leaves as it is.

use serde_json::{Value, json};

use crate::export::{export, exported, run_over};
use crate::support::{folder, text, write};

/// What is planted: personal data, and what takes its place.
const PLANTED: [(&str, &str); 4] = [
    ("ana.b@example.org", "[EMAIL]"),
    ("+1 (415) 555-2671", "[PHONE]"),
    ("203.0.113.7", "[IP]"),
    ("hunter2Xy!9", "[KEY]"),
];
const ALL: &str = "--redact emails,phones,ips,keys";

/// Conversations, half of them with personal data in each message, in a column and in the arguments of a call.
fn corpus(folder: &std::path::Path) -> String {
    let [mail, phone, ip, key] = PLANTED.map(|(planted, _)| planted);
    let lines = (0..8).map(|n| {
        let own = |personal: String| if n % 2 == 0 { personal } else { "nothing".to_owned() };
        let turn = if n < 4 { "thank you!" } else { "no, that is wrong, i meant the second one" };
        let messages = json!([
            {"role": "user", "content": format!("question {n}: my address is {}", own(format!("{mail}, version 1.2.3 of 2026-11-30")))},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "function": {
                "name": "send", "arguments": json!({"to": own(mail.to_owned()), "count": 4_155_552_671_u64}).to_string()}}]},
            {"role": "tool", "tool_call_id": "c1", "content": own(format!("sent from {ip}"))},
            {"role": "assistant", "content": own(format!("answer {n}: call {phone}, password = \"{key}\""))},
            {"role": "user", "content": format!("{turn} {}", own(format!("({mail})")))},
            {"role": "assistant", "content": "you are welcome"},
        ]);
        json!({"conversation_id": format!("c{n}"), "messages": messages, "owner": {"mail": own(mail.to_owned()), "rank": n}}).to_string()
    });
    write(folder, "chats.jsonl", lines.collect::<Vec<_>>().join("\n"))
}

#[track_caller]
fn holds_nothing_personal(written: &str) {
    for (planted, _) in PLANTED {
        let escaped = json!(planted).to_string();
        assert!(
            !written.contains(planted) && !written.contains(escaped.trim_matches('"')),
            "{planted}: {written}"
        );
    }
}

#[test]
fn no_export_holds_what_is_taken_out_and_all_else_stays() {
    let dir = folder();
    let run = run_over(dir.path(), &corpus(dir.path()));
    for form in [
        "feedback",
        "sft",
        "kto --unbalanced",
        "random --rows 16",
        "kto --style axolotl",
        "sft --style llamafactory",
    ] {
        let with = export(&run, &format!("{form} --out -")).expect(0);
        let without = export(&run, &format!("{form} {ALL} --out -")).expect(0);
        let mut expected = with.stdout.clone();
        assert_ne!(expected, without.stdout, "{form}");
        for (planted, placeholder) in PLANTED {
            expected = expected
                .replace(planted, placeholder)
                .replace(json!(planted).to_string().trim_matches('"'), placeholder);
        }
        holds_nothing_personal(&without.stdout);
        if form != "feedback" {
            // A hash of how the conversation opens stands in each row.
            let rows = |text: &str| -> Vec<Value> {
                let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                rows.map(|mut row| {
                    row.as_object_mut().unwrap().remove("opening");
                    row
                })
                .collect()
            };
            assert_eq!(rows(&without.stdout), rows(&expected), "{form}");
        } else {
            assert_eq!(without.stdout, expected);
        }
        assert!(
            without.stderr.contains("in which e-mail addresses are replaced by [EMAIL]"),
            "{}",
            without.stderr
        );
        assert!(without.stderr.contains("names, postal addresses"), "{}", without.stderr);
        assert!(!with.stderr.contains("personal data"), "{}", with.stderr);
    }
}

#[test]
fn only_what_is_asked_for_is_taken_out_and_parquet_is_no_exception() {
    let dir = folder();
    let run = run_over(dir.path(), &corpus(dir.path()));
    for row in exported(&run, "kto --unbalanced --redact phones") {
        let written = row.to_string();
        assert!(
            !written.contains("415) 555") && (written.contains("[PHONE]") == written.contains("ana.b@")),
            "{written}"
        );
    }
    let file = text(&dir.path().join("f.parquet"));
    export(&run, &format!("feedback {ALL} --out {file}")).expect(0);
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(6).any(|bytes| bytes == b"ana.b@"));
    let refused = export(&run, "kto --redact names --out -").expect(2);
    assert!(refused.stderr.contains("expected some of emails, phones, ips, keys"), "{}", refused.stderr);
}

#[test]
fn tasks_for_people_are_masked_so_that_places_stay_and_ids_lead_back() {
    let dir = folder();
    let run = run_over(dir.path(), &corpus(dir.path()));
    for tool in ["argilla", "label-studio"] {
        let open = export(&run, &format!("review --for {tool} --out -")).expect(0);
        let masked = export(&run, &format!("review --for {tool} {ALL} --out -")).expect(0);
        holds_nothing_personal(&masked.stdout);
        let tasks = |text: &str| -> Vec<Value> {
            serde_json::Deserializer::from_str(text).into_iter().next().unwrap().unwrap()
        };
        let (open, masked) = (tasks(&open.stdout), tasks(&masked.stdout));
        assert_eq!(open.len(), masked.len());
        for (open, masked) in open.iter().zip(&masked) {
            assert_eq!(open["id"], masked["id"]);
            assert_eq!(open["data"]["conversation_id"], masked["data"]["conversation_id"]);
            assert_eq!(open.to_string().len(), masked.to_string().len(), "places stay");
        }
    }
}

#[test]
fn a_data_set_says_on_its_card_what_was_taken_out() {
    let dir = folder();
    let run = run_over(dir.path(), &corpus(dir.path()));
    let set = dir.path().join("set");
    export(&run, &format!("kto --unbalanced {ALL} --dataset {}", text(&set))).expect(0);
    let card = std::fs::read_to_string(set.join("README.md")).unwrap();
    let metadata = std::fs::read_to_string(set.join("rejoinder.json")).unwrap();
    for told in [&card, &metadata] {
        assert!(
            told.contains("e-mail addresses are replaced by [EMAIL]")
                && told.contains("names, postal addresses"),
            "{told}"
        );
    }
    for file in crate::support::all_files(&set) {
        holds_nothing_personal(&std::fs::read_to_string(file).unwrap());
    }
}

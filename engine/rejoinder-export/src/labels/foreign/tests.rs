//! What foreign files say, and that none of them can do harm.

use proptest::prelude::*;
use rejoinder_core::{Conversation, Message, Role};
use rejoinder_read::{Container, InputFile, JsonValuesError, Mapping, Record, json_values};
use serde_json::{Value, json};

use super::*;
use crate::labels::LabelRow;
use crate::labels::label_file::LabelFile;
use crate::labels::selection::TurnSelection;

type Shown = (Option<usize>, Option<u32>, String);

fn shown(imported: ImportedLabels) -> Vec<(String, Vec<Shown>)> {
    let row = |row: LabelRow| (row.turn, row.feedback_turn, row.category);
    imported.rows().map(|r| (r.conversation_id, r.labels.into_iter().map(row).collect())).collect()
}

/// The records of a file with this content.
fn records(
    content: impl AsRef<[u8]>,
    container: Container,
) -> std::vec::IntoIter<Result<Value, JsonValuesError>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    let all: Vec<_> =
        json_values(&InputFile::of_json_values(file.path(), container).unwrap(), 1 << 20).collect();
    all.into_iter()
}

fn json(value: &Value) -> std::vec::IntoIter<Result<Value, JsonValuesError>> {
    records(value.to_string(), Container::Array)
}

#[test]
fn argilla_gives_what_most_reviewers_said() {
    let response = |value: &str| json!({ "value": value, "user_id": "u" });
    let record = |id: &str, said: &[&str]| {
        let responses: Vec<_> = said.iter().map(|value| response(value)).collect();
        json!({ "id": id, "fields": {}, "suggestions": { "label": { "value": "UR1" } }, "responses": { "label": responses } })
    };
    let file = json!([
        record("a#b#4", &["UR2", "NONE", "UR2"]),
        record("a#b#2", &["none"]),
        record("c#1", &["UR1", "UR2"]),
        record("d#1", &["UR9"]),
        record("no number", &["UR1"]),
        { "id": "e#1", "responses": {} },
    ]);
    let imported = argilla(json(&file)).unwrap();
    assert_eq!(imported.left_out.count, 3);
    assert_eq!(imported.left_out.first, "record 3: its reviewers do not agree");
    let rows = vec![(Some(4), None, "UR2".to_owned()), (Some(2), None, "none".to_owned())];
    assert_eq!(shown(imported), [("a#b".to_owned(), rows)]);
}

#[test]
fn label_studio_gives_the_latest_annotation_and_the_first_category_of_a_turn() {
    let region = |start: Value, label: &str| {
        json!({ "type": "paragraphlabels",
        "value": { "start": start, "end": start, "startOffset": 0, "endOffset": 2, "text": "No", "paragraphlabels": [label] } })
    };
    let task = |id: &str, annotations: Value| json!({ "data": { "conversation_id": id }, "annotations": annotations });
    let file = json!([
        task(
            "a",
            json!([{ "result": [] }, { "result": [region(json!("4"), "UR5"), region(json!(2), "UR1"), region(json!("2"), "UR2")] }])
        ),
        task(
            "b",
            json!([{ "result": [], "was_cancelled": false }, { "result": [region(json!("2"), "UR1")], "was_cancelled": true }])
        ),
        task("c", json!([])),
        task("d", json!([{ "result": [region(json!("x"), "UR1")] }])),
    ]);
    let imported = label_studio(json(&file)).unwrap();
    assert_eq!(imported.left_out.count, 1);
    let rows = vec![(Some(2), None, "UR2".to_owned()), (Some(4), None, "UR5".to_owned())];
    assert_eq!(shown(imported), [("a".to_owned(), rows), ("b".to_owned(), Vec::new())]);
}

#[test]
fn the_papers_csv_is_read_in_the_numbering_that_is_said() {
    let csv =
        b"conversation_id,feedback_turn,category,label\nc,1,UR2,-1\nc,3,UR6,1\nd,1,UR1,-1\nd,x,UR1,-1\n";
    let row = |turn, category: &str| (None, Some(turn), category.to_owned());
    let rows = |csv: &[u8]| records(csv, Container::Csv);
    let petrak = paper(rows(csv), CategoryNumbering::Petrak).unwrap();
    assert_eq!(petrak.left_out.count, 1);
    let expected =
        [("c".to_owned(), vec![row(1, "UR1"), row(3, "UR5")]), ("d".to_owned(), vec![row(1, "none")])];
    assert_eq!(shown(petrak), expected);
    let same = paper(rows(csv), CategoryNumbering::Paper).unwrap();
    assert_eq!(same.left_out.count, 2, "UR6 is not the paper's");
    let why = |csv: &[u8]| paper(rows(csv), CategoryNumbering::Paper).unwrap_err().to_string();
    assert!(why(b"id,category\nc,UR1\n").contains("no column `conversation_id`; it has"));
    assert_eq!(why(b"id,category\n"), "it has no row");
}

#[test]
fn petraks_dialogues_come_with_their_reaction() {
    let file = json!({ "context": "<user> Is it free? <system> Yes.<user> And wifi? <system>", "error_text": " It is a hotel. ",
        "user_reaction": " I asked about wifi.", "user_reaction_type": "Make Aware with Correction", "target": " Yes, free wifi.", "id": 1 });
    let dialogue = petrak(json(&file), "d").unwrap();
    let said: Vec<_> = dialogue.conversation.iter().map(|turn| (turn.role, &*turn.content)).collect();
    let expected = [
        ("user", "Is it free?"),
        ("assistant", "Yes."),
        ("user", "And wifi?"),
        ("assistant", "It is a hotel."),
        ("user", "I asked about wifi."),
        ("assistant", "Yes, free wifi."),
    ];
    assert_eq!(said, expected);
    assert_eq!((dialogue.labels[0].turn, &*dialogue.labels[0].category), (Some(4), "UR2"));
    // It is a record that this engine reads, with labels it reads.
    let line = serde_json::to_vec(&dialogue).unwrap();
    let record = Record::parse(&line, &Mapping::default()).unwrap();
    assert_eq!(crate::labels::read(&record).unwrap()[0].turn, 4);
    let unknown = file.to_string().replace("Make Aware with", "Praise");
    assert!(petrak(records(unknown, Container::Array), "d").is_err());
    assert!(petrak(json(&json!([file, file])), "d").unwrap_err().to_string().contains("more than one"));
}

#[test]
fn an_exchange_stands_for_the_turns_that_judge_it() {
    let messages =
        [("user", "q"), ("assistant", "a"), ("user", "no"), ("user", "really"), ("assistant", "b")];
    let messages: Vec<_> =
        messages.iter().map(|(role, text)| json!({ "role": role, "content": text })).collect();
    let line = json!({ "id": "c", "messages": messages }).to_string();
    let record = Record::parse(line.as_bytes(), &Mapping::default()).unwrap();
    let labels = |lines: &str| LabelFile::new(lines).unwrap().read(&record);
    let found =
        labels("{\"conversation_id\":\"c\",\"labels\":[{\"feedback_turn\":1,\"category\":\"UR3\"}]}\n")
            .unwrap();
    assert_eq!(found.iter().map(|label| label.turn).collect::<Vec<_>>(), [2, 3]);
    assert!(
        labels("{\"conversation_id\":\"c\",\"labels\":[{\"feedback_turn\":2,\"category\":\"UR3\"}]}")
            .is_err()
    );
    assert!(labels("{\"conversation_id\":\"other\",\"labels\":[]}").is_err());
    assert!(
        LabelFile::new("\n{\"conversation_id\":\"c\",\"labels\":[{\"turn\":1,\"category\":\"UR7\"}]}")
            .unwrap_err()
            .to_string()
            .contains("line 2")
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "id",
        "responses",
        "label",
        "value",
        "data",
        "conversation_id",
        "annotations",
        "result",
        "start",
        "paragraphlabels",
    ]);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(|n| json!(n)),
        prop::sample::select(vec!["", "UR1", "c#1", "c#-1", "#", "99999999999999999999"])
            .prop_map(|t| json!(t)),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
            prop::collection::hash_map(key.clone(), inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_that_a_file_holds_panics(value in any_json(), bytes in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        for json in [value.to_string(), json!([value]).to_string(), text.clone()] {
            let found = records(&json, Container::Array);
            let _ = argilla(found.clone());
            let _ = label_studio(found.clone());
            let _ = petrak(found, "d");
            let _ = LabelFile::new(&json);
        }
        let _ = paper(records(&bytes, Container::Csv), CategoryNumbering::Petrak);
        let with_names = [b"conversation_id,feedback_turn,category\n", &*bytes].concat();
        let _ = paper(records(with_names, Container::Csv), CategoryNumbering::Paper);
        let file = json!({ "context": text, "error_text": text, "user_reaction": text, "user_reaction_type": "Repeat or Rephrase" });
        let _ = petrak(json(&file), "d");
    }

    #[test]
    fn a_label_never_points_beside_the_conversation(
        turn in prop::option::of(0..9_usize), exchange in prop::option::of(0..9_u32), messages in 1..6_usize,
    ) {
        let role = |i: usize| if i.is_multiple_of(2) { Role::User } else { Role::Assistant };
        let conversation = Conversation {
            id: "c".into(),
            messages: (0..messages).map(|i| Message::new(role(i), "x")).collect(),
        };
        let row = LabelRow { turn, feedback_turn: exchange, category: "UR1".to_owned(), span: None };
        let (mut labels, selection) = (Vec::new(), TurnSelection::Independent);
        let answer = row.category().unwrap().into();
        if crate::labels::read::resolve(&row, answer, selection, &conversation, &mut labels).is_ok() {
            prop_assert!(!labels.is_empty() && labels.iter().all(|label| label.turn < messages));
        }
    }
}

//! The log of labels survives whatever happens to its writer, and says what a file of labels says.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rejoinder_core::Category::{Ur2, Ur5};
use rejoinder_core::{Answer, Conversation, Message, RecordId, Role};
use rejoinder_export::labels::label_file::LabelFile;
use rejoinder_export::labels::selection::TurnSelection;

use super::readers::LogLines;
use super::{LabelAgreement, LabelLog, LabelTarget, ReaderLabels, ReviewError, ReviewLabel};

fn conversation(id: &str, request: &str) -> Conversation<'static> {
    let said = [
        (Role::User, request),
        (Role::Assistant, "a"),
        (Role::User, "b"),
        (Role::Assistant, "c"),
        (Role::User, "d"),
    ];
    let messages = said.map(|(role, text)| Message::new(role, text.to_owned()));
    Conversation { id: id.to_owned().into(), messages: messages.into() }
}

fn id(ordinal: u64, message_index: u32) -> RecordId {
    RecordId { shard: 0, ordinal, message_index }
}

fn target(ordinal: u64, message_index: u32) -> LabelTarget {
    LabelTarget::of(id(ordinal, message_index), &conversation(&format!("c{ordinal}"), "q"))
}

fn label(answer: Answer) -> ReviewLabel {
    ReviewLabel { answer, span: None, seconds: Some(4.26) }
}

fn add(log: &mut LabelLog, target: &LabelTarget, answer: Answer) {
    log.add(target, TurnSelection::Independent, label(answer)).unwrap();
}

fn open(folder: &Path) -> LabelLog {
    LabelLog::open_in(folder, "ana").unwrap()
}

fn read(file: &Path) -> LabelFile {
    LabelFile::new(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn labels_stand_in_a_file_of_labels_and_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let marked = ReviewLabel {
        answer: Answer::Feedback(Ur2),
        span: Some("no, \"in\" Rust\n".to_owned()),
        seconds: Some(4.26),
    };
    log.add(&target(0, 2), TurnSelection::Audit, marked.clone()).unwrap();
    add(&mut log, &target(0, 4), Answer::NoFeedback);
    add(&mut log, &target(7, 2), Answer::Unknown);
    let file = log.path().to_owned();
    let line = fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&line["id"], &line["reader"], &line["seconds"]),
        (&"0:0:2".into(), &"ana".into(), &4.3.into())
    );
    assert_eq!((&line["drawn"], &line["complete"]), (&"audit".into(), &false.into()));
    assert!(line["at"].as_str().unwrap().ends_with('Z'), "{line}");
    let labels = read(&file);
    assert_eq!(labels.answer("c0", 2, 1), Some(Answer::Feedback(Ur2)));
    assert_eq!(labels.answer("c0", 4, 2), Some(Answer::NoFeedback));
    assert_eq!(labels.answer("c7", 2, 1), Some(Answer::Unknown));
    assert_eq!(labels.answer("c7", 4, 2), None, "nobody has read it");
    drop(log);
    let log = open(folder.path());
    assert_eq!(
        log.of(id(0, 2)).map(|label| (label.answer, label.span.clone())),
        Some((marked.answer, marked.span))
    );
    assert_eq!((log.labels().count(), log.seconds_each()), (3, Some(4.3)));
}

#[test]
fn undoing_takes_back_one_label_after_the_other_also_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    add(&mut log, &target(1, 2), Answer::Feedback(Ur2));
    add(&mut log, &target(2, 2), Answer::NoFeedback);
    add(&mut log, &target(1, 2), Answer::Feedback(Ur5));
    assert_eq!(log.undo().unwrap(), Some(id(1, 2)), "the label that was given last");
    assert_eq!(log.of(id(1, 2)), None);
    drop(log);
    let mut log = open(folder.path());
    assert_eq!(log.undo().unwrap(), Some(id(2, 2)));
    assert_eq!((log.undo().unwrap(), log.labels().count()), (None, 0));
    assert_eq!(read(log.path()).answer("c2", 2, 1), None);
    assert_eq!(log.reader_labels(), ReaderLabels { reader: "ana".to_owned(), ..ReaderLabels::default() });
}

#[test]
fn a_turn_of_an_even_draw_stays_one_when_another_draw_shows_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    for selection in [TurnSelection::Independent, TurnSelection::Chosen] {
        log.add(&target(1, 2), selection, label(Answer::NoFeedback)).unwrap();
    }
    let text = fs::read_to_string(log.path()).unwrap();
    assert_eq!(text.matches(r#""drawn":"whole""#).count(), 2, "{text}");
}

#[test]
fn one_process_writes_a_readers_labels_and_others_are_told_who() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let refused = LabelLog::open_in(folder.path(), "ana").unwrap_err();
    let process = format!("process {}", std::process::id());
    assert!(matches!(&refused, ReviewError::ReaderAtWork(reader, Some(_)) if reader == "ana"), "{refused}");
    assert!(refused.to_string().contains(&process), "{refused}");
    LabelLog::open_in(folder.path(), "ben").unwrap();
    drop(log);
    open(folder.path());
    for name in ["", ".", "..", "../x", "a/b", "-x", "a b", "ä", "a\u{202e}", &"x".repeat(41)] {
        assert!(matches!(LabelLog::open_in(folder.path(), name), Err(ReviewError::ReaderName(_))), "{name}");
    }
}

#[test]
fn two_conversations_with_one_id_are_not_taken_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let of = |ordinal, request| LabelTarget::of(id(ordinal, 2), &conversation("c", request));
    add(&mut log, &of(0, "q"), Answer::NoFeedback);
    add(&mut log, &of(1, "q"), Answer::NoFeedback);
    let size = fs::metadata(log.path()).unwrap().len();
    for _ in 0..2 {
        let refused = log.add(&of(2, "another"), TurnSelection::Chosen, label(Answer::NoFeedback));
        assert!(matches!(refused, Err(ReviewError::SharedId(id)) if id == "c"));
        assert_eq!(fs::metadata(log.path()).unwrap().len(), size);
        drop(log);
        log = open(folder.path());
    }
}

#[test]
fn wherever_a_writer_is_killed_only_the_torn_line_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    add(&mut log, &target(0, 2), Answer::Feedback(Ur2));
    let first = fs::metadata(log.path()).unwrap().len() as usize;
    add(&mut log, &target(1, 2), Answer::Feedback(Ur5));
    let path = log.path().to_owned();
    drop(log);
    let bytes = fs::read(&path).unwrap();
    for end in (0..bytes.len()).step_by(7).chain([first - 1, first, first + 1, bytes.len() - 1]) {
        fs::write(&path, &bytes[..end]).unwrap();
        let mut log = open(folder.path());
        let whole = usize::from(end + 1 >= first) + usize::from(end + 1 >= bytes.len());
        assert_eq!(log.labels().count(), whole, "cut at {end}");
        add(&mut log, &target(2, 4), Answer::NoFeedback);
        drop(log);
        assert_eq!(open(folder.path()).labels().count(), whole + 1, "cut at {end}");
        assert_eq!(read(&path).answer("c2", 4, 2), Some(Answer::NoFeedback));
    }
}

#[test]
fn a_line_that_is_none_is_told_with_its_place_and_lines_of_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    add(&mut log, &target(0, 2), Answer::Feedback(Ur2));
    let path = log.path().to_owned();
    drop(log);
    let own = fs::read_to_string(&path).unwrap();
    let by_hand = "{\"conversation_id\":\"c9\",\"labels\":[]}\n\n";
    fs::write(&path, format!("{by_hand}{own}")).unwrap();
    let mut log = open(folder.path());
    assert_eq!(log.labels().count(), 1);
    add(&mut log, &target(1, 2), Answer::NoFeedback);
    assert!(fs::read_to_string(&path).unwrap().starts_with(by_hand));
    drop(log);
    for bad in ["nonsense\n", "{\"conversation_id\":\"c\",\"labels\":[{\"turn\":2,\"category\":\"UR9\"}]}\n"]
    {
        fs::write(&path, format!("{own}{bad}{own}")).unwrap();
        let refused = LabelLog::open_in(folder.path(), "ana").unwrap_err();
        assert!(refused.to_string().contains("ana.jsonl:2: "), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{own}{bad}{own}"), "nothing is taken away");
    }
}

#[test]
fn agreement_leaves_out_unsure_turns_and_tells_categories_apart() {
    let say = |answers: &[Answer]| (0..).zip(answers).map(|(n, answer)| (id(n, 2), *answer)).collect();
    let (none, unsure) = (Answer::NoFeedback, Answer::Unknown);
    let praise = Answer::Feedback(Ur5);
    let correction = Answer::Feedback(Ur2);
    let first = say(&[none, none, none, praise, praise, correction, correction, unsure]);
    let second = say(&[none, none, praise, praise, praise, correction, none, none]);
    let found = LabelAgreement::of(&first, &second).unwrap();
    // 5 of 7 agree; by chance (3·3 + 2·3 + 2·1) / 49, so that κ is (35 − 17) / (49 − 17).
    assert_eq!((found.overall.turns, found.overall.equal, found.unsure), (7, 5, 1));
    assert!((found.overall.kappa.unwrap() - 18.0 / 32.0).abs() < 1e-12);
    assert_eq!(found.by_category.keys().copied().collect::<Vec<_>>(), ["UR2", "UR5"]);
    let praised = &found.by_category["UR5"];
    assert_eq!((praised.first, praised.second, praised.both), (2, 3, 2));
    // 6 of 7 agree; by chance (5·4 + 2·3) / 49.
    assert!((praised.agreement.kappa.unwrap() - 16.0 / 23.0).abs() < 1e-12);
    assert_eq!(LabelAgreement::of(&first, &say(&[])), None);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!((&json["turns"], &json["by_category"]["UR2"]["both"]), (&7.into(), &1.into()));
}

proptest! {
    #[test]
    fn no_bytes_make_a_log_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), line in 0..4_usize) {
        let known = [
            "{\"conversation_id\":\"c\",\"labels\":[{\"turn\":2,\"category\":\"UR1\"}],\"id\":\"0:1:2\"}\n",
            "{\"conversation_id\":\"c\",\"labels\":[{\"category\":\"undone\"}],\"id\":\"0:1:2\"}\n",
            "{\"conversation_id\":\"c\",\"labels\":[{\"turn\":2,\"category\":\"UR1\"}],\"id\":7}\n",
            "",
        ][line];
        let bytes = [known.as_bytes(), &bytes].concat();
        if let Ok(read) = LogLines::read(Path::new("log"), &bytes) {
            prop_assert!(read.size <= bytes.len());
        }
    }
}

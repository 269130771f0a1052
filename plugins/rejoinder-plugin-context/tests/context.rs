//! What the classifier says of dialogues, through the plugin's border.
#![forbid(unsafe_code)]

use proptest::prelude::*;
use rejoinder_core::Verdict;
use rejoinder_plugin::Classifier;
use rejoinder_plugin::testing::{Answer, Harness, Question, check_cases};
use rejoinder_plugin_context::{Context, Kind};

/// The answer where the rules hit at each of `cues`.
fn ask(dialogue: &[&str], cues: &[&str]) -> Answer {
    let turn = dialogue.last().unwrap().strip_prefix("U: ").unwrap();
    let hits: Vec<_> = cues
        .iter()
        .map(|cue| {
            let at = turn.find(cue).unwrap() as u32;
            (0, at..at + cue.len() as u32)
        })
        .collect();
    let harness = Harness::<Context>::with_rules("{}", &["any.rule"]).unwrap();
    harness.ask(&Question { dialogue, hits: &hits, ..Question::default() }).unwrap()
}

fn reason(turn: &str, cues: &[&str]) -> &'static str {
    ask(&["U: capital of Peru?", "A: Lima.", &format!("U: {turn}")], cues).reason
}

#[test]
fn the_cases_come_out() {
    check_cases::<Context>(include_str!("cases.toml"));
}

#[test]
fn cues_in_the_material_of_a_task_are_no_feedback() {
    let asked_for = "belongs to a text that is asked for";
    assert_eq!(
        reason("Translate into Dutch: I am sorry, that is wrong", &["I am sorry, that is wrong"]),
        asked_for
    );
    assert_eq!(reason("请翻译：你说得不对", &["你说得不对"]), asked_for);
    assert_eq!(reason("Traduis: merci, c'est parfait", &["merci, c'est parfait"]), asked_for);
    assert_eq!(reason("Translate again: that is wrong", &["that is wrong"]), "", "it speaks of the answer");
    assert_eq!(reason("No, wrong. Translate: good day", &["No, wrong."]), "", "the cue comes before it");
}

#[test]
fn thanks_in_advance_are_no_praise() {
    for (turn, cue) in [
        ("Please mend the third line. Thanks in advance!", "Thanks in advance!"),
        ("Which river is the longest? Thank you", "Thank you"),
        ("请列出城市。先谢谢了", "先谢谢了"),
        ("Haga una lista. Gracias de antemano", "Gracias de antemano"),
        ("Une liste, s'il te plaît. Merci d'avance", "Merci d'avance"),
        ("Bitte eine Liste. Danke im Voraus", "Danke im Voraus"),
        ("Составьте список. Заранее спасибо", "Заранее спасибо"),
        ("Faça uma lista. Desde já agradeço", "Desde já agradeço"),
        ("一覧を作ってください。よろしくお願いします", "よろしくお願いします"),
    ] {
        assert_eq!(reason(turn, &[cue]), "thanks in advance", "{turn}");
    }
    assert_eq!(
        reason("Perfect! Now the next one. Thanks in advance!", &["Perfect!", "Thanks in advance!"]),
        ""
    );
    assert_eq!(reason("That is all I need. Thank you", &["Thank you"]), "");
    assert_eq!(reason("Thanks in advance", &[]), "", "no rule marked it");
}

#[test]
fn cues_in_quotations_and_code_are_no_feedback() {
    let buried = "stands in a quotation or code";
    let quotation = "Who wrote \"you are wrong, said the king to the fool\" and when?";
    assert_eq!(reason(quotation, &["you are wrong, said the king to the fool"]), buried);
    assert_eq!(
        reason("What does this print?\n```\nif wrong { again() }\n```", &["if wrong { again() }"]),
        buried
    );
    assert_eq!(reason(quotation, &[quotation]), "", "the whole turn was marked");
    assert_eq!(reason("\"you are wrong, said the king to the fool\"", &["you are wrong"]), "", "he says it");
    let traceback = "I get this:\n```\nTraceback: wrong type\n```";
    assert_eq!(reason(traceback, &["Traceback: wrong type"]), "", "a report");
}

#[test]
fn kinds_can_be_chosen() {
    let harness = Harness::<Context>::new(r#"{"kinds": ["choice"]}"#).unwrap();
    let answer = harness.classify(&["U: tea", "A: With milk?", "U: no"]).unwrap();
    assert_eq!(answer.verdict, Verdict::Abstain);
    let error = |config| Harness::<Context>::new(config).err().unwrap();
    assert!(error(r#"{"kinds": ["chioce"]}"#).starts_with("unknown variant `chioce`, expected one of"));
    assert_eq!(error(r#"{"kind": []}"#), "unknown field `kind`, expected `kinds`");
    assert_eq!(error(r#"{"kinds": []}"#), "`kinds` names none: leave the plugin out instead");
}

#[test]
fn the_schema_names_every_kind() {
    for kind in Kind::ALL {
        let name = format!("{kind:?}");
        let kebab: String = name.char_indices().fold(String::new(), |mut s, (i, c)| {
            if i > 0 && c.is_uppercase() {
                s.push('-');
            }
            s.extend(c.to_lowercase());
            s
        });
        assert!(Context::CONFIG_SCHEMA.contains(&format!("\"{kebab}\"")), "{kebab}");
    }
}

/// Pieces from which hostile texts are made.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[\"“”«»「」`*:>\n\r\t ]{0,6}",
        prop::sample::select(vec![
            "```",
            "no",
            "是",
            "thanks in advance",
            "Write: ",
            "A. ",
            "\nB. ",
            "\nC) ",
            "my bad",
            "？",
            "Ann: ok so",
            "*he nods* ",
            "option 2",
            "e\u{301}",
            "İ",
            "\u{200d}",
            "🏳️‍🌈",
        ])
        .prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    (prop::collection::vec(piece(), 0..10), prop_oneof![Just(1_usize), Just(1), Just(900)])
        .prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn no_text_upsets_it(earlier in text(), answer in text(), turn in text(), cut in any::<(u16, u16)>()) {
        let lines = [format!("U: {earlier}"), format!("A: {answer}"), format!("U: {turn}")];
        let dialogue: Vec<&str> = lines.iter().map(String::as_str).collect();
        let at = |n: u16| turn.floor_char_boundary(n as usize % (turn.len() + 1)) as u32;
        let (a, b) = (at(cut.0), at(cut.1));
        let hits = [(0, a.min(b)..a.max(b))];
        for hits in [&hits[..], &[]] {
            let question = Question { dialogue: &dialogue, hits, ..Question::default() };
            let once = Harness::<Context>::new("{}").unwrap().ask(&question).unwrap();
            let twice = Harness::<Context>::new("{}").unwrap().ask(&question).unwrap();
            prop_assert_eq!(&once, &twice);
            prop_assert_eq!(once.verdict == Verdict::Reject, !once.reason.is_empty());
        }
    }
}

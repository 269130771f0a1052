use proptest::prelude::*;
use rejoinder_core::{Category, RecordId, Role};

use super::json::DAMAGED;
use super::{Finding, read_json, read_label};
use crate::prompt::PromptTemplate;
use crate::question::{DialogueLine, Question, QuestionUnit, RuleHint};

/// A question about a dialogue with these later turns; `true` marks the open ones.
fn question(turns: &[(&str, bool)]) -> Question {
    let line = |index, role, text: &str| DialogueLine { index, role, text: text.to_owned() };
    let mut lines = vec![line(0, Role::User, "sort this"), line(1, Role::Assistant, "done")];
    for (i, (text, _)) in (1..).zip(turns) {
        lines.extend([line(2 * i, Role::User, text), line(2 * i + 1, Role::Assistant, "well")]);
    }
    let open = (1..).zip(turns).filter(|(_, (_, open))| *open).map(|(i, _)| 2 * i).collect();
    Question { id: RecordId { shard: 0, ordinal: 0, message_index: 2 }, lines, open, hints: Vec::new() }
}

fn read(unit: QuestionUnit, question: &Question, content: &str) -> Vec<(u32, Finding)> {
    let findings = read_json(unit, std::slice::from_ref(question), content).remove(0);
    findings.into_iter().map(|f| (f.message_index, f.finding)).collect()
}

fn one(turn: &str, content: &str) -> Finding {
    read(QuestionUnit::Turn, &question(&[(turn, true)]), content).remove(0).1
}

fn feedback(turn: &str, category: Category, span: &str) -> Finding {
    let start = turn.find(span).unwrap();
    Finding::Feedback { category, start, end: start + span.len() }
}

#[test]
fn reads_the_shapes_that_models_really_answer_in() {
    let turn = "No, I said Python.\nThat's \"Java\" code";
    let whole = feedback(turn, Category::Ur2, turn);
    let first = feedback(turn, Category::Ur2, "No, I said Python.");
    for (content, expected) in [
        (r#"{"User Response Pattern": "UR2", "User Response Text": "No, I said Python."}"#, &first),
        (
            "```json\n{\"User Response Pattern\": \"UR2\",\n \"User Response Text\": \"No, I said Python.\",}\n```",
            &first,
        ),
        (
            r#"Sure! {"User Response Pattern": "Make Aware with Correction (UR2)", "User Response Text": "no, i said python."} Hope it helps {"#,
            &first,
        ),
        (r#"{"User Response Pattern": "Make Aware with Correction", "User Response Text": ""}"#, &whole),
        (r#"{"user\_response\_pattern": "ur2.", "user\_response\_text": "No, I said Python."}"#, &first),
        (r#"[{"User Response Pattern": "UR2", "User Response Text": "No, I said Python."}]"#, &first),
        (r#"{"answers": [{"pattern": "UR2", "text": "No, I said Python."}]}"#, &first),
        (
            "{\"User Response Pattern\": \"UR2\", \"User Response Text\": \"No, I said Python.\nThat's \\\"Java\\\" code\"}",
            &whole,
        ),
        ("UR2", &whole),
        (r#"{"User Response Pattern": "UR1 and UR2", "User Response Text": "No, I said Python."}"#, &first),
    ] {
        assert_eq!(one(turn, content), *expected, "{content}");
    }
    for content in [
        r#"{"User Response Pattern": "No Feedback", "User Response Text": ""}"#,
        r#"{"User Response Pattern": "none", "User Response Text": null}"#,
        "No Feedback",
    ] {
        assert_eq!(one(turn, content), Finding::NoFeedback, "{content}");
    }
}

#[test]
fn what_cannot_be_read_or_is_not_there_stays_undecided() {
    for content in [
        "",
        "I think the user is unhappy.",
        r#"{"User Response Pattern": "UR2", "User Response Text": "something else"}"#,
        r#"{"User Response Pattern": "UR7", "User Response Text": "thanks"}"#,
        r#"{"User Response Pattern": "Sarcasm", "User Response Text": "thanks"}"#,
        r#"{"User Response Pattern": "UR2", "User Response Te"#,
        r#"{"User Response Pattern": "No Feedback", "User Response Text": ""} {"User Response Pa"#,
        "I need clarification.",
        "<html>502 Bad Gateway</html>",
    ] {
        assert!(matches!(one("thanks", content), Finding::Unverified(_)), "{content}");
    }
}

#[test]
fn a_backslash_that_belongs_to_the_text_is_kept() {
    let turn = r"the path C:\new\table is wrong";
    let content = r#"{"User Response Pattern": "UR2", "User Response Text": "C:\\new\\table is wrong"}"#;
    assert_eq!(one(turn, content), feedback(turn, Category::Ur2, r"C:\new\table is wrong"));
}

#[test]
fn turns_that_share_a_reply_are_told_apart_by_number_or_by_what_only_one_of_them_says() {
    let questions = ["no, python", "thanks", "thanks"].map(|turn| question(&[(turn, true)]));
    let read = |content: &str| -> Vec<Finding> {
        read_json(QuestionUnit::Turn, &questions, content)
            .into_iter()
            .map(|mut f| f.remove(0).finding)
            .collect()
    };
    let python = feedback("no, python", Category::Ur2, "no, python");
    let thanks = feedback("thanks", Category::Ur5, "thanks");
    let numbered = r#"{"Answers":[{"Turn":3,"User Response Pattern":"No Feedback","User Response Text":""},
        {"Turn":1,"User Response Pattern":"UR2","User Response Text":"no, python"},
        {"Turn":2,"User Response Pattern":"UR5","User Response Text":"thanks"}]}"#;
    assert_eq!(read(numbered), [python.clone(), thanks.clone(), Finding::NoFeedback]);
    let unnumbered = r#"{"User Response Pattern":"UR2","User Response Text":"no, python"} {"User Response Pattern":"UR5","User Response Text":"thanks"}"#;
    let found = read(unnumbered);
    assert_eq!(found[0], python);
    assert!(
        matches!((&found[1], &found[2]), (Finding::Unverified(_), Finding::Unverified(_))),
        "whose thanks?"
    );
    let elsewhere = r#"{"Turn":2,"User Response Pattern":"UR2","User Response Text":"no, python"} {"Turn":9,"User Response Pattern":"UR5","User Response Text":"thanks"}"#;
    assert!(
        read(elsewhere).iter().all(|f| matches!(f, Finding::Unverified(_))),
        "a span counts in its own turn"
    );
    let cut_off =
        r#"{"Turn":2,"User Response Pattern":"UR5","User Response Text":"thanks"} {"Turn":3,"User Resp"#;
    assert_eq!(read(cut_off)[1], thanks, "what is complete is kept");
    assert!(matches!(&read(cut_off)[2], Finding::Unverified(why) if why == DAMAGED));
}

#[test]
fn a_label_has_the_span_that_is_quoted_or_that_of_its_rule_or_the_whole_turn() {
    let turn = " no, I said Python. thanks ";
    let mut question = question(&[(turn, true)]);
    let labels = PromptTemplate::shipped("turn-label").unwrap().labels;
    let read = |q: &Question, label, quoting: Option<&str>| {
        read_label(&labels, q, label, "", quoting).remove(0).finding
    };
    assert_eq!(read(&question, "B", None), feedback(turn, Category::Ur2, turn.trim()));
    let start = turn.find("I said").unwrap() as u32;
    question.hints = vec![
        RuleHint { category: Category::Ur5, start: 20, end: 26 },
        RuleHint { category: Category::Ur2, start, end: start + 6 },
    ];
    assert_eq!(read(&question, "B", None), feedback(turn, Category::Ur2, "I said"));
    let quoting = r#"{"User Response Pattern":"UR2","User Response Text":"NO, i said"}"#;
    assert_eq!(read(&question, "B", Some(quoting)), feedback(turn, Category::Ur2, "no, I said"));
    let invented = r#"{"User Response Pattern":"UR2","User Response Text":"something else"}"#;
    assert_eq!(read(&question, "B", Some(invented)), feedback(turn, Category::Ur2, "I said"));
    assert_eq!(read(&question, "F", None), Finding::NoFeedback);
    assert!(matches!(read(&question, "G", None), Finding::Unverified(_)));
}

#[test]
fn in_a_conversation_each_object_claims_a_turn() {
    let q = question(&[("thanks", true), ("now add tests", true), ("thanks", true), ("no, wrong", false)]);
    let both = r#"{"User Response Pattern":"UR5","User Response Text":"thanks"} {"User Response Pattern":"UR5","User Response Text":"Thanks"}
        {"User Response Pattern":"UR3","User Response Text":"no, wrong"}"#;
    let thanks = feedback("thanks", Category::Ur5, "thanks");
    assert_eq!(
        read(QuestionUnit::Conversation, &q, both),
        [(2, thanks.clone()), (4, Finding::NoFeedback), (6, thanks.clone())]
    );
    let one_is_invented = r#"{"User Response Pattern":"UR5","User Response Text":"thanks"} {"User Response Pattern":"UR5","User Response Text":"bravo"}"#;
    let read_back = read(QuestionUnit::Conversation, &q, one_is_invented);
    assert_eq!(read_back[0], (2, thanks));
    assert!(read_back[1..].iter().all(|(_, f)| matches!(f, Finding::Unverified(_))));
}

#[test]
fn a_conversation_reply_that_is_cut_off_or_broken_settles_only_what_it_says() {
    let q = question(&[("thanks", true), ("no, \"Python\"", true)]);
    let whole = r#"{"User Response Pattern":"UR5","User Response Text":"thanks"}"#;
    for rest in [r#"{"User Response Pattern":"UR2","User Respo"#, "{"] {
        let read_back = read(QuestionUnit::Conversation, &q, &format!("{whole}\n{rest}"));
        assert_eq!(read_back[0].1, feedback("thanks", Category::Ur5, "thanks"));
        assert!(matches!(read_back[1].1, Finding::Unverified(_)), "{rest}");
    }
    let read_back = read(QuestionUnit::Conversation, &q, &format!("A set {{x}}: {whole}"));
    assert_eq!(read_back[1].1, Finding::NoFeedback);
}

#[test]
fn a_reply_of_nothing_but_braces_is_given_up_soon() {
    for noise in ["{", "{\"", "{}{"] {
        let reply = noise.repeat((1 << 20) / noise.len());
        assert!(matches!(one("thanks", &reply), Finding::Unverified(_)), "{noise}");
    }
}

proptest! {
    #[test]
    fn any_reply_is_read_or_refused_and_spans_lie_in_the_turn(
        turn in "\\PC{0,60}",
        content in prop_oneof![any::<String>(), "[{}\\[\\]\",:\\\\ a-zA-Z0-9é谢\n]{0,80}"],
        quote in any::<prop::sample::Index>(),
    ) {
        let at = turn.floor_char_boundary(quote.index(turn.len() + 1));
        let honest = serde_json::json!({"User Response Pattern": "UR4", "User Response Text": &turn[at..]}).to_string();
        for content in [&content, &honest, &format!("{content}{honest}"), &honest[..honest.floor_char_boundary(honest.len() / 2)].to_owned()] {
            for unit in [QuestionUnit::Turn, QuestionUnit::Conversation] {
                let q = question(&[(turn.as_str(), true)]);
                for (_, finding) in read(unit, &q, content) {
                    if let Finding::Feedback { start, end, .. } = finding {
                        prop_assert!(turn.get(start..end).is_some());
                    }
                }
            }
        }
        if !turn[at..].trim_matches(|c: char| c.is_whitespace() || c.is_control()).is_empty() {
            let finding = one(&turn, &honest);
            prop_assert!(matches!(finding, Finding::Feedback { category: Category::Ur4, .. }) || rejoinder_core::fold::Folded::new(&turn[at..]).text().trim().is_empty(), "{:?}", finding);
        }
    }
}

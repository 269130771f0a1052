//! What a reply says: lenient in form, strict in substance.
//!
//! Models wrap their JSON in fences and prose, escape what needs no escape, and leave keys half-named; all that is
//! read. But a span counts only if it stands in the turn it is claimed for, and what cannot be read is no answer.

mod label;
mod objects;
mod pattern;
mod span;

use objects::{Claim, Reading};
use pattern::Pattern;
use rejoinder_core::{Category, Role};

use crate::question::{Line, Question, Unit};

pub use label::Probabilities;

/// Names of the two keys that the paper's answer has, and of the one that says which turn an object is about.
pub(crate) const PATTERN: &str = "User Response Pattern";
pub(crate) const TEXT: &str = "User Response Text";
pub(crate) const TURN: &str = "Turn";

/// What the judge says of one turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is feedback.
    Feedback {
        /// Of this category.
        category: Category,
        /// First byte of the quoted span in the turn.
        start: usize,
        /// One past its last byte.
        end: usize,
    },
    /// It is none.
    NoFeedback,
    /// The reply could not be read, or quotes what is not there: the turn stays undecided. Why.
    Unverified(String),
}

/// A finding and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnFinding {
    /// Index into the conversation's messages.
    pub message_index: u32,
    /// What was found.
    pub finding: Finding,
    /// How probable each answer was, where the server said.
    pub probabilities: Option<Probabilities>,
}

impl TurnFinding {
    const fn new(message_index: u32, finding: Finding) -> Self {
        Self { message_index, finding, probabilities: None }
    }
}

const DAMAGED: &str = "a part of the reply is cut off or broken";
const UNREADABLE: &str = "no answer in the expected form";

/// The same finding of every open turn of a question.
pub(crate) fn unverified(question: &Question, why: &str) -> Vec<TurnFinding> {
    let of = |&index: &u32| TurnFinding::new(index, Finding::Unverified(why.to_owned()));
    question.open.iter().map(of).collect()
}

/// The category that a reply in the label form names, `Some(None)` for no feedback; `None` where it names no label.
pub(crate) fn read_category(
    labels: &[(String, Option<Category>)],
    content: &str,
    alternatives: &str,
) -> Option<Option<Category>> {
    label::read(labels, content, alternatives).map(|(category, _)| category)
}

/// Reads a reply in the label form. The span is the one that `quoting`, a reply in the span form, copies from the turn;
/// without one, that of a rule of this category that hit; else the whole turn.
pub(crate) fn read_label(
    labels: &[(String, Option<Category>)],
    question: &Question,
    content: &str,
    alternatives: &str,
    quoting: Option<&str>,
) -> Vec<TurnFinding> {
    let Some((category, probabilities)) = label::read(labels, content, alternatives) else {
        return unverified(question, "the reply is none of the labels");
    };
    let turn = question.turn();
    let finding = category.map_or(Finding::NoFeedback, |category| {
        let quoted =
            || objects::read(quoting?).claims.iter().find_map(|claim| span::locate(&claim.text, turn));
        let hinted = || {
            let hint = question.hints.iter().find(|hint| hint.category == category)?;
            Some((hint.start as usize, hint.end as usize))
                .filter(|&(start, end)| turn.get(start..end).is_some())
        };
        match quoted().or_else(hinted).or_else(|| span::whole(turn)) {
            Some((start, end)) => Finding::Feedback { category, start, end },
            None => Finding::Unverified("the turn is blank".to_owned()),
        }
    });
    question
        .open
        .iter()
        .map(|&message_index| TurnFinding { message_index, finding: finding.clone(), probabilities })
        .collect()
}

/// Reads a reply in the JSON form: for each question, a finding for each of its open turns.
///
/// In the conversation unit each object claims the first later turn, not claimed yet, that holds its span; open turns that
/// nobody claims are no feedback, unless some object could not be placed or read. In the turn unit an object is about the
/// turn whose number it gives; without a number, about the only one that holds its span.
pub(crate) fn read_json(unit: Unit, questions: &[Question], content: &str) -> Vec<Vec<TurnFinding>> {
    let Reading { claims, damaged } = objects::read(content);
    if claims.is_empty() {
        return questions.iter().map(|q| unverified(q, UNREADABLE)).collect();
    }
    match unit {
        Unit::Turn => read_turns(&claims, damaged, questions),
        Unit::Conversation => questions.iter().map(|q| read_conversation(&claims, damaged, q)).collect(),
    }
}

fn read_turns(claims: &[Claim], damaged: bool, questions: &[Question]) -> Vec<Vec<TurnFinding>> {
    let mut own: Vec<Vec<&Claim>> = vec![Vec::new(); questions.len()];
    let mut stray = false;
    for claim in claims {
        let place = match claim.turn {
            _ if questions.len() == 1 => Some(0),
            Some(number) => (number as usize).checked_sub(1).filter(|&i| i < questions.len()),
            None => {
                let mut holding = (0..questions.len())
                    .filter(|&i| span::locate(&claim.text, questions[i].turn()).is_some());
                holding.next().filter(|_| holding.next().is_none())
            }
        };
        match place {
            Some(i) => own[i].push(claim),
            None => stray = true,
        }
    }
    let rest = match (damaged, stray) {
        (true, _) => DAMAGED,
        (_, true) => "an object of the reply is about no turn that was asked about",
        _ => "the reply says nothing of this turn",
    };
    let findings = questions.iter().zip(own).map(|(question, claims)| {
        let finding = match claims.is_empty() {
            true => Finding::Unverified(rest.to_owned()),
            false => read_turn(&claims, damaged && questions.len() == 1, question.turn()),
        };
        question.open.iter().map(|&index| TurnFinding::new(index, finding.clone())).collect()
    });
    findings.collect()
}

fn read_turn(claims: &[&Claim], damaged: bool, turn: &str) -> Finding {
    let mut found: Option<(Category, (usize, usize))> = None;
    let mut unverified = damaged.then(|| DAMAGED.to_owned());
    for claim in claims {
        let category = match claim.pattern {
            Pattern::NoFeedback => continue,
            Pattern::Unknown => {
                unverified = Some("a pattern that is none of UR1 … UR5".to_owned());
                continue;
            }
            Pattern::Feedback(category) => category,
        };
        let span =
            if claim.text.trim().is_empty() { span::whole(turn) } else { span::locate(&claim.text, turn) };
        match span {
            None => unverified = Some("the quoted text is not in the turn".to_owned()),
            Some(span) if found.is_none_or(|(best, _)| pattern::rank(category) < pattern::rank(best)) => {
                found = Some((category, span));
            }
            Some(_) => {}
        }
    }
    match (found, unverified) {
        (Some((category, (start, end))), _) => Finding::Feedback { category, start, end },
        (None, Some(why)) => Finding::Unverified(why),
        (None, None) => Finding::NoFeedback,
    }
}

fn read_conversation(claims: &[Claim], damaged: bool, question: &Question) -> Vec<TurnFinding> {
    let turns: Vec<&Line> = later_turns(question).collect();
    let mut claimed: Vec<Option<Finding>> = vec![None; turns.len()];
    let mut unverified = damaged.then_some(DAMAGED);
    for claim in claims {
        let category = match claim.pattern {
            Pattern::NoFeedback => continue,
            Pattern::Unknown => {
                unverified = Some("the reply names a pattern that is none of UR1 … UR5");
                continue;
            }
            Pattern::Feedback(category) => category,
        };
        let place = (0..claimed.len())
            .filter(|&i| claimed[i].is_none())
            .find_map(|i| Some((i, span::locate(&claim.text, &turns[i].text)?)));
        match place {
            Some((i, (start, end))) => claimed[i] = Some(Finding::Feedback { category, start, end }),
            None => unverified = Some("the reply quotes text that is in no later turn"),
        }
    }
    let rest = || unverified.map_or(Finding::NoFeedback, |why| Finding::Unverified(why.to_owned()));
    let findings = turns.iter().zip(claimed).filter(|(turn, _)| question.open.contains(&turn.index));
    findings.map(|(turn, finding)| TurnFinding::new(turn.index, finding.unwrap_or_else(rest))).collect()
}

/// The user messages after a first answer: those that may hold feedback.
fn later_turns(question: &Question) -> impl Iterator<Item = &Line> {
    let answered = question.lines.iter().position(|l| l.role == Role::Assistant && !l.text.trim().is_empty());
    let after = answered.map_or(question.lines.len(), |at| at + 1);
    question.lines[after..].iter().filter(|line| line.role == Role::User)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::RecordId;

    use super::*;
    use crate::prompt::Template;
    use crate::question::Hint;

    /// A dialogue whose later turns these are, the open ones so marked.
    fn question(turns: &[(&str, bool)]) -> Question {
        let line = |index, role, text: &str| Line { index, role, text: text.to_owned() };
        let mut lines = vec![line(0, Role::User, "sort this"), line(1, Role::Assistant, "done")];
        for (i, (text, _)) in (1..).zip(turns) {
            lines.extend([line(2 * i, Role::User, text), line(2 * i + 1, Role::Assistant, "well")]);
        }
        let open = (1..).zip(turns).filter(|(_, (_, open))| *open).map(|(i, _)| 2 * i).collect();
        Question { id: RecordId { shard: 0, ordinal: 0, message_index: 2 }, lines, open, hints: Vec::new() }
    }

    fn read(unit: Unit, question: &Question, content: &str) -> Vec<(u32, Finding)> {
        let findings = read_json(unit, std::slice::from_ref(question), content).remove(0);
        findings.into_iter().map(|f| (f.message_index, f.finding)).collect()
    }

    fn one(turn: &str, content: &str) -> Finding {
        read(Unit::Turn, &question(&[(turn, true)]), content).remove(0).1
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
            (
                r#"{"User Response Pattern": "UR1 and UR2", "User Response Text": "No, I said Python."}"#,
                &first,
            ),
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
            read_json(Unit::Turn, &questions, content).into_iter().map(|mut f| f.remove(0).finding).collect()
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
        let labels = Template::shipped("turn-label").unwrap().labels;
        let read = |q: &Question, label, quoting: Option<&str>| {
            read_label(&labels, q, label, "", quoting).remove(0).finding
        };
        assert_eq!(read(&question, "B", None), feedback(turn, Category::Ur2, turn.trim()));
        let start = turn.find("I said").unwrap() as u32;
        question.hints = vec![
            Hint { category: Category::Ur5, start: 20, end: 26 },
            Hint { category: Category::Ur2, start, end: start + 6 },
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
        let q =
            question(&[("thanks", true), ("now add tests", true), ("thanks", true), ("no, wrong", false)]);
        let both = r#"{"User Response Pattern":"UR5","User Response Text":"thanks"} {"User Response Pattern":"UR5","User Response Text":"Thanks"}
            {"User Response Pattern":"UR3","User Response Text":"no, wrong"}"#;
        let thanks = feedback("thanks", Category::Ur5, "thanks");
        assert_eq!(
            read(Unit::Conversation, &q, both),
            [(2, thanks.clone()), (4, Finding::NoFeedback), (6, thanks.clone())]
        );
        let one_is_invented = r#"{"User Response Pattern":"UR5","User Response Text":"thanks"} {"User Response Pattern":"UR5","User Response Text":"bravo"}"#;
        let read_back = read(Unit::Conversation, &q, one_is_invented);
        assert_eq!(read_back[0], (2, thanks));
        assert!(read_back[1..].iter().all(|(_, f)| matches!(f, Finding::Unverified(_))));
    }

    #[test]
    fn a_conversation_reply_that_is_cut_off_or_broken_settles_only_what_it_says() {
        let q = question(&[("thanks", true), ("no, \"Python\"", true)]);
        let whole = r#"{"User Response Pattern":"UR5","User Response Text":"thanks"}"#;
        for rest in [r#"{"User Response Pattern":"UR2","User Respo"#, "{"] {
            let read_back = read(Unit::Conversation, &q, &format!("{whole}\n{rest}"));
            assert_eq!(read_back[0].1, feedback("thanks", Category::Ur5, "thanks"));
            assert!(matches!(read_back[1].1, Finding::Unverified(_)), "{rest}");
        }
        let read_back = read(Unit::Conversation, &q, &format!("A set {{x}}: {whole}"));
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
                for unit in [Unit::Turn, Unit::Conversation] {
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
}

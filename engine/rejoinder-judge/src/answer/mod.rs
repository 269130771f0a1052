//! What a reply says: lenient in form, strict in substance.
//!
//! Models wrap their JSON in fences and prose, escape what needs no escape, and leave keys half-named; all that is
//! read. But a span counts only if it stands in the turn it is claimed for, and what cannot be read is no answer.

mod objects;
mod pattern;
mod span;

use crate::question::{Question, Unit};
use objects::{Claim, Reading};
use pattern::Pattern;
use rejoinder_core::Category;

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

/// Reads a reply: one finding for each open turn of the question.
///
/// In the conversation unit each object claims the first turn, not claimed yet, that holds its span; open turns that
/// nobody claims are no feedback, unless some object could not be placed or read.
pub fn read(unit: Unit, question: &Question, content: &str) -> Vec<(u32, Finding)> {
    let Reading { claims, damaged } = objects::read(content);
    let open = question.turns.iter().filter(|t| t.open).map(|t| t.message_index);
    if claims.is_empty() {
        let why = "no answer in the expected form".to_owned();
        return open.map(|index| (index, Finding::Unverified(why.clone()))).collect();
    }
    match unit {
        Unit::Turn => question
            .turns
            .iter()
            .filter(|t| t.open)
            .map(|turn| (turn.message_index, read_turn(&claims, damaged, &turn.text)))
            .collect(),
        Unit::Conversation => read_conversation(&claims, damaged, question),
    }
}

const DAMAGED: &str = "a part of the reply is cut off or broken";

fn read_turn(claims: &[Claim], damaged: bool, turn: &str) -> Finding {
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

fn read_conversation(claims: &[Claim], damaged: bool, question: &Question) -> Vec<(u32, Finding)> {
    let mut claimed: Vec<Option<Finding>> = vec![None; question.turns.len()];
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
            .find_map(|i| Some((i, span::locate(&claim.text, &question.turns[i].text)?)));
        match place {
            Some((i, (start, end))) => claimed[i] = Some(Finding::Feedback { category, start, end }),
            None => unverified = Some("the reply quotes text that is in no later turn"),
        }
    }
    let rest = || unverified.map_or(Finding::NoFeedback, |why| Finding::Unverified(why.to_owned()));
    question
        .turns
        .iter()
        .zip(claimed)
        .filter(|(turn, _)| turn.open)
        .map(|(turn, finding)| (turn.message_index, finding.unwrap_or_else(rest)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::RecordId;

    use super::*;
    use crate::question::AskedTurn;

    fn question(turns: &[(&str, bool)]) -> Question {
        Question {
            id: RecordId { shard: 0, ordinal: 0, message_index: 2 },
            dialogue: String::new(),
            gain: 0.0,
            turns: (1..)
                .zip(turns)
                .map(|(i, (text, open))| AskedTurn {
                    message_index: 2 * i,
                    text: (*text).to_owned(),
                    open: *open,
                })
                .collect(),
        }
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
        for rest in [
            r#"{"User Response Pattern":"UR2","User Respo"#,
            "{",
            r#"{"User Response Pattern":"UR2","User Response Text":"no, "Python""}"#,
        ] {
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

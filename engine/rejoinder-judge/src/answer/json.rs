//! Replies in the JSON form.

use rejoinder_core::{Answer, Category, Role};

use super::finding::{Finding, TurnFinding, unverified};
use super::objects::{self, LabelClaim, ReplyReading};
use super::{pattern, span};
use crate::question::{DialogueLine, Question, QuestionUnit};

pub(super) const DAMAGED: &str = "a part of the reply is cut off or broken";
const UNREADABLE: &str = "no answer in the expected form";

/// Reads a reply in the JSON form: for each question, a finding for each of its open turns.
///
/// In the conversation unit each object claims the first later turn that is not claimed yet and holds the object's span. Open
/// turns that no object claims are no feedback, unless some object could not be placed or read. In the turn unit an object is
/// about the turn whose number it gives; without a number, about the only turn that holds its span.
pub(crate) fn read_json(unit: QuestionUnit, questions: &[Question], content: &str) -> Vec<Vec<TurnFinding>> {
    let ReplyReading { claims, damaged } = objects::read(content);
    if claims.is_empty() {
        return questions.iter().map(|q| unverified(q, UNREADABLE)).collect();
    }
    match unit {
        QuestionUnit::Turn => read_turns(&claims, damaged, questions),
        QuestionUnit::Conversation => {
            questions.iter().map(|q| read_conversation(&claims, damaged, q)).collect()
        }
    }
}

/// Reads what a reply in the JSON form about `turns` turns says of the question at a place. Without the other questions only objects
/// with a number can be told apart.
pub(crate) fn read_json_at(
    question: &Question,
    (place, turns): (usize, usize),
    content: &str,
) -> Vec<TurnFinding> {
    let nothing = Question { id: question.id, lines: Vec::new(), open: Vec::new(), hints: Vec::new() };
    let mut questions = vec![nothing; turns];
    if let Some(own) = questions.get_mut(place) {
        own.clone_from(question);
    }
    let numbered: Vec<LabelClaim> = objects::read(content)
        .claims
        .into_iter()
        .filter(|claim| turns == 1 || claim.turn.is_some())
        .collect();
    match numbered.is_empty() {
        true => unverified(question, UNREADABLE),
        false => read_turns(&numbered, true, &questions).swap_remove(place),
    }
}

fn read_turns(claims: &[LabelClaim], damaged: bool, questions: &[Question]) -> Vec<Vec<TurnFinding>> {
    let mut own: Vec<Vec<&LabelClaim>> = vec![Vec::new(); questions.len()];
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

fn read_turn(claims: &[&LabelClaim], damaged: bool, turn: &str) -> Finding {
    let mut found: Option<(Category, (usize, usize))> = None;
    let mut unverified = damaged.then(|| DAMAGED.to_owned());
    for claim in claims {
        let category = match claim.pattern {
            Answer::NoFeedback => continue,
            Answer::Unknown => {
                unverified = Some("a pattern that is none of UR1 … UR5".to_owned());
                continue;
            }
            Answer::Feedback(category) => category,
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

fn read_conversation(claims: &[LabelClaim], damaged: bool, question: &Question) -> Vec<TurnFinding> {
    let turns: Vec<&DialogueLine> = later_turns(question).collect();
    let mut claimed: Vec<Option<Finding>> = vec![None; turns.len()];
    let mut unverified = damaged.then_some(DAMAGED);
    for claim in claims {
        let category = match claim.pattern {
            Answer::NoFeedback => continue,
            Answer::Unknown => {
                unverified = Some("the reply names a pattern that is none of UR1 … UR5");
                continue;
            }
            Answer::Feedback(category) => category,
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

/// The user messages after a first answer, which are those that may hold feedback.
fn later_turns(question: &Question) -> impl Iterator<Item = &DialogueLine> {
    let answered = question.lines.iter().position(|l| l.role == Role::Assistant && !l.text.trim().is_empty());
    let after = answered.map_or(question.lines.len(), |at| at + 1);
    question.lines[after..].iter().filter(|line| line.role == Role::User)
}

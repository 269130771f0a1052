//! A reply without some of its claims.

use rejoinder_core::Category;
use serde_json::{Value, json};

use super::claims::read;
use crate::answer::{PATTERN, TEXT, TURN};

/// A claim of a reply, as somebody who decides whether it stays sees it.
#[derive(Clone, Copy, Debug)]
pub struct ReplyClaim<'c> {
    /// The number of the turn, from 1, where the reply gives one.
    pub turn: Option<u32>,
    /// What the reply quotes of the turn.
    pub quote: &'c str,
}

/// The text of a reply in the JSON form without the claims that `leaves_out` names, and without all that stands around claims, so that
/// the others are read as before; `None` where no claim is named, or the reply makes none.
pub fn without_claims(content: &str, leaves_out: &dyn Fn(ReplyClaim<'_>) -> bool) -> Option<String> {
    let claims = read(content).claims;
    let before = claims.len();
    let claims =
        claims.into_iter().filter(|claim| !leaves_out(ReplyClaim { turn: claim.turn, quote: &claim.text }));
    let kept: Vec<Value> = claims
        .map(|claim| {
            let pattern = claim.pattern.category().map(Category::code);
            let pattern = pattern.unwrap_or(if claim.pattern.is_known() { "No Feedback" } else { "?" });
            let mut object = json!({ PATTERN: pattern, TEXT: claim.text });
            if let Some(turn) = claim.turn {
                object[TURN] = turn.into();
            }
            object
        })
        .collect();
    (kept.len() < before).then(|| json!({ "Answers": kept }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_claims_are_read_as_before() {
        let replies = [
            r#"{"Answers": [{"Turn": 1, "User Response Pattern": "UR2", "User Response Text": "a secret"}, {"Turn": 2, "User Response Pattern": "UR5", "User Response Text": "thanks \"b\""}, {"Turn": 3, "User Response Pattern": "No Feedback", "User Response Text": ""}]}"#,
            "The first says a secret.\n```json\n[{'turn': 1, 'pattern': 'UR2', 'text': 'a secret'}, {'turn': 2, 'pattern': 'UR5', 'text': \"thanks \\\"b\\\"\"}, {'turn': 3, 'pattern': 'No Feedback', 'text': ''}",
        ];
        for content in replies {
            let left = without_claims(content, &|claim| claim.turn == Some(1)).unwrap();
            assert!(!left.contains("secret"), "{left}");
            assert_eq!(read(&left).claims, read(content).claims[1..], "{content}");
            assert!(without_claims(&left, &|claim| claim.turn == Some(1)).is_none());
            let unquoted = without_claims(content, &|claim| claim.quote.contains("thanks")).unwrap();
            assert_eq!(read(&unquoted).claims.len(), 2);
        }
        assert_eq!(without_claims("B A", &|_| true), None);
    }
}

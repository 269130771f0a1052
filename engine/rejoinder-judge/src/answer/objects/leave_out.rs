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

/// A reply that holds claims and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BareClaims {
    /// The text of the reply, in the JSON form.
    pub text: String,
    /// The number of claims that were left out.
    pub left_out: usize,
}

/// The claims of a reply in the JSON form for which `stays` holds, written down so that they are read as before, and without all that
/// stood around them; `None` where the reply makes no claim.
pub fn bare_claims(content: &str, stays: &dyn Fn(ReplyClaim<'_>) -> bool) -> Option<BareClaims> {
    let claims = read(content).claims;
    let all = claims.len();
    let kept = claims.into_iter().filter(|claim| stays(ReplyClaim { turn: claim.turn, quote: &claim.text }));
    let kept: Vec<Value> = kept
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
    let left_out = all - kept.len();
    (all > 0).then(|| BareClaims { text: json!({ "Answers": kept }).to_string(), left_out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_claims_are_read_as_before() {
        let replies = [
            r#"{"Answers": [{"Turn": 1, "User Response Pattern": "UR2", "User Response Text": "a secret"}, {"Turn": 2, "User Response Pattern": "UR5", "User Response Text": "thanks \"b\""}, {"Turn": 3, "User Response Pattern": "No Feedback", "User Response Text": ""}]}"#,
            "<think>It is a secret.</think>The first says a secret.\n```json\n[{'turn': 1, 'pattern': 'UR2', 'text': 'a secret'}, {'turn': 2, 'pattern': 'UR5', 'text': \"thanks \\\"b\\\"\"}, {'turn': 3, 'pattern': 'No Feedback', 'text': ''}",
        ];
        for content in replies {
            let BareClaims { text, left_out } = bare_claims(content, &|claim| claim.turn != Some(1)).unwrap();
            assert!(left_out == 1 && !text.contains("secret"), "{text}");
            assert_eq!(read(&text).claims, read(content).claims[1..], "{content}");
            assert_eq!(bare_claims(&text, &|_| true), Some(BareClaims { text: text.clone(), left_out: 0 }));
            let unquoted = bare_claims(content, &|claim| !claim.quote.contains("thanks")).unwrap();
            assert_eq!(read(&unquoted.text).claims.len(), 2);
        }
        assert_eq!(bare_claims("B A", &|_| true), None);
    }
}

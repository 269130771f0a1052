//! The cases of an author's file.

use std::fmt::Write as _;

use rejoinder_core::Vote;
use rejoinder_core::case::Cases;

use super::{Harness, Question};
use crate::Classifier;

/// Runs the cases of a TOML file, as `rejoinder plugin check` will: `config = { … }` and
///
/// ```toml
/// [[case]]
/// dialogue = ["U: sort this list", "A: [1, 2, 3]", "U: thanks"]
/// rules = ["en.thanks"]                               # may be left out: those that match the whole last turn
/// expect = { verdict = "accept", category = "UR5" }   # also: reason, min-score, max-score
/// ```
///
/// # Panics
/// If the file cannot be read, the classifier does not accept the configuration, or a case comes out otherwise; with
/// all cases that do.
pub fn check_cases<C: Classifier>(toml: &str) {
    let cases: Cases = toml::from_str(toml).unwrap_or_else(|e| panic!("the cases cannot be read: {e}"));
    let config = serde_json::Value::Object(cases.config.clone()).to_string();
    let rules = cases.rules();
    // A plugin may keep what the host shows it until the process ends.
    let names: Vec<&'static str> = rules.iter().map(|id| &*id.clone().leak()).collect();
    let harness =
        Harness::<C>::with_rules(&config, &names).unwrap_or_else(|e| panic!("the classifier says: {e}"));
    assert!(!cases.cases.is_empty(), "there is no [[case]]");
    let mut failures = String::new();
    for case in &cases.cases {
        let dialogue: Vec<&str> = case.dialogue.iter().map(String::as_str).collect();
        let hits: Vec<_> = case.hits(&rules).iter().map(|hit| (hit.rule, hit.start..hit.end)).collect();
        let question = Question { dialogue: &dialogue, hits: &hits, ..Question::default() };
        let outcome = case.conversation().map_err(String::from).and_then(|_| harness.ask(&question));
        let wrong = outcome.map_or_else(Some, |answer| {
            let vote = Vote { verdict: answer.verdict, score: answer.score, ..Vote::default() };
            case.difference(&vote, answer.reason)
        });
        if let Some(wrong) = wrong {
            let _ = writeln!(failures, "{dialogue:?}: {wrong}");
        }
    }
    assert!(failures.is_empty(), "these cases come out otherwise:\n{failures}");
}

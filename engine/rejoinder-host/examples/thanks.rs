//! A plugin in Rust that says of every turn what the examples `thanks-c` and `thanks-python` say of it: tests compare the three.

use rejoinder_plugin::{Asks, BoxError, Candidate, Category, Classifier, Role, Verdict, export_classifier};

/// Has no configuration.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// Finds turns that are thanks.
#[derive(Debug)]
pub struct Thanks;

const WHOLE: &str = "all of it is thanks";
const ASKED: &str = "thanks, but to a question";

impl Classifier for Thanks {
    const NAME: &'static str = "thanks";
    const VERSION: &'static str = "1.0.0";
    const ABOUT: &'static str = "accepts turns that are thanks and nothing else (UR5)";
    const REASONS: &'static [&'static str] = &[WHOLE, ASKED];
    /// Without a hit it has nothing to say.
    const CANDIDATES: Asks = Asks::Marked;
    const CONFIG_SCHEMA: &'static str = r#"{"type": "object", "additionalProperties": false}"#;
    type Config = Config;

    fn new(Config {}: Config) -> Result<Self, BoxError> {
        Ok(Self)
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        if !is_all_thanks(candidate) {
            return Verdict::abstain();
        }
        if was_asked(candidate) {
            return Verdict::abstain().with_score(0.5).because(ASKED);
        }
        let score = if candidate.target().text().len() < 30 { 0.97 } else { 0.9 };
        Verdict::accept(Category::Ur5).with_score(score).because(WHOLE)
    }
}

const fn is_blank(c: char) -> bool {
    c <= ' '
}

/// Whether a rule with `thank` in its id matched the turn from its first letter to its last.
fn is_all_thanks(candidate: Candidate<'_>) -> bool {
    let turn = candidate.target().text();
    let length = turn.trim_end_matches(|c| is_blank(c) || c == '.' || c == '!').len();
    length > 0
        && candidate.hits().any(|hit| {
            let range = hit.span();
            range.start == 0 && range.end >= length && hit.rule().contains("thank")
        })
}

/// Whether the assistant's last words before the turn are a question.
fn was_asked(candidate: Candidate<'_>) -> bool {
    let before = candidate.messages().rev().skip(1);
    let mut answers =
        before.filter(|m| m.role() == Role::Assistant).map(|m| m.text().trim_end_matches(is_blank));
    answers.find(|text| !text.is_empty()).is_some_and(|text| text.ends_with('?'))
}

export_classifier!(Thanks);

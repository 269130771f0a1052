//! A complete plugin in Rust: people who write in capitals are seldom content. It accepts the plainest complaints (UR3),
//! and gives all other shouting a score, so that it is asked about first.
#![forbid(unsafe_code)]

use rejoinder_plugin::{Asks, BoxError, Candidate, Category, Classifier, Verdict, export_classifier};

/// What users may write under `config` of this plugin.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Shorter turns are abbreviations.
    min_letters: usize,
    /// Accept complaints; otherwise only score.
    accept: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { min_letters: 8, accept: true }
    }
}

/// Finds turns in capitals.
pub struct Shouting {
    config: Config,
}

const COMPLAINT: &str = "a complaint in capitals";
const CAPITALS: &str = "in capitals";

/// Complaints without a correction: said of an answer, whatever it was.
const COMPLAINTS: &[&str] = &["THAT IS WRONG", "THIS IS WRONG", "THAT DOES NOT WORK", "STILL WRONG", "WRONG AGAIN"];

impl Classifier for Shouting {
    const NAME: &'static str = "shouting";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "accepts complaints in capitals (UR3) and scores other shouting";
    const REASONS: &'static [&'static str] = &[COMPLAINT, CAPITALS];
    // Rules fold capitals, so what they mark says nothing of shouting.
    const CANDIDATES: Asks = Asks::All;
    const CONFIG_SCHEMA: &'static str = r#"{
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "min_letters": {"type": "integer", "minimum": 1, "default": 8},
            "accept": {"type": "boolean", "default": true}
        }
    }"#;
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        if config.min_letters == 0 {
            return Err("`min_letters` must be at least 1".into());
        }
        Ok(Self { config })
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let turn = candidate.target().text();
        let letters = turn.chars().filter(|c| c.is_alphabetic()).count();
        let capitals = turn.chars().filter(|c| c.is_uppercase()).count();
        candidate.note(|| format!("{capitals} capitals among {letters} letters"));
        // A user who always writes so does not shout.
        let is_habit = candidate.earlier_user_texts().any(|text| is_loud(text, self.config.min_letters));
        if !is_loud(turn, self.config.min_letters) || is_habit {
            return Verdict::abstain();
        }
        let said = turn.trim_matches(|c: char| !c.is_alphanumeric());
        if self.config.accept && COMPLAINTS.contains(&said) {
            return Verdict::accept(Category::Ur3).with_score(0.95).because(COMPLAINT);
        }
        Verdict::abstain().with_score(0.6).because(CAPITALS)
    }
}

/// Whether a text of some length has capitals only.
fn is_loud(text: &str, min_letters: usize) -> bool {
    text.chars().filter(|c| c.is_uppercase()).count() >= min_letters && !text.chars().any(char::is_lowercase)
}

export_classifier!(Shouting);

#[cfg(test)]
mod tests {
    use rejoinder_plugin::testing::{Harness, check_cases};

    use super::*;

    #[test]
    fn the_cases_come_out_as_they_say() {
        check_cases::<Shouting>(include_str!("../cases.toml"));
    }

    #[test]
    fn the_note_says_what_was_counted() {
        let harness = Harness::<Shouting>::new("{}").unwrap();
        let answer = harness.classify(&["U: 2 + 2?", "A: 5", "U: WHAT IS THIS"]).unwrap();
        assert_eq!((answer.score, answer.note.as_str()), (Some(0.6), "10 capitals among 10 letters"));
    }

    #[test]
    fn the_configuration_is_checked() {
        let error = |config| Harness::<Shouting>::new(config).err().unwrap();
        assert_eq!(error(r#"{"min_leters": 5}"#), "unknown field `min_leters`, expected `min_letters` or `accept`");
        assert_eq!(error(r#"{"min_letters": 0}"#), "`min_letters` must be at least 1");
    }
}

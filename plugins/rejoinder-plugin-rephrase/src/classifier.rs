//! The classifier: signs, weighed, against a threshold.

use rejoinder_plugin::{BoxError, Candidate, Category, Classifier, Verdict};
use serde::Deserialize;

use crate::model;
use crate::signs::{self, Course};

/// The plugin's configuration.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Accept UR1 from this probability up, in [0.5, 1]; below it the plugin abstains and gives a score.
    pub threshold: f32,
}

impl Default for Config {
    fn default() -> Self {
        Self { threshold: 0.8 }
    }
}

/// Accepts UR1 where a turn is sure to repeat or rephrase an earlier request.
#[derive(Clone, Copy, Debug)]
pub struct Rephrase {
    config: Config,
}

impl Classifier for Rephrase {
    const NAME: &'static str = "rephrase";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "accepts turns that repeat or rephrase an earlier request (UR1)";
    const CONFIG_SCHEMA: &'static str = r#"{"type": "object", "additionalProperties": false, "properties": {"threshold": {"type": "number", "minimum": 0.5, "maximum": 1, "default": 0.8, "description": "accept UR1 from this probability up"}}}"#;
    const REASONS: &'static [&'static str] = &[
        Course::Refused.reason(),
        Course::CutOff.reason(),
        Course::Same.reason(),
        Course::OtherData.reason(),
        Course::Grew.reason(),
        Course::Reworded.reason(),
    ];
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        if !(0.5..=1.0).contains(&config.threshold) {
            return Err(
                format!("`threshold` is a probability from 0.5 to 1, not {}", config.threshold).into()
            );
        }
        Ok(Self { config })
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let earlier = candidate.earlier_user_texts().collect::<Vec<_>>();
        let (turn, answer) = (candidate.target().text(), candidate.previous_answer());
        let Some(signs) = signs::of(turn, earlier.into_iter(), answer) else { return Verdict::abstain() };
        let estimate = model::estimate(&signs.values);
        candidate.note(|| model::describe(&signs.values));
        let verdict = if estimate.rephrase >= self.config.threshold {
            Verdict::accept(Category::Ur1)
        } else {
            Verdict::abstain()
        };
        verdict.with_score((estimate.rephrase + estimate.other).min(1.0)).because(signs.course.reason())
    }
}

//! The glue between a candidate and the model.

use std::cell::RefCell;

use rejoinder_core::{Conversation, Message, Vote};
use rejoinder_plugin::{BoxError, Candidate, Classifier, Verdict};
use rejoinder_score::{Evidence, Model, Scratch};
use serde::Deserialize;

/// The shipped model, as the file that it is.
pub const DEFAULT_MODEL: &[u8] = include_bytes!("../model/default.rjm");

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A model file; the shipped model where it is left out.
    pub model: Option<String>,
}

/// Scores candidates.
#[derive(Debug)]
pub struct Scorer {
    model: Model,
}

thread_local! {
    /// The buffers of a thread, which serve all models.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Classifier for Scorer {
    const NAME: &'static str = "scorer";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str =
        "scores turns by a learned model: P(feedback) and probabilities of the categories";
    const CONFIG_SCHEMA: &'static str = r#"{"type": "object", "additionalProperties": false, "properties": {"model": {"type": "string", "minLength": 1, "description": "a model file (.rjm); the shipped model where it is left out"}}}"#;
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        let model = match config.model {
            None => Model::from_bytes(DEFAULT_MODEL)?,
            Some(file) => {
                let bytes =
                    std::fs::read(&file).map_err(|e| format!("cannot read the model `{file}`: {e}"))?;
                Model::from_bytes(&bytes).map_err(|e| format!("`{file}`: {e}"))?
            }
        };
        Ok(Self { model })
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let messages: Vec<_> = candidate.messages().map(|m| Message::new(m.role(), m.text())).collect();
        let turn = messages.len() - 1;
        let conversation = Conversation { id: "".into(), messages };
        let rules: Vec<&str> = candidate.hits().map(rejoinder_plugin::Hit::rule).collect();
        let votes: Vec<Vote> = candidate
            .earlier_votes()
            .map(|vote| Vote { verdict: vote.verdict, score: vote.score, ..Vote::default() })
            .collect();
        let evidence = Evidence { rules: &rules, prior: candidate.prior(), votes: &votes };
        let score = SCRATCH.with_borrow_mut(|scratch| {
            scratch.begin();
            scratch.score(&self.model, &conversation, turn, &evidence)
        });
        let probabilities = score.probabilities();
        candidate.note(|| {
            let [none, ur1, ur2, ur3, ur4, ur5] = probabilities;
            format!("none {none:.3}, UR1 {ur1:.3}, UR2 {ur2:.3}, UR3 {ur3:.3}, UR4 {ur4:.3}, UR5 {ur5:.3}")
        });
        Verdict::abstain().with_score(score.feedback()).with_probs(probabilities)
    }
}

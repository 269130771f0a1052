//! The glue between a candidate and the model.

use std::cell::RefCell;
use std::path::PathBuf;

use rejoinder_core::{Conversation, Message, Purpose};
use rejoinder_plugin::{BoxError, Candidate, Classifier, ScoreDeclaration, Verdict};
use rejoinder_score::{Evidence, Model, Scratch};
use serde::Deserialize;

/// The shipped model, as the file that it is.
pub const DEFAULT_MODEL: &[u8] = include_bytes!("../model/default.rjm");

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A model file; the shipped model where it is left out.
    pub model: Option<PathBuf>,
    /// What the score is the probability of; the engine says it.
    #[serde(rename = "for")]
    pub purpose: Purpose,
}

/// Scores candidates.
#[derive(Debug)]
pub struct Scorer {
    model: Model,
    purpose: Purpose,
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
    const CONFIG_SCHEMA: &'static str = r#"{"type": "object", "additionalProperties": false, "properties": {"model": {"type": "string", "minLength": 1, "description": "a model file (.rjm); the shipped model where it is left out"}, "for": {"type": "string", "description": "what the score is the probability of: all, sft, kto, or categories; the engine says it"}}}"#;
    const GIVES_VOTES: bool = false;
    const SCORES: Option<ScoreDeclaration> =
        Some(ScoreDeclaration::for_every_purpose().with_model(DEFAULT_MODEL));
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        let model = match config.model {
            None => Model::from_bytes(DEFAULT_MODEL).map_err(|why| format!("the shipped model: {why}"))?,
            Some(file) => {
                let shown = file.display();
                let bytes =
                    std::fs::read(&file).map_err(|e| format!("cannot read the model `{shown}`: {e}"))?;
                Model::from_bytes(&bytes).map_err(|why| format!("`{shown}`: {why}"))?
            }
        };
        Ok(Self { model, purpose: config.purpose })
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let messages: Vec<_> = candidate.messages().map(|m| Message::new(m.role(), m.text())).collect();
        let turn = messages.len() - 1;
        let conversation = Conversation { id: "".into(), messages };
        let rules: Vec<&str> = candidate.hits().map(rejoinder_plugin::Hit::rule).collect();
        let evidence = Evidence { rules: &rules, prior: candidate.prior() };
        let score = SCRATCH.with_borrow_mut(|scratch| {
            if !candidate.goes_on() {
                scratch.begin();
            }
            scratch.score(&self.model, &conversation, turn, &evidence)
        });
        let probabilities = score.probabilities();
        candidate.note(|| {
            let [none, ur1, ur2, ur3, ur4, ur5] = probabilities;
            format!("none {none:.3}, UR1 {ur1:.3}, UR2 {ur2:.3}, UR3 {ur3:.3}, UR4 {ur4:.3}, UR5 {ur5:.3}")
        });
        Verdict::abstain().with_score(score.of(self.purpose)).with_probs(probabilities)
    }
}

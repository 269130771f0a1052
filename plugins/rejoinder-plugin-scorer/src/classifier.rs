//! The classifier: a candidate as a conversation, through the model.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rejoinder_core::{Conversation, Message, Purpose};
use rejoinder_plugin::{BoxError, Candidate, Classifier, Verdict};
use rejoinder_score::{Evidence, Model, Scorer as Scoring};
use serde::Deserialize;

/// The shipped model.
const DEFAULT: &[u8] = include_bytes!("../model/default.rjm");

/// The model in a file of `rejoinder train`, or the shipped one.
///
/// # Errors
/// If the file cannot be read or is no model that this engine knows, in words for the user.
pub fn load(file: Option<&Path>) -> Result<Model, String> {
    let Some(file) = file else {
        return Model::from_bytes(DEFAULT).map_err(|why| format!("the shipped model: {why}"));
    };
    let shown = file.display();
    let bytes = std::fs::read(file).map_err(|e| format!("cannot read the model {shown}: {e}"))?;
    Model::from_bytes(&bytes).map_err(|why| format!("{shown}: {why}"))
}

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A model file of `rejoinder train`; without one the shipped model.
    pub model: Option<PathBuf>,
    /// What the score is the probability of; the engine says it.
    #[serde(rename = "for")]
    pub purpose: Purpose,
}

/// Scores turns.
#[derive(Debug)]
pub struct Scorer {
    purpose: Purpose,
    model: &'static Model,
    /// What threads do not use just now.
    idle: Mutex<Vec<Scoring<'static>>>,
}

impl Classifier for Scorer {
    const NAME: &'static str = "scorer";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str =
        "gives learned probabilities of feedback and its categories; decides nothing by itself";
    const CONFIG_SCHEMA: &'static str = r#"{"type": "object", "additionalProperties": false, "properties": {"model": {"type": "string", "description": "a model file of `rejoinder train`; without one the shipped model"}, "for": {"type": "string", "description": "what the score is the probability of: all, sft, kto, or categories; the engine says it"}}}"#;
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        let model = load(config.model.as_deref())?;
        // Made once a run, and used until the process ends.
        Ok(Self { purpose: config.purpose, model: Box::leak(Box::new(model)), idle: Mutex::default() })
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let messages: Vec<Message<'_>> =
            candidate.messages().map(|message| Message::new(message.role(), message.text())).collect();
        let turn = messages.len() - 1;
        let conversation = Conversation { id: "".into(), messages };
        let mut rules: Vec<&str> = candidate.hits().map(|hit| hit.rule()).collect();
        rules.retain(|rule| !rule.is_empty());
        let evidence = Evidence { rules: &rules, prior: candidate.prior(), votes: &[] };
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scoring = idle().pop().unwrap_or_else(|| Scoring::new(self.model));
        scoring.begin();
        let score = scoring.score(&conversation, turn, &evidence);
        idle().push(scoring);
        let probabilities = score.probabilities();
        candidate.note(|| {
            let [none, ur1, ur2, ur3, ur4, ur5] = probabilities;
            format!("none {none:.3}, UR1 {ur1:.3}, UR2 {ur2:.3}, UR3 {ur3:.3}, UR4 {ur4:.3}, UR5 {ur5:.3}")
        });
        Verdict::abstain().with_score(score.of(self.purpose)).with_probs(probabilities)
    }
}

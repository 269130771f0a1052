//! The classifier: the first kind of hard negative that the turn belongs to rejects it.

use rejoinder_plugin::{BoxError, Candidate, Classifier, Verdict};
use serde::Deserialize;

use crate::kinds::Kind;
use crate::turn::Turn;

/// The plugin's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The kinds that are looked for.
    pub kinds: Vec<Kind>,
}

impl Default for Config {
    fn default() -> Self {
        Self { kinds: Kind::ALL.to_vec() }
    }
}

/// Rejects turns that only look like feedback.
#[derive(Clone, Debug)]
pub struct Context {
    config: Config,
}

impl Classifier for Context {
    const NAME: &'static str = "context";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "rejects turns that only look like feedback, where the dialogue shows it";
    const CONFIG_SCHEMA: &'static str = r#"{"type": "object", "additionalProperties": false, "properties": {"kinds": {"type": "array", "uniqueItems": true, "items": {"enum": ["answer", "choice", "exercise", "requested-text", "script", "slip", "advance", "buried"]}, "description": "the kinds that are looked for; left out: all"}}}"#;
    const REASONS: &'static [&'static str] = &Kind::REASONS;
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        if config.kinds.is_empty() {
            return Err("`kinds` names none: leave the plugin out instead".into());
        }
        Ok(Self { config })
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let turn = Turn::of(candidate);
        match self.config.kinds.iter().find(|kind| kind.fits(&turn)) {
            Some(kind) => Verdict::reject().because(kind.reason()),
            None => Verdict::abstain(),
        }
    }
}

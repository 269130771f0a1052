//! What a server can do, as runs remember it.

use serde::{Deserialize, Serialize};

use crate::config::JudgeConfig;
use crate::request::{LabelConstraint, LettersConstraint, RequestParameters};

/// How a server answers with one letter for each of several turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LettersCapability {
    /// How the server is made to answer so.
    pub constraint: LettersConstraint,
    /// What stands between two letters, so that each letter is a token of its own.
    pub separator: char,
    /// Whether the server gives the probabilities of each letter's alternatives.
    pub alternatives: bool,
    /// The output tokens of an answer about [`Self::TRIED`] turns.
    pub tokens_of_tried: u32,
}

impl LettersCapability {
    /// The number of letters that the server is asked for when it is tried.
    pub const TRIED: usize = 3;

    /// What is expected of a server that obeys a constraint: a space between the letters, which is a token of its own.
    pub const fn usual(constraint: LettersConstraint) -> Self {
        Self { constraint, separator: ' ', alternatives: true, tokens_of_tried: 2 * Self::TRIED as u32 - 1 }
    }

    /// The output tokens of an answer about so many turns.
    pub fn tokens(&self, turns: usize) -> u64 {
        (turns as u64 * u64::from(self.tokens_of_tried)).div_ceil(Self::TRIED as u64)
    }
}

impl Default for LettersCapability {
    fn default() -> Self {
        Self::usual(LettersConstraint::StructuredRegex)
    }
}

/// What a server can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServerCapabilities {
    /// The endpoint, as the keys of replies name it.
    pub endpoint: String,
    /// The model that was asked for.
    pub model: String,
    /// How the server is made to answer in one of a few labels.
    pub constraint: LabelConstraint,
    /// Whether the server gives the probabilities of the first token's alternatives.
    pub logprobs: bool,
    /// How the server gives one letter for each of several turns; `None` where it does not, or was not tried.
    #[serde(default)]
    pub letters: Option<LettersCapability>,
    /// Whether the server was tried for several letters.
    #[serde(default)]
    pub tried_letters: bool,
    /// Whether the server was seen to compute the beginning that prompts share only once.
    #[serde(default)]
    pub reuses_prefix: bool,
    /// Whether the server makes an answer follow a JSON schema.
    pub json_schema: bool,
    /// The tokens of input and output together, if the server says.
    pub context: Option<u64>,
    /// What the server takes in place of the usual parameters.
    #[serde(default)]
    pub parameters: RequestParameters,
}

impl ServerCapabilities {
    /// What is assumed of a server that was not asked: what the config says, and that the server honours JSON schemas, as batch
    /// services do. Several letters a request are assumed only where the config names that form.
    pub fn assumed(config: &JudgeConfig) -> Self {
        let constraint = config.constraint.unwrap_or(LabelConstraint::None);
        Self {
            endpoint: config.endpoint(),
            model: config.model.clone(),
            constraint,
            logprobs: constraint != LabelConstraint::None,
            letters: config
                .names_letters()
                .then(|| LettersCapability::usual(LettersConstraint::beside(constraint))),
            tried_letters: true,
            // Servers that obey such a constraint also keep what prompts begin with.
            reuses_prefix: constraint != LabelConstraint::None,
            json_schema: true,
            context: config.context,
            parameters: RequestParameters::default(),
        }
    }

    /// What plans expect of a server that has not been asked yet: that it obeys a constraint, as most servers do.
    pub fn common(config: &JudgeConfig) -> Self {
        let constraint = config.constraint.unwrap_or(LabelConstraint::Choice);
        let letters = Some(LettersCapability::usual(LettersConstraint::beside(constraint)));
        Self { constraint, logprobs: true, letters, ..Self::assumed(config) }
    }

    /// Whether these are the capabilities of the judge of this config.
    pub fn are_about(&self, config: &JudgeConfig) -> bool {
        (self.endpoint.as_str(), &self.model) == (&config.endpoint(), &config.model)
            && config.constraint.is_none_or(|c| c == self.constraint)
            && (self.tried_letters || !config.is_open_to_letters())
    }
}

//! What a server can do, as runs remember it.

use serde::{Deserialize, Serialize};

use crate::config::JudgeConfig;
use crate::request::{LabelConstraint, RequestParameters};

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
    /// services do.
    pub fn assumed(config: &JudgeConfig) -> Self {
        let constraint = config.constraint.unwrap_or(LabelConstraint::None);
        Self {
            endpoint: config.endpoint(),
            model: config.model.clone(),
            constraint,
            logprobs: constraint != LabelConstraint::None,
            json_schema: true,
            context: config.context,
            parameters: RequestParameters::default(),
        }
    }

    /// What plans expect of a server that has not been asked yet: that it obeys a constraint, as most servers do.
    pub fn common(config: &JudgeConfig) -> Self {
        let constraint = config.constraint.unwrap_or(LabelConstraint::Choice);
        Self { constraint, logprobs: true, ..Self::assumed(config) }
    }

    /// Whether these are the capabilities of the judge of this config.
    pub fn are_about(&self, config: &JudgeConfig) -> bool {
        (self.endpoint.as_str(), &self.model) == (&config.endpoint(), &config.model)
            && config.constraint.is_none_or(|c| c == self.constraint)
    }
}

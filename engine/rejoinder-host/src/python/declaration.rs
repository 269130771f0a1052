//! What a file of Python says of itself, as the runner has read it.

use serde::Deserialize;

use crate::ScoreDeclaration;
use crate::abi;
use crate::handshake::{self, Description, HandshakeError};

/// A plugin in Python, in the runner's words.
#[derive(Debug, Deserialize)]
pub struct Declaration {
    name: String,
    version: String,
    about: String,
    gives: Vec<String>,
    config_schema: String,
    reasons: Vec<String>,
    score_purposes: String,
}

impl Declaration {
    /// The same as a table of this engine's ABI says it.
    ///
    /// # Errors
    /// What is declared cannot be.
    pub fn description(self) -> Result<Description, HandshakeError> {
        let scores = self.gives.iter().any(|what| what == "scores");
        let purposes = handshake::purposes(&self.score_purposes)?;
        Ok(Description {
            name: self.name,
            version: self.version,
            about: self.about,
            abi: (abi::MAJOR, abi::MINOR),
            struct_size: 0,
            flags: if scores { abi::FLAG_SCORES } else { 0 },
            concurrent: false,
            config_schema: self.config_schema,
            reasons: self.reasons,
            scores: scores.then_some(ScoreDeclaration { purposes, has_model: false }),
        })
    }
}

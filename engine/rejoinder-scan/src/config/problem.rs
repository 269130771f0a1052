//! A value of a config that cannot be used.

use super::ConfigText;
use crate::error::{ConfigError, ConfigHint};

/// A value of a config that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProblem {
    /// The place of the value in the config, as a JSON pointer.
    pub pointer: String,
    /// What is wrong with the value, in words for the author of the config.
    pub message: String,
    /// What could help the author further, if anything could.
    pub(super) hint: Option<ConfigHint>,
}

impl KeyProblem {
    pub(super) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), hint: None }
    }

    /// The problem of a section that lies under a pointer.
    pub(super) fn under(self, pointer: &str) -> Self {
        Self { pointer: format!("{pointer}{}", self.pointer), ..self }
    }

    /// The problem with what could help the author further.
    pub(super) fn with_hint(self, hint: ConfigHint) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// The problem at its place in a file.
    pub(super) fn in_file(self, text: &ConfigText) -> ConfigError {
        text.about(&self.pointer, &self.message, "").with_hint(self.hint)
    }
}

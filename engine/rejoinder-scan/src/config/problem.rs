//! A value of a config that cannot be used.

use crate::error::ConfigHint;

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
}

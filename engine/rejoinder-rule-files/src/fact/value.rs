//! What is known of a fact about one turn.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a plugin tells of a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Truth(bool),
    /// A number.
    Number(f64),
    /// One of the words that the plugin declares.
    Word(FactWord),
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truth(is) => is.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word.as_str()),
        }
    }
}

/// A word that a fact may be; a copy takes no memory of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct FactWord(Arc<str>);

impl FactWord {
    /// The word as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for FactWord {
    fn from(word: &str) -> Self {
        Self(word.into())
    }
}

impl From<String> for FactWord {
    fn from(word: String) -> Self {
        Self(word.into())
    }
}

impl From<FactWord> for String {
    fn from(word: FactWord) -> Self {
        word.0.as_ref().to_owned()
    }
}

/// What is known of a fact about one turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FactReading {
    /// Nobody asked the plugin.
    #[default]
    NotAsked,
    /// The plugin does not know, or failed on the turn.
    Unknown,
    /// The plugin told.
    Known(FactValue),
}

impl fmt::Display for FactReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("the plugin was not asked"),
            Self::Unknown => f.write_str("unknown"),
            Self::Known(value) => value.fmt(f),
        }
    }
}

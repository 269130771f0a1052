//! How a check came out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::schema::SchemaError;

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// A rule is broken: which, and how it showed.
    Failed(String),
    /// It does not apply here: why.
    Skipped(String),
}

/// Which rule a plugin breaks, and how that showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Breach(pub(super) String);

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Breach {
    fn from(why: String) -> Self {
        Self(why)
    }
}

impl From<&str> for Breach {
    fn from(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl From<SchemaError> for Breach {
    fn from(error: SchemaError) -> Self {
        Self(error.to_string())
    }
}

impl From<String> for Outcome {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl From<Breach> for Outcome {
    fn from(Breach(why): Breach) -> Self {
        Self::Failed(why)
    }
}

/// The outcome of a check that may also turn out not to apply.
pub(super) fn settled(result: Result<(), Outcome>) -> Outcome {
    result.err().unwrap_or(Outcome::Passed)
}

/// `Passed`, or which rule is broken.
pub(super) fn outcome(result: Result<(), Breach>) -> Outcome {
    result.map_or_else(Outcome::from, |()| Outcome::Passed)
}

/// Says on standard error what comes next. The parent of a check that runs in a process of its own sees there what the check died
/// of.
pub(super) fn about_to_ask(what: &str) {
    eprintln!("asked about {what}");
}

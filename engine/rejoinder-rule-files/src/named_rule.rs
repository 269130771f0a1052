//! Rules by name, on which other rules build.

use std::fmt;

use rejoinder_core::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::place::FilePlace;

/// A rule that another rule builds on, by its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedRule {
    /// The id.
    pub id: String,
    /// Where the id stands in the file of the rule that names it.
    place: FilePlace,
}

impl NamedRule {
    /// The rule with an id that stands at a place, which a diagnostic says.
    pub(crate) fn new(id: &str, place: Diagnostic) -> Self {
        Self { id: id.to_owned(), place: place.into() }
    }

    /// A finding about the name in `file`, at its place.
    pub fn finding(
        &self,
        code: &'static str,
        file: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        self.place.finding(code, file, message, help)
    }
}

/// Which of some named rules must hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quorum {
    /// All of them.
    All,
    /// At least one.
    Any,
}

impl Quorum {
    /// The key in rule files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::All => "all-of",
            Self::Any => "any-of",
        }
    }

    /// Whether so many hits are enough, rule by rule.
    pub fn is_met(self, mut hits: impl Iterator<Item = bool>) -> bool {
        match self {
            Self::All => hits.all(|hits| hits),
            Self::Any => hits.any(|hits| hits),
        }
    }
}

/// Writes the condition that some rules hit, as a rule file says it.
pub(crate) fn write_condition(
    f: &mut fmt::Formatter<'_>,
    quorum: Quorum,
    rules: &[NamedRule],
) -> fmt::Result {
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    write!(f, "{} = {ids:?}", quorum.key())
}

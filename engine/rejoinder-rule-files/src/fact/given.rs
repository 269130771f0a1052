//! A fact that a rule's test gives.

use serde::{Deserialize, Serialize};

use super::value::FactValue;
use crate::place::FilePlace;

/// What a test of a rule says that a plugin tells of the turn under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GivenFact {
    /// What the plugin tells.
    pub value: FactValue,
    /// Where the fact's name stands in the file.
    pub(crate) place: FilePlace,
}

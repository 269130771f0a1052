//! What the tallies need to know of a row of the spool once the judge has answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the tallies need to know of a row of the spool. Rows of runs before the tallies, and rows that are no run's, say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowStanding {
    /// The values of the row's conversation, by division.
    pub groups: BTreeMap<String, String>,
    /// Why each turn of the row waits, in the order of the row's turns.
    pub grounds: Vec<String>,
}

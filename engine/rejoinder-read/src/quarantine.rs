//! Records that cannot be used: where they stand and why, so that nothing is lost in silence.

use serde::{Deserialize, Serialize};

/// A record that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Index of the input file.
    pub shard: u32,
    /// 0-based line in it (the `ordinal` of record ids).
    pub line: u64,
    /// The input file.
    pub file: String,
    /// Length of the line.
    pub bytes: u64,
    /// What is wrong with it.
    pub reason: String,
}

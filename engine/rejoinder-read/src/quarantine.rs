//! Records that cannot be used, with their places and the reasons, so that nothing is lost in silence.

use serde::{Deserialize, Serialize};

/// A record that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRecord {
    /// Index of the input file.
    pub shard: u32,
    /// Line in the file, from 0 (the `ordinal` of record ids).
    pub line: u64,
    /// The input file.
    pub file: String,
    /// Length of the line.
    pub bytes: u64,
    /// What is wrong with the record.
    pub reason: String,
}

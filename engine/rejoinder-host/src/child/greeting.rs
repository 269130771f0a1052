//! What a parent says first to a child.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::RuleReference;
use crate::snapshot::SnapshotPlace;

/// Which plugin a child loads, and into what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Greeting {
    /// The library, or one that is linked in, by its name.
    pub plugin: PluginReference,
    /// The rules in force, by index.
    pub rules: Vec<RuleReference>,
}

/// A plugin, as a child finds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum PluginReference {
    /// The copy of the library at `path` whose bytes have this hash.
    File { path: PathBuf, blake3: String, place: SnapshotPlace },
    /// One that is linked in, by its name.
    BuiltIn(String),
}

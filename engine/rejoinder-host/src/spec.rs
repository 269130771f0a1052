//! What a run asks for, and where it was found.

use std::fmt;
use std::path::PathBuf;

/// What to do when a plugin fails on a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFault {
    /// Leave the candidate to the judge and go on.
    #[default]
    Escalate,
    /// Stop the run; it can be resumed.
    Abort,
}

/// One plugin of a run, as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSpec {
    /// The plugin's name; may be empty where `path` is given.
    pub name: String,
    /// The library, platform prefix and suffix optional; `None` looks the name up.
    pub path: Option<PathBuf>,
    /// The plugin's own configuration, an object.
    pub config: serde_json::Value,
    /// What a fault leads to.
    pub on_fault: OnFault,
    /// More faults than this, over all threads, stop the run.
    pub max_faults: u32,
}

/// Where a plugin came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A library.
    File {
        /// Its path.
        path: PathBuf,
        /// Hash of its bytes, in hex.
        blake3: String,
    },
    /// Linked into the program.
    BuiltIn,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "loaded from {}", path.display()),
            Self::BuiltIn => f.write_str("linked in"),
        }
    }
}

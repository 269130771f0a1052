//! What a run asks for, and where it was found.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What to do when a plugin fails on a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFault {
    /// Leave the candidate to the judge and go on.
    #[default]
    Escalate,
    /// Stop the run; it can be resumed.
    Abort,
}

/// Where a plugin runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// In this process: fast, and a crash or a hang of the plugin is one of the program.
    #[default]
    None,
    /// In a child process for each session, which may crash or hang.
    Process {
        /// A child that takes longer is killed: to load the library and to start the plugin, without which it cannot be
        /// used, and for a call, which is a fault then. `None` is 120 seconds each for the first two, and 30 for a call.
        timeout: Option<Duration>,
    },
}

/// One plugin of a run, as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSpec {
    /// The plugin's name; may be empty where `path` is given.
    pub name: String,
    /// The library, platform prefix and suffix optional; `None` looks the name up.
    pub path: Option<PathBuf>,
    /// Hash of the library's bytes, in hex; another library is refused.
    pub blake3: Option<String>,
    /// The plugin's own configuration, an object.
    pub config: serde_json::Value,
    /// What of the configuration its identity goes by, where that is not the text: a file that it names may lie elsewhere
    /// and be the same, or stay where it is and be another.
    pub known_by: Option<serde_json::Value>,
    /// Where it runs.
    pub isolation: Isolation,
    /// What a fault leads to.
    pub on_fault: OnFault,
    /// More faults than this, over all threads, stop the run.
    pub max_faults: u32,
}

impl PluginSpec {
    /// The plugin `name`, with all else as it is by default.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: None,
            blake3: None,
            config: serde_json::json!({}),
            known_by: None,
            isolation: Isolation::None,
            on_fault: OnFault::Escalate,
            max_faults: 16,
        }
    }

    /// The plugin in a library, with all else as it is by default.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..Self::named("") }
    }
}

/// The program that runs plugins in processes of their own: it calls [`serve`](crate::serve).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
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

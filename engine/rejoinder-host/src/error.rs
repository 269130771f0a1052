//! What goes wrong: at the start, which is the user's to mend, and in the run, which is the plugin's fault.

use std::fmt;
use std::path::PathBuf;

/// A plugin could not be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// No library and no built-in of that name.
    NotFound {
        /// The name, or the path that was asked for.
        name: String,
        /// Files that were looked for.
        looked: Vec<PathBuf>,
        /// Names of the plugins that are linked in.
        built_in: Vec<String>,
    },
    /// The file is there and cannot be loaded.
    Open {
        /// The file.
        path: PathBuf,
        /// Why, from the system.
        reason: String,
    },
    /// The library is no plugin for this engine.
    Refused {
        /// The plugin, or its file.
        name: String,
        /// Why.
        reason: String,
    },
    /// The plugin does not accept its configuration, or cannot start.
    Create {
        /// The plugin.
        name: String,
        /// Why, in its own words.
        reason: String,
    },
    /// A name occurs twice.
    Duplicate {
        /// The name.
        name: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { name, looked, built_in } => {
                write!(f, "plugin `{name}` not found")?;
                for path in looked {
                    write!(f, "\n  no file {}", path.display())?;
                }
                match built_in.as_slice() {
                    [] => f.write_str("\n  and no plugin is linked in"),
                    names => write!(f, "\n  linked in are: {}", names.join(", ")),
                }
            }
            Self::Open { path, reason } => write!(f, "plugin {} cannot be loaded: {reason}", path.display()),
            Self::Refused { name, reason } => write!(f, "plugin `{name}` is refused: {reason}"),
            Self::Create { name, reason } => write!(f, "plugin `{name}` cannot start: {reason}"),
            Self::Duplicate { name } => write!(f, "plugin `{name}` is configured twice"),
        }
    }
}

impl std::error::Error for LoadError {}

/// A plugin failed on one candidate, which thereby goes to the judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The plugin's name.
    pub plugin: String,
    /// Index of the candidate in its batch.
    pub candidate: usize,
    /// The candidate's id, as it was pushed.
    pub id: u64,
    /// What happened, in the plugin's words or ours.
    pub message: String,
}

impl fmt::Display for Fault {
    /// Without the id, of which only the caller knows what it stands for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin `{}` failed on a turn: {}", self.plugin, self.message)
    }
}

/// A plugin's faults stop the run, which can be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The first fault of a plugin with `on-fault = "abort"`.
    Aborted {
        /// The fault.
        fault: Fault,
    },
    /// More faults than allowed.
    TooManyFaults {
        /// The limit.
        max_faults: u32,
        /// The last fault.
        fault: Fault,
    },
    /// After a fault, or for another thread, the plugin could not be started again.
    Restart {
        /// The plugin.
        plugin: String,
        /// Why, in its own words.
        reason: String,
    },
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aborted { fault } => write!(f, "{fault} (on-fault = \"abort\")"),
            Self::TooManyFaults { max_faults, fault } => {
                write!(f, "{fault}; these are more than max-faults = {max_faults}")
            }
            Self::Restart { plugin, reason } => write!(f, "plugin `{plugin}` cannot start again: {reason}"),
        }
    }
}

impl std::error::Error for HostError {}

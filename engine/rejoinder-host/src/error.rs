//! What goes wrong: at the start, which is the user's to mend, and in the run, which is the plugin's fault.

use std::fmt;
use std::path::PathBuf;

/// A plugin could not be loaded.
#[derive(Debug)]
pub struct LoadError {
    /// Which of the specs is at fault, from 0.
    pub plugin: usize,
    /// Why.
    pub cause: LoadCause,
}

/// Why a plugin could not be loaded.
#[derive(Debug)]
pub enum LoadCause {
    /// No library and no built-in of that name.
    NotFound {
        /// The name, or the path that was asked for.
        name: String,
        /// Whether it is a path.
        is_path: bool,
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
    /// The library is not the one that was pinned.
    Pin {
        /// The file; `None` for a plugin that is linked in, which cannot be pinned.
        path: Option<PathBuf>,
        /// Hash of its bytes, in hex.
        found: String,
        /// The pinned one.
        wanted: String,
    },
    /// The library is no plugin for this engine.
    Refused {
        /// The plugin, or its file.
        name: String,
        /// Why.
        reason: String,
    },
    /// The plugin's schema does not allow its configuration.
    Config {
        /// The plugin.
        name: String,
        /// What is wrong, one by one.
        problems: Vec<Problem>,
    },
    /// The plugin does not accept its configuration, or cannot start.
    Create {
        /// The plugin.
        name: String,
        /// Why, in its own words.
        reason: String,
    },
    /// The plugin was not ready in time, in its child process.
    Late {
        /// The plugin, or its file.
        name: String,
        /// What took how long, and what to do.
        reason: String,
    },
    /// The child process that was to run the plugin did not.
    Child {
        /// The plugin, or its file.
        name: String,
        /// Why.
        reason: String,
    },
    /// The interpreter that was to run a plugin in Python did not.
    Interpreter {
        /// The plugin's file.
        name: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A name occurs twice.
    Duplicate {
        /// The name.
        name: String,
    },
}

/// A mistake in what the user wrote about a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON pointer; the empty one is the whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What could have stood there, if that is a short list.
    pub known: Vec<String>,
}

/// The step of a JSON pointer that leads to a key: a slash, and the key with its own slashes and tildes escaped.
pub fn pointer_step(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

impl LoadError {
    /// What is wrong with the plugin's table in the config, each with its place in there.
    pub fn problems(&self) -> Vec<Problem> {
        let key = match &self.cause {
            LoadCause::Config { name, problems } => {
                let placed = |problem: &Problem| Problem {
                    pointer: format!("/config{}", problem.pointer),
                    message: format!("plugin `{name}`: {}", problem.message),
                    known: problem.known.clone(),
                };
                return problems.iter().map(placed).collect();
            }
            LoadCause::NotFound { is_path: true, .. }
            | LoadCause::Open { .. }
            | LoadCause::Refused { .. } => "/path",
            LoadCause::NotFound { .. } | LoadCause::Duplicate { .. } => "/name",
            LoadCause::Pin { .. } => "/blake3",
            LoadCause::Create { .. } => "/config",
            LoadCause::Late { .. } => "/timeout",
            LoadCause::Child { .. } => "/isolation",
            LoadCause::Interpreter { .. } => "/python",
        };
        vec![Problem { pointer: key.to_owned(), message: self.to_string(), known: Vec::new() }]
    }
}

impl LoadCause {
    /// Whether the library is not there, or is not the one that was meant.
    pub const fn is_about_the_file(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::Pin { path: Some(_), .. })
    }

    /// What is wrong, without the plugin's name where that can be told apart.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Open { reason, .. }
            | Self::Refused { reason, .. }
            | Self::Create { reason, .. }
            | Self::Late { reason, .. }
            | Self::Interpreter { reason, .. }
            | Self::Child { reason, .. } => reason,
            other => other.to_string(),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl fmt::Display for LoadCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { name, looked, built_in, .. } => {
                write!(f, "plugin `{name}` not found")?;
                for path in looked {
                    write!(f, "\n  no file {}", path.display())?;
                }
                match built_in.as_slice() {
                    [] => Ok(()),
                    names => write!(f, "\n  linked in are: {}", names.join(", ")),
                }
            }
            Self::Open { path, reason } => write!(f, "plugin {} cannot be loaded: {reason}", path.display()),
            Self::Pin { path: Some(path), found, wanted } => {
                write!(
                    f,
                    "plugin {} is not the one that was pinned: its blake3 hash is {found}, not {wanted}",
                    path.display()
                )
            }
            Self::Pin { path: None, .. } => f.write_str(
                "a plugin that is linked in has no file to pin; give the `path` of a library, or leave `blake3` out",
            ),
            Self::Refused { name, reason } => write!(f, "plugin `{name}` is refused: {reason}"),
            Self::Config { name, problems } => {
                write!(f, "plugin `{name}` does not allow its configuration")?;
                problems.iter().try_for_each(|p| write!(f, "\n  config{}: {}", p.pointer, p.message))
            }
            Self::Create { name, reason } => write!(f, "plugin `{name}` cannot start: {reason}"),
            Self::Late { name, reason } => write!(f, "plugin `{name}` is not ready in time: {reason}"),
            Self::Child { name, reason } => {
                write!(f, "plugin `{name}` cannot run in a process of its own: {reason}")
            }
            Self::Interpreter { name, reason } => write!(f, "plugin `{name}` cannot run: {reason}"),
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
    /// Without the id: only the caller knows what it stands for.
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

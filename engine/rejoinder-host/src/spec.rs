//! What a run asks for, what it is loaded into, and where it was found.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rejoinder_core::{Category, Purpose};
use serde::{Deserialize, Serialize};

use crate::SearchPath;
use crate::abi::Plugin;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// A plugin in Python in child processes, any other in this process.
    Usual {
        /// As of [`Self::Process`]; refused for a plugin that runs in this process.
        timeout: Option<Duration>,
    },
    /// In this process: fast, and a crash or a hang of the plugin is one of the program. Refused for a plugin in Python.
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
    /// The library, platform prefix and suffix optional, or a file of Python; `None` looks the name up.
    pub path: Option<PathBuf>,
    /// Hash of the library's bytes, in hex; another library is refused.
    pub blake3: Option<String>,
    /// The plugin's own configuration, an object.
    pub config: serde_json::Value,
    /// What the feedback is wanted for: what a plugin that scores is told as the key `for`.
    pub purpose: Purpose,
    /// The folder from which relative paths in the configuration begin: those of keys that the plugin's schema marks by
    /// `"format": "path"`, and the key `model` of a plugin that scores. `None` leaves paths as they are.
    pub folder: Option<PathBuf>,
    /// What runs a plugin in Python; `None` is the interpreter of the virtual environment that is active, else `python3`.
    pub python: Option<PathBuf>,
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
            purpose: Purpose::ALL,
            folder: None,
            python: None,
            isolation: Isolation::Usual { timeout: None },
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

/// A rule in force, as plugins see it behind a hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleReference {
    /// The rule's id, such as `en.thanks.plain`.
    pub id: String,
    /// The category that the rule gives a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// What a hit leads to.
    pub route: RuleRoute,
}

/// What a hit of a rule leads to, before plugins and scores have a say. The discriminants are the plugin ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum RuleRoute {
    /// The turn is feedback of the rule's category.
    Accept = 1,
    /// The turn looks like feedback and is not.
    Reject = 2,
    /// The turn is a candidate.
    Escalate = 3,
    /// The hit only adds the rule's weight to the turn's prior.
    Score = 4,
}

/// What plugins are loaded into.
#[derive(Debug, Default)]
pub struct LoadContext<'a> {
    /// Where libraries are looked for.
    pub search: SearchPath,
    /// The plugins that are linked in; a library of the same name that is found wins.
    pub built_in: &'a [&'static Plugin],
    /// The rules in force, by index.
    pub rules: Vec<RuleReference>,
    /// Runs plugins that are to have a process of their own.
    pub launcher: Launcher,
}

/// Where a plugin's code came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LibraryOrigin {
    /// A library, or a file of Python.
    File {
        /// Its path.
        path: PathBuf,
        /// Hash of its bytes, in hex.
        blake3: String,
    },
    /// Linked into the program.
    BuiltIn,
}

impl fmt::Display for LibraryOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "loaded from {}", path.display()),
            Self::BuiltIn => f.write_str("linked in"),
        }
    }
}

//! Why a child process did not answer. The type is there on systems without child processes, too, so that the callers are the
//! same.

use crate::LoadCause;

/// Why a call to a child brought no answer.
#[derive(Debug)]
pub enum ChildFailure {
    /// The plugin says that it failed; the child lives and has started it again.
    Failed(String),
    /// The child took too long to load, to start or to ask the plugin, and is of no more use.
    Late(String),
    /// The interpreter of a plugin in Python does not run: why.
    Interpreter(String),
    /// The child is of no more use: what happened to it.
    Dead(String),
    /// The plugin failed, and did not start again.
    Stuck(String),
}

impl ChildFailure {
    /// What happened.
    pub fn reason(self) -> String {
        match self {
            Self::Failed(reason)
            | Self::Late(reason)
            | Self::Interpreter(reason)
            | Self::Dead(reason)
            | Self::Stuck(reason) => reason,
        }
    }

    /// What to tell where the plugin was only to be loaded.
    pub fn cause(self, name: &str, plugin_said: fn(String, String) -> LoadCause) -> LoadCause {
        match self {
            Self::Failed(reason) | Self::Stuck(reason) => plugin_said(name.to_owned(), reason),
            Self::Late(reason) => LoadCause::Late { name: name.to_owned(), reason },
            Self::Interpreter(reason) => LoadCause::Interpreter { name: name.to_owned(), reason },
            Self::Dead(reason) => LoadCause::Child { name: name.to_owned(), reason },
        }
    }
}

//! Why a scan cannot begin, or ends before its end.

use std::fmt;

use rejoinder_host::HostError;
use rejoinder_read::InputError;
use rejoinder_rules::PackError;

use crate::stop::Interruption;

/// What is wrong with a config, in words, with the place where its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
    /// What could help the author further, if anything could.
    pub hint: Option<ConfigHint>,
    /// The place, among the plugins in force, of one whose library is not there, or is not the one that was meant.
    pub missing_library: Option<usize>,
}

/// What could help the author of a config further; the program's face knows how to get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigHint {
    /// A list of all keys.
    KnownKeys,
    /// The hash of a plugin's library.
    LibraryHash,
    /// That the user names the file: what a config must not say that was only found may stand in one that was named.
    NameTheFile,
}

impl ConfigError {
    /// What is wrong, in words for the author of the config.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, missing_library: None }
    }

    /// The error with what could help its author further.
    pub(crate) fn with_hint(self, hint: Option<ConfigHint>) -> Self {
        Self { hint, ..self }
    }

    /// The error, about the library of the plugin in a place.
    pub(crate) fn missing_library(self, missing_library: Option<usize>) -> Self {
        Self { missing_library, ..self }
    }

    /// The error with more to say below it.
    #[must_use]
    pub fn and(self, more: &str) -> Self {
        Self { message: format!("{}\n{more}", self.message), ..self }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Why an engine cannot be built, or a scan ends before its end.
#[derive(Debug)]
pub enum ScanError {
    /// The config holds a value that cannot be used, such as a plugin that is not there.
    Config(ConfigError),
    /// The rules cannot be used.
    Rules(PackError),
    /// A score is needed, and no plugin gave probabilities.
    NoScore,
    /// The input cannot be opened.
    Input(InputError),
    /// Reading the input failed.
    Read(String),
    /// A plugin failed more often than is borne.
    Plugin(HostError),
    /// Somebody wanted the scan to end.
    Interrupted(Interruption),
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Rules(error) => error.fmt(f),
            Self::NoScore => f.write_str(
                "no plugin gave probabilities; name one that does, such as [[plugin]] name = \"scorer\"",
            ),
            Self::Input(error) => error.fmt(f),
            Self::Read(why) => f.write_str(why),
            Self::Plugin(error) => error.fmt(f),
            Self::Interrupted(stopped) => stopped.fmt(f),
        }
    }
}

impl std::error::Error for ScanError {}

impl From<ConfigError> for ScanError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<PackError> for ScanError {
    fn from(error: PackError) -> Self {
        Self::Rules(error)
    }
}

impl From<InputError> for ScanError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<HostError> for ScanError {
    fn from(error: HostError) -> Self {
        Self::Plugin(error)
    }
}

impl From<Interruption> for ScanError {
    fn from(stopped: Interruption) -> Self {
        Self::Interrupted(stopped)
    }
}

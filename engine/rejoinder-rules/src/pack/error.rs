//! Why rules cannot be used.

use std::fmt;

use rejoinder_core::diagnostic::{Diagnostic, did_you_mean};

use super::{Pack, UnreadableFile};

/// Why rules cannot be used.
#[derive(Debug)]
pub enum PackError {
    /// No shipped pack has this name, and the name is no path.
    Unknown(String),
    /// The file could not be read.
    Unreadable(UnreadableFile),
    /// The files hold errors.
    Invalid(Vec<Diagnostic>),
    /// `disable` names a rule that no pack in force has: the name, and advice.
    NothingToDisable(String, String),
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                let names: Vec<&str> = Pack::shipped().collect();
                write!(
                    f,
                    "no shipped rule pack is called `{name}`: {}; a file is named by its path, such as `./{name}.toml`",
                    did_you_mean(name, &names)
                )
            }
            Self::Unreadable(UnreadableFile { path, error }) => {
                write!(f, "cannot read rules from {}: {error}", path.display())
            }
            Self::Invalid(errors) => {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "{}\n{} in the rules",
                    errors.join("\n\n"),
                    if errors.len() == 1 { "1 error".to_owned() } else { format!("{} errors", errors.len()) }
                )
            }
            Self::NothingToDisable(id, advice) => {
                write!(f, "`disable` names the rule `{id}`, which no pack in force has; {advice}")
            }
        }
    }
}

impl std::error::Error for PackError {}

impl From<UnreadableFile> for PackError {
    fn from(file: UnreadableFile) -> Self {
        Self::Unreadable(file)
    }
}

//! A plugin's file in Python, as it was read and hashed.

use std::path::{Path, PathBuf};

use super::Interpreter;

/// A file and what runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file, as an absolute path.
    pub path: PathBuf,
    /// Hash of its bytes, in hex.
    pub blake3: String,
    /// Its text.
    pub text: String,
    /// What runs it.
    pub interpreter: Interpreter,
}

/// Whether a plugin's file is one of Python, by its name.
pub fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py")
}

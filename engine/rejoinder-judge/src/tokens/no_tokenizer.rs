//! The build without tokenizers: a tokenizer's file is refused with the command that makes the other build.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};

use rejoinder_core::FULL_BUILD;

/// A tokenizer was named, which this build cannot use.
#[derive(Debug)]
pub struct TokenizerError {
    /// The file.
    path: PathBuf,
}

impl fmt::Display for TokenizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this build counts no tokens with {}: {FULL_BUILD} makes one that does; without `tokenizer` they are \
             estimated",
            self.path.display()
        )
    }
}

impl std::error::Error for TokenizerError {}

/// There is none here.
pub struct Tokenizer(Infallible);

impl Tokenizer {
    /// # Errors
    /// Always.
    pub fn from_file(path: &Path) -> Result<Self, TokenizerError> {
        Err(TokenizerError { path: path.to_owned() })
    }

    /// Never: there is no tokenizer.
    pub const fn count(&self, _: &str) -> Option<u64> {
        match self.0 {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_lacking_and_the_command_that_brings_it() {
        let refusal = Tokenizer::from_file(Path::new("t.json")).map(drop).unwrap_err().to_string();
        assert!(refusal.starts_with("this build counts no tokens with t.json: `cargo install"), "{refusal}");
    }
}

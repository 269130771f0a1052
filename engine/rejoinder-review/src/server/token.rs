//! The secret part of the server's address.

use std::fmt;
use std::io;

use ring::rand::{SecureRandom as _, SystemRandom};

/// 128 random bits as hexadecimal digits: whoever knows them may read and label.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    /// A token that nobody can guess.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub(super) fn random() -> io::Result<Self> {
        let mut bits = [0_u8; 16];
        let failed = |_| io::Error::other("the operating system gives no random numbers");
        SystemRandom::new().fill(&mut bits).map_err(failed)?;
        Ok(Self(bits.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Whether a text is the token. The time that this takes tells nothing of the token.
    pub(super) fn is(&self, text: &str) -> bool {
        // Hashes are compared in constant time.
        blake3::hash(text.as_bytes()) == blake3::hash(self.0.as_bytes())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//! Why a config, a prompt and a server do not go together.

use std::fmt;

/// Why a config, a prompt and a server do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormError {
    /// A whole conversation is to be answered in another form than JSON.
    ConversationNotJson,
    /// The prompt of this name is for another unit or another form of answer.
    PromptMismatch(String),
    /// Letters of several turns are wanted, and the server obeys no constraint that makes it give them.
    NoLetters,
    /// Letters of several turns are wanted, and the words that show each.
    LettersWithSpan,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConversationNotJson => f.write_str("a whole conversation is answered in json only"),
            Self::PromptMismatch(name) => {
                write!(f, "the prompt `{name}` is for another unit or form of answer")
            }
            Self::NoLetters => f.write_str(
                "answer = \"letters\", but the server obeys neither a regex nor a grammar nor a JSON schema that makes it answer \
                 with one letter for each turn; leave `answer` out, or say \"label\" or \"json\"",
            ),
            Self::LettersWithSpan => f.write_str(
                "span = \"ask\" goes with answer = \"label\" only: letters of several turns have no second request for each",
            ),
        }
    }
}

impl std::error::Error for FormError {}

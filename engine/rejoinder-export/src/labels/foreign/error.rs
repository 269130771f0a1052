//! Why labels of other programs cannot be used.

use std::{error, fmt};

use rejoinder_read::JsonValuesError;

/// Why a file of another program cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// The records of the file cannot be read.
    Unreadable(JsonValuesError),
    /// A table has no row.
    NoRow,
    /// A table lacks a column.
    NoColumn {
        /// The column.
        column: &'static str,
        /// The names of the columns that the table has, joined by commas.
        columns: String,
    },
    /// A file that should hold one dialogue is empty.
    Empty,
    /// A file that should hold one dialogue holds more.
    SeveralDialogues,
    /// The only entry of the file cannot be used.
    Entry(EntryError),
}

/// Why one entry of a file is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// A record of Argilla has no id.
    NoId,
    /// The id of a record of Argilla does not name a conversation and a message.
    BadId(String),
    /// A task of Label Studio names no conversation.
    NoConversation,
    /// A region of Label Studio names no message.
    NoMessage,
    /// A label is neither a category nor `none`.
    UnknownLabel(String),
    /// As many reviewers say one thing as another.
    Disagreement,
    /// The number of the exchange is no number.
    BadTurn(String),
    /// The numbering has no such category.
    UnknownCategory(String),
    /// The record is no dialogue of Petrak et al., in the words of the parser.
    NoDialogue(String),
    /// Petrak et al. have no such reaction.
    UnknownReaction(String),
    /// The user of a dialogue says nothing after the error.
    NoReaction,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::NoRow => f.write_str("it has no row"),
            Self::NoColumn { column, columns } => {
                write!(f, "it has no column `{column}`; it has {}", columns.escape_debug())
            }
            Self::Empty => f.write_str("it is empty"),
            Self::SeveralDialogues => f.write_str("it holds more than one dialogue"),
            Self::Entry(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoId => f.write_str("it has no id"),
            Self::BadId(id) => write!(f, "its id `{}` is not CONVERSATION#MESSAGE", id.escape_debug()),
            Self::NoConversation => f.write_str("it has no data.conversation_id"),
            Self::NoMessage => f.write_str("a region does not say in which message it begins"),
            Self::UnknownLabel(label) => write!(f, "the label `{}` is not known", label.escape_debug()),
            Self::Disagreement => f.write_str("its reviewers do not agree"),
            Self::BadTurn(turn) => write!(f, "the feedback_turn `{}` is no number", turn.escape_debug()),
            Self::UnknownCategory(code) => write!(f, "the category `{}` is not known", code.escape_debug()),
            Self::NoDialogue(reason) => f.write_str(reason),
            Self::UnknownReaction(name) => write!(f, "the reaction `{}` is not known", name.escape_debug()),
            Self::NoReaction => f.write_str("its user does not react"),
        }
    }
}

impl error::Error for ImportError {}

impl error::Error for EntryError {}

impl From<JsonValuesError> for ImportError {
    fn from(error: JsonValuesError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<EntryError> for ImportError {
    fn from(error: EntryError) -> Self {
        Self::Entry(error)
    }
}

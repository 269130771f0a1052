//! Why labels cannot be used.

use std::{error, fmt};

use super::multiturn;

/// Why the labels of a conversation cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelError {
    /// The record has no column of labels.
    NoColumn,
    /// The file of labels has no labels of this conversation.
    NotInFile,
    /// The text is not JSON of a label, in the words of the parser.
    NotJson(String),
    /// A column does not hold labels.
    Malformed {
        /// The name of the column.
        column: &'static str,
        /// What is wrong with the column, in the words of the parser.
        reason: String,
    },
    /// A label is neither a category nor `none`.
    UnknownCategory {
        /// The label.
        label: String,
        /// Why the label is no category.
        reason: String,
    },
    /// A label of the data set `multiturn-feedback` has a name that the data set does not define.
    UnknownName(String),
    /// A label names a message behind the end of the conversation.
    NoMessage(usize),
    /// A label names an exchange that no later turn is about.
    NoReply(u32),
    /// A label names neither a message nor an exchange.
    WithoutTurn,
    /// There are more or fewer labels than user messages after the first.
    WrongCount {
        /// How many labels there are.
        labels: usize,
        /// How many messages there are.
        messages: usize,
    },
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColumn => f.write_str("no `labels` in the record"),
            Self::NotInFile => f.write_str("no labels of this conversation"),
            Self::NotJson(reason) => f.write_str(reason),
            Self::Malformed { column, reason } => write!(f, "malformed `{column}`: {reason}"),
            Self::UnknownCategory { label, reason } => {
                write!(f, "label `{}`: {reason}, or `none`", label.escape_debug())
            }
            Self::UnknownName(name) => {
                let column = multiturn::COLUMN;
                write!(f, "`{}` in `{column}` is none of NEG_1 to NEG_4, POS and NEU", name.escape_debug())
            }
            Self::NoMessage(turn) => write!(f, "a label points at message {turn}, which is not there"),
            Self::NoReply(exchange) => {
                write!(f, "a label is about exchange {exchange}, after which the user said nothing")
            }
            Self::WithoutTurn => f.write_str("a label names neither `turn` nor `feedback_turn`"),
            Self::WrongCount { labels, messages } => {
                let column = multiturn::COLUMN;
                write!(f, "{labels} labels in `{column}` and {messages} user messages after the first")
            }
        }
    }
}

impl error::Error for LabelError {}

//! What a request met instead of an answer, told without the server's words: these may quote a chat.

use std::fmt;

use crate::client::AttemptResult;

/// What a request met instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestTrouble {
    /// No connection can be made.
    NoConnection,
    /// The connection was lost, or the time was over, before there was an answer.
    NoAnswer,
    /// The server has no time, and says so with this HTTP status.
    Busy(u16),
    /// The server failed, with this HTTP status.
    Failed(u16),
    /// The server refuses the request, with this HTTP status.
    Refused(u16),
}

impl RequestTrouble {
    /// What a request met that ended with an HTTP status (0 without one); `None` where the server has answered.
    pub(super) const fn of(status: u16, attempt: &AttemptResult) -> Option<Self> {
        match (attempt, status) {
            (AttemptResult::Answered(..) | AttemptResult::TooLong(_), _) => None,
            (AttemptResult::NotSent(_) | AttemptResult::DeadEnd(_), 0) => Some(Self::NoConnection),
            (_, 0) => Some(Self::NoAnswer),
            (AttemptResult::Busy(..), status) => Some(Self::Busy(status)),
            (AttemptResult::Failed(_) | AttemptResult::NotSent(_), status) => Some(Self::Failed(status)),
            (AttemptResult::Refused(_) | AttemptResult::DeadEnd(_), status) => Some(Self::Refused(status)),
        }
    }
}

impl fmt::Display for RequestTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnection => f.write_str("no connection can be made"),
            Self::NoAnswer => f.write_str("no answer came"),
            Self::Busy(status) => write!(f, "the server is busy (HTTP {status})"),
            Self::Failed(status) => write!(f, "the server failed (HTTP {status})"),
            Self::Refused(status) => write!(f, "the server refused a request (HTTP {status})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_without_the_words_of_the_server() {
        let words = || "your prompt was: my secret".to_owned();
        let told = [
            (0, AttemptResult::NotSent(words())),
            (0, AttemptResult::Failed(words())),
            (429, AttemptResult::Busy(words(), None)),
            (500, AttemptResult::Failed(words())),
            (400, AttemptResult::Refused(words().into())),
            (401, AttemptResult::DeadEnd(words())),
        ]
        .map(|(status, attempt)| RequestTrouble::of(status, &attempt).unwrap().to_string());
        assert_eq!(
            told,
            [
                "no connection can be made",
                "no answer came",
                "the server is busy (HTTP 429)",
                "the server failed (HTTP 500)",
                "the server refused a request (HTTP 400)",
                "the server refused a request (HTTP 401)",
            ]
        );
        assert_eq!(RequestTrouble::of(400, &AttemptResult::TooLong(words())), None);
    }
}

//! Why the judge cannot be asked, for reasons on this side of the connection.

use std::fmt;

use rejoinder_ledger::LedgerError;

use crate::accounts::AccountsError;

/// Asking cannot go on, for reasons on this side of the connection.
#[derive(Debug)]
pub enum JudgeError {
    /// The client cannot be set up; the text says why.
    Client(String),
    /// The config and the server do not go together; the text says why.
    Config(String),
    /// The ledger or the store of replies failed.
    Ledger(LedgerError),
    /// The accounts of a whole job cannot be used.
    Accounts(AccountsError),
}

impl fmt::Display for JudgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(why) => write!(f, "cannot set up the judge's client: {why}"),
            Self::Config(why) => write!(f, "[judge]: {why}"),
            Self::Ledger(error) => error.fmt(f),
            Self::Accounts(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JudgeError {}

impl From<LedgerError> for JudgeError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<AccountsError> for JudgeError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Ledger(error) => Self::Ledger(error),
            other => Self::Accounts(other),
        }
    }
}

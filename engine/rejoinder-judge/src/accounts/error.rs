//! Why accounts cannot be used.

use std::fmt;
use std::path::PathBuf;

use rejoinder_core::printable;
use rejoinder_ledger::LedgerError;

/// Why accounts cannot be used.
#[derive(Debug)]
pub enum AccountsError {
    /// The ledger or the store of replies failed.
    Ledger(LedgerError),
    /// The keeper of the accounts cannot be reached, or failed; the text says why.
    Keeper(String),
    /// The keeper's folder cannot be used: which file of it, and why.
    Folder(PathBuf, String),
}

impl fmt::Display for AccountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(error) => error.fmt(f),
            Self::Folder(path, why) => write!(f, "{}: {why}", path.display()),
            Self::Keeper(why) => write!(
                f,
                "the keeper of the job's accounts: {}. What was answered before is stored: start the keeper again with the same \
                 folder, and ask again",
                printable(why)
            ),
        }
    }
}

impl std::error::Error for AccountsError {}

impl From<LedgerError> for AccountsError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

//! Why a server could not be probed.

use rejoinder_ledger::LedgerError;

use crate::asking::StopReason;
use crate::error::JudgeError;

/// Why nothing was found out about a server.
#[derive(Debug)]
pub enum ProbeError {
    /// Asking had to stop: the budget is spent, or the server does not answer. This is an outcome to report, and no fault on this
    /// side of the connection.
    Stopped(StopReason),
    /// The server cannot be asked at all, or does not obey what the config says.
    Failed(JudgeError),
}

impl From<JudgeError> for ProbeError {
    fn from(error: JudgeError) -> Self {
        Self::Failed(error)
    }
}

impl From<LedgerError> for ProbeError {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error.into())
    }
}

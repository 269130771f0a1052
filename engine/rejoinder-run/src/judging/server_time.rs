//! How long a judge's server works for what it is asked, kept beside the replies for the next plan.

use rejoinder_judge::{JudgeConfig, ServerRates, ServerTime};
use rejoinder_ledger::{LedgerError, ReplyStore};

/// Adds to what the store knows of a judge's server.
///
/// # Errors
/// If the store fails.
pub fn keep(store: &ReplyStore, judge: &JudgeConfig, more: ServerTime) -> Result<(), LedgerError> {
    store.update_measured(&judge.name(), |known| {
        // What an engine of another version wrote is measured anew.
        let mut time: ServerTime =
            known.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        time += more;
        serde_json::to_string(&time).expect("sums are plain data")
    })
}

/// Puts how long a judge's server has worked in the place of what the store knows.
///
/// # Errors
/// If the store fails.
pub(crate) fn replace(store: &ReplyStore, judge: &JudgeConfig, time: ServerTime) -> Result<(), LedgerError> {
    store.update_measured(&judge.name(), |_| serde_json::to_string(&time).expect("sums are plain data"))
}

/// The rates that the store knows of a judge's server, for tokens as a plan counts them; `None` where too little was measured.
///
/// # Errors
/// If the store fails.
pub fn rates(store: &ReplyStore, judge: &JudgeConfig) -> Result<Option<ServerRates>, LedgerError> {
    let known = store.measured(&judge.name())?;
    Ok(known.and_then(|json| serde_json::from_str::<ServerTime>(&json).ok()?.planned_rates()))
}

//! The ledger of one run: its committed parts, and every HTTP request that was reserved for the run.

mod entry;
mod run_ledger;
mod spending_total;
#[cfg(test)]
mod tests;

pub use entry::{LedgerEntry, PartRow, RequestOutcome, RequestState, Reservation, TokenUsage};
pub use run_ledger::Ledger;
pub use spending_total::SpendingTotal;

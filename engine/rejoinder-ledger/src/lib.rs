//! What must survive a kill: which parts of a run are done, which requests were paid for, and what the judge said.
//!
//! Two databases: the [`Ledger`] of one run, and the [`ReplyStore`], which runs may share. This is the one crate that
//! knows SQLite. [`part`] writes the files beside the databases, which exist whole or not at all.
#![forbid(unsafe_code)]

mod claims;
mod database;
mod ledger;
mod measured;
pub mod part;
mod reply_copy;
mod reply_removal;
mod reply_store;
mod shared_reply;
mod spending;

pub use claims::ClaimResult;
pub use database::LedgerError;
pub use ledger::{
    Ledger, LedgerEntry, PartRow, RequestOutcome, RequestState, Reservation, SpendingTotal, TokenUsage,
};
pub use reply_store::{Reply, ReplyStore};
pub use shared_reply::SharedReply;
pub use spending::{Spending, SpendingLimits};

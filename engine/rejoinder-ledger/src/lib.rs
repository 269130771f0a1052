//! What must survive a kill: which parts of a run are done, which calls were paid for, and what the judge said.
//!
//! Two databases: the [`Ledger`] of one run, and the [`Replies`], which runs may share. This is the one crate that
//! knows SQLite. [`part`] writes the files beside them, which are there whole or not at all.
#![forbid(unsafe_code)]

mod claims;
mod database;
mod ledger;
pub mod part;
mod replies;
mod spending;

pub use claims::Claim;
pub use database::LedgerError;
pub use ledger::{Entry, Ledger, Outcome, PartRow, Reservation, Spent, State, Usage};
pub use replies::{Replies, Reply};
pub use spending::{Limits, Spending};

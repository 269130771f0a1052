//! Where asking looks up replies, claims keys, reserves requests and writes down what they cost.
//!
//! [`Accounts`] is what [`ask`](crate::ask) needs of them. [`LocalAccounts`] are the files of one run. On a cluster one
//! [`AccountKeeper`] has the files, with the budget and the pace of the whole job, and each process that asks has [`RemoteAccounts`],
//! which reach the keeper over any transport that takes bytes and brings bytes back.

mod error;
mod keeper;
mod leases;
mod local;
mod looked_up;
mod pacer;
mod remote;
mod traits;
mod wire;

pub use error::AccountsError;
pub use keeper::{AccountKeeper, KeeperTerms};
pub use local::LocalAccounts;
pub use looked_up::LookedUpAccounts;
pub use remote::{RemoteAccounts, Transport};
pub use traits::{Accounts, Grant, StoredReplies};
pub use wire::KeyedReply;

//! Requests that somebody else has put into words: read from a file, asked within a budget, and answered in a file of results.
//!
//! A folder holds the ledger, the replies and the results. It is one judge's, and outlives the process: what was answered is never
//! asked again.

mod ask;
mod error;
mod folder;
mod request_file;
mod results;

pub use ask::{AskedRequests, GivenAsking, ask};
pub use error::{AskingError, BadLine, BadLineReason};
pub use results::{NoteKind, ResultCounts, ToldNote};

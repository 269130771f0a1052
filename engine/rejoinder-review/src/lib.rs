//! The review page: turns of a run, one at a time, to a browser on this machine, and a person's labels back.
//!
//! [`ReviewServer`] listens on 127.0.0.1 and hears only who knows its token. [`ReviewSession`] answers: it draws the turns, shows each
//! in its dialogue, takes labels into the reader's log, and shows what the program thinks of a turn to those who have decided.
#![forbid(unsafe_code)]

mod page_files;
mod server;
mod session;
mod site;
mod turns;

pub use server::ReviewServer;
pub use session::{ReviewRequest, ReviewSession};

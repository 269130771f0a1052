//! What one thread does with one batch of conversations: read, scan, let the plugins tell facts and vote, decide.

mod asking;
mod fault_log;
mod scanning;

pub use fault_log::FaultLog;
pub use scanning::Worker;

//! The conformance kit: does a plugin keep the rules of the header? What an author's own tests cannot see, because it shows
//! only under another host, another batch, another thread, or one byte beyond the end of a column.
//!
//! Each check is meant for a process of its own ([`run`] in a child): a plugin that breaks a rule may crash or hang.

mod answers;
mod check;
mod config;
mod config_schema;
mod growth;
mod guard;
mod material;
mod memory;
mod outcome;
mod scores;
mod start;
mod subject;
mod versions;

pub use check::{CHECKS, Check, Setting, run};
pub use outcome::Outcome;
pub use subject::Subject;

//! Our run beside what the paper released (arXiv 2407.10944).

mod comparison;
mod released;
mod without_server;

pub use comparison::{Agreement, Reproduction};
pub use released::ReleasedLabels;
pub use without_server::WithoutServer;

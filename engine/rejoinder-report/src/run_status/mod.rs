//! How a run is, looked at from outside: as one value for programs, as a few lines for people.

mod job;
mod report;
mod text;
mod words;

pub use job::JobReport;
pub use report::{CertifiedRecall, RunStatusReport};
pub use words::{command, state};

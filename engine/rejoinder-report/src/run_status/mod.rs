//! How a run is, looked at from outside: as one value for programs, as a few lines for people.

mod job;
mod page;
mod report;
mod text;
mod words;

pub use job::JobReport;
pub(crate) use page::{Page, flat, lines_of};
pub use report::{CertifiedRecall, RunStatusReport};
pub use words::{command, state};

//! A corpus that grows, night after night: a run that goes on with an earlier one. It reads the earlier run's input and what has come
//! in since, decides everything anew, and takes over what was paid for: replies, findings about the judge, cut, model and
//! spending.

mod begin;
mod counts;
mod earlier_run;
mod error;
mod inputs;

pub use begin::{begin_after, keep_findings};
pub use counts::{NightCounts, NightPart, NightSplit};
pub use earlier_run::{EarlierCertificate, EarlierRun};
pub use error::NightError;
pub use inputs::FileChanges;

//! `rejoinder export`: what a run found, as a table, as training files, as tasks for people; and exchanges drawn at random.

mod feedback;
mod filters;
mod hashed;
mod output;
mod random;
mod redaction;
mod review;
mod row_export;
mod set_args;
mod training;
mod training_args;
mod verb;

pub(super) use output::{OverwriteArgs, check_overwriting};
use output::{is_stdout, write};
pub use training_args::training_request;
pub(super) use verb::{ExportArgs, main};

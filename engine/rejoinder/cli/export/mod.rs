//! `rejoinder export`: what a run found, as a table, as training files, as tasks for people.

mod card;
mod feedback;
mod filters;
mod output;
mod review;
mod training;
mod training_args;
mod verb;

use output::{OverwriteArgs, check_overwriting, is_stdout, write};
pub use training_args::training_request;
pub(super) use verb::{ExportArgs, main};

//! `rejoinder rules try`: what a phrase or rule would do on logs, without a file.

mod keep;
mod rule_flags;
mod tried;
mod verb;

pub(super) use verb::{TryArgs, main};

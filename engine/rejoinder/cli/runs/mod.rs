//! `rejoinder runs`: what lies in a folder of runs, one run in full, and removing runs. A file a verb.

mod list;
mod rm;
mod show;
mod verb;

pub(super) use verb::{RunsArgs, main};

//! `rejoinder plugin new`: a plugin that builds, with a test, cases, and all that its build needs of this project.

mod command;
mod language;
mod sdk;

pub(in crate::cli) use command::{NewArgs, main};

//! rejoinder: reads chat logs and extracts the feedback that users give in passing.
//!
//! The command, for its `main` and the tests: [`cli`] reads the command line, lets the engine's crates do what was asked for,
//! and prints; [`failure`] is how a command can end.
#![forbid(unsafe_code)]

pub mod cli;
pub mod failure;

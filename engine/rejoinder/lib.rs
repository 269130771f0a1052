//! rejoinder: reads chat logs and extracts the feedback that users give in passing.
//!
//! The command's parts, for its `main`, the tests and the benches: [`cli`] says what was asked for, [`config`] what
//! holds, [`pipeline`] does it, [`report`] tells of it, and [`failure`] is how it can end.
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod failure;
pub mod pipeline;
pub mod report;

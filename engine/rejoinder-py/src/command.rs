//! The command `rejoinder`, inside of Python.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::prelude::*;
use rejoinder::{cli, failure};
use rejoinder_host::Launcher;

/// Runs the command with these arguments, the first being the name of the program; returns its exit code.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments from Python come by value")]
pub fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| failure::guard(|| cli::main_of(&arguments)) as u8)
}

/// Says how this Python starts the command, in which plugins with `isolation = "process"` run.
#[pyfunction]
pub fn host_plugins_by(program: PathBuf, arguments: Vec<String>) {
    rejoinder_scan::host_plugins_by(Launcher { program, args: arguments });
}

//! The command `rejoinder`, inside of Python.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::prelude::*;
use rejoinder::{cli, failure};
use rejoinder_host::Launcher;

/// Run the command `rejoinder` in this process, and return its exit code.
///
/// Args:
///     arguments: The words of the command line, the first being the name of the program, as in `sys.argv`.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments from Python come by value")]
pub fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| failure::guard(|| cli::main_of(&arguments)) as u8)
}

/// Say how this Python starts the command, in which plugins with `isolation = "process"` run; done once, by the import.
///
/// Args:
///     program: The path of the program to start.
///     arguments: The words behind it.
#[pyfunction]
pub fn host_plugins_by(program: PathBuf, arguments: Vec<String>) {
    rejoinder_scan::host_plugins_by(Launcher { program, args: arguments });
}

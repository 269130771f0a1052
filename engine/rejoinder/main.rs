//! The `rejoinder` command.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(rejoinder::failure::guard(rejoinder::cli::main) as u8)
}

//! The `rejoinder` command.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let ended = std::panic::catch_unwind(rejoinder::cli::main);
    // The panic's message and place are printed by then.
    ExitCode::from(ended.unwrap_or(rejoinder::failure::Exit::Bug) as u8)
}

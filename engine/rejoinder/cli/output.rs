//! Standard output.

use std::io::{self, Write};

use rejoinder_core::printable_json;
use serde::Serialize;

use crate::failure::Failure;

/// Prints to standard output; a closed pipe ends the command as a success.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints a report as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value).expect("a report is plain data");
    print(&format!("{}\n", printable_json(&json)))
}

//! Standard output.

use std::io::{self, Write};

use rejoinder_core::{printable, printable_json};
use serde::Serialize;

use super::terminal;
use crate::failure::Failure;
use rejoinder_report::page::fold;

/// Prints to standard output; a closed pipe ends the command as a success.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints a text to standard output, with lines no longer than fit.
pub(super) fn print_page(text: &str) -> Result<(), Failure> {
    print(&fold(&printable(text), terminal::page_columns()))
}

/// A report as one line of JSON.
pub(super) fn json_line(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).expect("a report is plain data");
    format!("{}\n", printable_json(&json))
}

/// Prints a report as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&json_line(value))
}

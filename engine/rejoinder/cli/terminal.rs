//! Standard error as the operator wants it: quiet or not, with colours or not, a line that can be redrawn or not.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use rejoinder_core::printable;

/// A property of the process, as standard error is one: set once, when the command line is read.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Keeps remarks and progress back from now on.
pub(super) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether remarks and progress are kept back.
pub(super) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether a line on standard error can be redrawn.
pub(super) fn is_live() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The width of the terminal, where it tells.
pub(super) fn columns() -> Option<u16> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0)
}

/// Whether standard error takes colours: a terminal, and no `NO_COLOR` (no-color.org: set and not empty).
fn is_coloured() -> bool {
    is_live() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Why the command does not end well, on standard error, `--quiet` or not.
pub(super) fn complain(message: &str) {
    let style = match is_coloured() {
        true => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
        false => Style::new(),
    };
    // There is nobody left to tell if it cannot be written.
    let _ = writeln!(io::stderr(), "{style}rejoinder:{style:#} {}", printable(message));
}

/// Remarks for people go to standard error, so that standard output holds the result alone.
pub(super) fn remark(text: &str) {
    if !is_quiet() {
        // Nobody reads it if it cannot be written.
        let _ = writeln!(io::stderr(), "{}", printable(text));
    }
}

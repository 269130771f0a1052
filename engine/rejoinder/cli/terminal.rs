//! Standard error as the operator wants it: quiet or not, with colours or not, a line that can be redrawn or not; and what kind
//! of place standard output is.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use rejoinder_core::printable;

use rejoinder_report::styles::Styles;

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
    io::stderr().is_terminal() && !is_dumb()
}

/// The width of the terminal behind standard error, where it tells.
pub(super) fn columns() -> Option<u16> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0)
}

/// Columns of a page where no terminal tells its width.
const PAGE_COLUMNS: usize = 100;
/// The narrowest page that text is folded for.
const LEAST_COLUMNS: usize = 40;

/// The width that a text on standard output is folded to: that of the terminal, or of a page where it is no terminal.
pub(super) fn page_columns() -> usize {
    screen().map_or(PAGE_COLUMNS, |(columns, _)| columns.max(LEAST_COLUMNS))
}

/// Columns and rows of the screen behind standard output; `None` where it is no terminal, or one that only prints.
pub(super) fn screen() -> Option<(usize, usize)> {
    if !io::stdout().is_terminal() || is_dumb() {
        return None;
    }
    let (width, height) = terminal_size::terminal_size_of(io::stdout())?;
    Some((usize::from(width.0), usize::from(height.0)))
}

/// The styles of text for reading on standard output.
pub(super) fn styles() -> Styles {
    match io::stdout().is_terminal() && !is_dumb() && wants_colours() {
        true => Styles::coloured(),
        false => Styles::default(),
    }
}

/// Whether standard error takes colours.
fn is_coloured() -> bool {
    is_live() && wants_colours()
}

/// Whether there is no `NO_COLOR` (no-color.org: set and not empty).
fn wants_colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether the terminal only prints, line by line.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
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

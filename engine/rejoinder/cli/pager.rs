//! Long text for reading: through a pager where standard output is a terminal, straight to standard output elsewhere.

use std::io::{ErrorKind, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use signal_hook::consts::SIGINT;

use super::args::OUTPUT;
use super::{print, terminal};
use crate::failure::Failure;

/// Whether long text goes through a pager.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct PagerArgs {
    /// Print straight to the terminal, without a pager
    ///
    /// Else $PAGER, or less, shows what is longer than the screen.
    #[arg(long, help_heading = OUTPUT)]
    no_pager: bool,
}

/// Text for reading, which comes piece by piece.
pub(super) struct PagedOutput {
    /// What came so far, as long as it fits on the screen.
    held: String,
    /// Columns and rows of the screen; `None` where no pager is wanted.
    screen: Option<(usize, usize)>,
    pager: Option<Child>,
}

impl PagedOutput {
    /// Output to a pager, where standard output is a terminal and `args` do not forbid it.
    pub(super) fn new(args: PagerArgs) -> Self {
        let screen = if args.no_pager { None } else { terminal::screen() };
        Self { held: String::new(), screen, pager: None }
    }

    /// Output without a pager.
    pub(super) const fn plain() -> Self {
        Self { held: String::new(), screen: None, pager: None }
    }

    /// Prints a piece.
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        let Some((columns, rows)) = self.screen else {
            let Some(pager) = self.pager.as_mut().and_then(|pager| pager.stdin.as_mut()) else {
                return print(text);
            };
            return match pager.write_all(text.as_bytes()) {
                // A pager that was closed has been read; one that could not be run was not.
                Err(e) if e.kind() == ErrorKind::BrokenPipe => self.end_pager().and(Err(e.into())),
                written => Ok(written?),
            };
        };
        self.held += text;
        if lines_on_screen(&self.held, columns) < rows {
            return Ok(());
        }
        self.screen = None;
        self.pager = start()?;
        let held = std::mem::take(&mut self.held);
        self.print(&held)
    }

    /// Prints what is still held, and waits until the pager has ended.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        if !self.held.is_empty() {
            print(&std::mem::take(&mut self.held))?;
        }
        self.end_pager()
    }

    /// Waits until the pager has ended.
    fn end_pager(&mut self) -> Result<(), Failure> {
        let Some(mut pager) = self.pager.take() else { return Ok(()) };
        drop(pager.stdin.take());
        match pager.wait()?.code() {
            // What shells say of a program that cannot be run.
            Some(126 | 127) => Err(Failure::usage("the pager cannot be run; --no-pager prints without it")),
            _ => Ok(()),
        }
    }
}

impl Drop for PagedOutput {
    fn drop(&mut self) {
        // The terminal is the pager's until it has ended, however the command ends.
        let _ = self.end_pager();
    }
}

/// Starts the user's pager, else `less`; `None` where there is none.
fn start() -> Result<Option<Child>, Failure> {
    let named = std::env::var("PAGER").ok();
    let mut command = match named.as_deref().map(str::trim) {
        Some("") => return Ok(None),
        Some(pager) => shell(pager),
        None => {
            let mut less = Command::new("less");
            less.arg("-R");
            less
        }
    };
    if std::env::var_os("LESS").is_none() {
        // Colours are shown, and the last page stays on the screen.
        command.env("LESS", "FRX");
    }
    match command.stdin(Stdio::piped()).spawn() {
        Ok(pager) => {
            // An interrupt is the pager's business now. Where this is refused, it ends both.
            let _ = signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)));
            Ok(Some(pager))
        }
        Err(e) if e.kind() == ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(e) => Err(Failure::usage(format!("the pager cannot be run: {e}; --no-pager prints without it"))),
    }
}

/// A command line as the user's shell reads it.
fn shell(line: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.arg(flag).arg(line);
    command
}

/// The number of rows that a text takes on a screen. Each character counts as one column, and a style as none.
fn lines_on_screen(text: &str, columns: usize) -> usize {
    text.lines().map(|line| columns_of(line).div_ceil(columns.max(1)).max(1)).sum()
}

fn columns_of(line: &str) -> usize {
    let mut in_style = false;
    line.chars()
        .filter(|c| {
            let was_in_style = in_style;
            in_style = *c == '\u{1b}' || (in_style && *c != 'm');
            !in_style && !was_in_style
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_take_several_rows_and_styles_none() {
        assert_eq!(lines_on_screen("a\n\nb", 10), 3);
        assert_eq!(lines_on_screen(&"x".repeat(21), 10), 3);
        assert_eq!(lines_on_screen("\u{1b}[1m\u{1b}[33m0123456789\u{1b}[0m", 10), 1);
    }
}

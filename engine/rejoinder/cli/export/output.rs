//! The files that an export writes.

use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use rejoinder_ledger::part;

use super::hashed::Hashed;
use crate::cli::args::OUTPUT;
use crate::failure::Failure;

/// What becomes of files that are there already.
#[derive(Debug, Args)]
pub(in crate::cli) struct OverwriteArgs {
    /// Replace what is there already
    #[arg(long, help_heading = OUTPUT)]
    force: bool,
}

/// That a file named by the user may be written.
///
/// # Errors
/// If a file is there that holds something, and nobody wants it replaced.
pub(in crate::cli) fn check_overwriting(args: &OverwriteArgs, path: &Path) -> Result<(), Failure> {
    let holds_something = path.metadata().is_ok_and(|found| found.is_file() && found.len() > 0);
    if args.force || is_stdout(path) || !holds_something {
        return Ok(());
    }
    Err(Failure::usage(format!("{} is there already; --force replaces it", path.display())))
}

/// Whether a path stands for standard output.
pub(super) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes a file, and returns the SHA-256 of what was written, in hex.
pub(super) fn write_hashed(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<String, Failure> {
    let mut sha256 = String::new();
    write(path, |out| {
        let mut hashed = Hashed::new(out);
        content(&mut hashed)?;
        sha256 = hashed.sha256();
        Ok(())
    })?;
    Ok(sha256)
}

/// Writes a file, or what stands in its place: standard output, a device or a pipe.
pub(super) fn write(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), Failure> {
    if is_stdout(path) {
        let mut out = io::BufWriter::new(io::stdout());
        content(&mut out)?;
        return Ok(out.flush()?);
    }
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        // A file put in its place would destroy it.
        let opened = std::fs::OpenOptions::new().write(true).open(path);
        let written = opened.and_then(|file| {
            let mut out = io::BufWriter::new(file);
            content(&mut out)?;
            out.flush()
        });
        return written.map_err(|e| Failure::io(format!("cannot write {}", path.display()), &e));
    }
    Ok(part::write_with(path, content)?)
}

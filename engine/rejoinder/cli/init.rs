//! `rejoinder init`: a first config and a first rule file, to change.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_core::printable;
use rejoinder_scan::config::FOUND_CONFIG;

use super::{print, terminal};
use crate::failure::{Exit, Failure};

/// File of the first rules.
const RULES: &str = "my-rules.toml";
/// The files: name and text.
const FILES: [(&str, &str); 2] = [
    (FOUND_CONFIG, include_str!("templates/rejoinder.toml.in")),
    (RULES, include_str!("templates/my-rules.toml.in")),
];

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Folder for the files; made where it is not there [default: the current folder]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn main(args: &InitArgs) -> Result<Exit, Failure> {
    let folder = args.folder.as_deref().unwrap_or_else(|| Path::new(""));
    let paths = FILES.map(|(name, _)| folder.join(name));
    // A link counts as a file, wherever it leads.
    if let Some(there) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(is_there(there));
    }
    if args.folder.is_some() {
        fs::create_dir_all(folder)
            .map_err(|e| Failure::io(format!("cannot make {}", folder.display()), &e))?;
    }
    for (place, ((_, text), path)) in FILES.iter().zip(&paths).enumerate() {
        if let Err(failure) = write_new(path, text) {
            // Both or none; what cannot be taken back is told by the failure.
            paths[..place].iter().for_each(|written| drop(fs::remove_file(written)));
            return Err(failure);
        }
    }
    if !terminal::is_quiet() {
        print(&printable(&next(args.folder.as_deref())))?;
    }
    Ok(Exit::Ok)
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |e: &io::Error| Failure::io(format!("cannot write {}", path.display()), e);
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => is_there(path),
            _ => failed(&e),
        })?;
    file.write_all(text.as_bytes()).map_err(|e| {
        // Half a file is none.
        let _ = fs::remove_file(path);
        failed(&e)
    })
}

fn is_there(path: &Path) -> Failure {
    Failure::usage(format!(
        "{} is there already, and nothing is written: move it away, or name another folder: rejoinder init DIR",
        path.display()
    ))
}

/// What was written, and the next commands, as they are typed in the current folder.
fn next(folder: Option<&Path>) -> String {
    let path = |name: &str| word(&folder.unwrap_or_else(|| Path::new("")).join(name));
    let (config, rules) = (path(FOUND_CONFIG), path(RULES));
    let named = if folder.is_some() { format!(" --config {config}") } else { String::new() };
    format!(
        "wrote {config} and {rules}\n\nNext:\n  rejoinder rules check {rules}\n  rejoinder rules test {rules}\n  rejoinder config \
         show{named}\n\nThen, on your own chat logs: rejoinder run FILES{named}\n"
    )
}

/// A path as one word of a shell's command line.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    match text.chars().all(is_plain) && !text.starts_with('-') {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

//! The rule files that a command line names.

use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_core::diagnostic::Diagnostic;
use rejoinder_rules::{Pack, PackError};

use super::unreadable::unreadable;
use crate::cli::args::OUTPUT;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct FilesArgs {
    /// Rule files, folders of them, or names of shipped packs
    ///
    /// [default: the shipped packs; of `list` the packs of the config]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    pub(super) json: bool,
}

impl FilesArgs {
    /// Whether the command line names files.
    pub(super) fn are_named(&self) -> bool {
        !self.files.is_empty()
    }

    /// The names on the command line, or those of the shipped packs.
    fn names(&self) -> Vec<String> {
        match self.are_named() {
            true => self.files.clone(),
            false => Pack::shipped().map(str::to_owned).collect(),
        }
    }
}

/// The rule files that the user named, each once, behind those that it extends.
///
/// # Errors
/// If one cannot be read.
pub(super) fn load(args: &FilesArgs) -> Result<Vec<LoadedFile>, Failure> {
    let mut loaded = Vec::new();
    for name in args.names() {
        for pack in Pack::named(&name).map_err(unusable)? {
            add(&mut loaded, pack);
        }
    }
    Ok(loaded)
}

/// The same, and for each file of a named folder that cannot be read the reason.
///
/// # Errors
/// If what the user named itself cannot be read.
pub(super) fn load_readable(args: &FilesArgs) -> Result<(Vec<LoadedFile>, Vec<Diagnostic>), Failure> {
    let (mut loaded, mut lost) = (Vec::new(), Vec::new());
    for name in args.names() {
        let folder = Path::new(&name);
        if !folder.is_dir() {
            Pack::named(&name).map_err(unusable)?.into_iter().for_each(|pack| add(&mut loaded, pack));
            continue;
        }
        for file in Pack::files_in(folder).map_err(unusable)? {
            match Pack::named(&file.display().to_string()) {
                Ok(packs) => packs.into_iter().for_each(|pack| add(&mut loaded, pack)),
                Err(PackError::Unreadable(path, why)) => lost.push(unreadable(&path, &why)),
                Err(other) => return Err(unusable(other)),
            }
        }
    }
    Ok((loaded, lost))
}

/// The rule files of the packs in force, and of those that they extend.
///
/// # Errors
/// If one cannot be read.
pub(super) fn load_in_force(packs: &[String]) -> Result<Vec<LoadedFile>, Failure> {
    let packs = Pack::load(packs).map_err(unusable)?;
    Ok(packs.into_iter().map(|pack| LoadedFile { file: pack.file.clone(), packs: vec![pack] }).collect())
}

fn add(loaded: &mut Vec<LoadedFile>, pack: Pack) {
    let file = identity(&pack.file);
    if loaded.iter().all(|known| identity(&known.file) != file) {
        loaded.push(LoadedFile { file: pack.file.clone(), packs: Pack::with_extended(pack) });
    }
}

/// What two paths of one file have in common; of a shipped pack its name.
pub(super) fn identity(file: &str) -> PathBuf {
    Path::new(file).canonicalize().unwrap_or_else(|_| file.into())
}

/// A rule file that the user named.
pub(super) struct LoadedFile {
    /// Its name in messages.
    pub(super) file: String,
    /// The packs that it extends, and itself, the last.
    pub(super) packs: Vec<Pack>,
}

impl LoadedFile {
    /// The file itself, without those that it extends.
    pub(super) fn own(&self) -> &Pack {
        self.packs.last().expect("a file comes with itself")
    }
}

/// What is wrong with what a command line names.
pub(super) fn unusable(error: PackError) -> Failure {
    match error {
        PackError::Unreadable(..) => Failure::new(Exit::Io, error.to_string()),
        other => Failure::usage(other.to_string()),
    }
}

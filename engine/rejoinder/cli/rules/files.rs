//! The rule files that a command line names.

use std::collections::HashSet;
use std::io::ErrorKind;

use clap::Args;
use rejoinder_core::diagnostic::Diagnostic;
use rejoinder_rules::{FoundPacks, Pack, PackError, PackIdentity, UnreadableFile};

use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct FilesArgs {
    /// Rule files, folders of them, or names of shipped packs
    ///
    /// [default: the shipped packs; of `list` the packs of the config]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

impl FilesArgs {
    /// Whether the command line names files.
    pub(super) fn are_named(&self) -> bool {
        !self.files.is_empty()
    }

    /// The names on the command line.
    pub(super) fn named(&self) -> &[String] {
        &self.files
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
/// If one cannot be read, or a folder holds none.
pub(super) fn load(args: &FilesArgs) -> Result<Vec<LoadedFile>, Failure> {
    let names = args.names();
    let mut loaded = LoadedFiles::new(&names);
    for name in &names {
        let packs = Pack::named(name).map_err(unusable)?;
        if packs.is_empty() {
            return Err(no_rule_file(name));
        }
        packs.into_iter().for_each(|pack| loaded.add(pack));
    }
    Ok(loaded.files)
}

/// The same, and for each file that cannot be read a finding: one of a folder, or one of several that the user named.
///
/// # Errors
/// If what the user named is not there, is one file alone and cannot be read, or is a folder without rule files.
pub(super) fn load_readable(args: &FilesArgs) -> Result<(Vec<LoadedFile>, Vec<Diagnostic>), Failure> {
    let names = args.names();
    let (mut loaded, mut lost) = (LoadedFiles::new(&names), Vec::new());
    for name in &names {
        match FoundPacks::of(name) {
            Ok(found) if found.packs.is_empty() && found.unreadable.is_empty() => {
                return Err(no_rule_file(name));
            }
            Ok(found) => {
                found.packs.into_iter().for_each(|pack| loaded.add(pack));
                lost.extend(found.unreadable.iter().map(UnreadableFile::finding));
            }
            Err(PackError::Unreadable(file))
                if names.len() > 1 && file.error.kind() != ErrorKind::NotFound =>
            {
                lost.push(file.finding());
            }
            Err(other) => return Err(unusable(other)),
        }
    }
    Ok((loaded.files, lost))
}

/// The rule files of the packs in force, and of those that they extend.
///
/// # Errors
/// If one cannot be read.
pub(super) fn load_in_force(packs: &[String]) -> Result<Vec<LoadedFile>, Failure> {
    let packs = Pack::load(packs).map_err(unusable)?;
    Ok(packs.into_iter().map(|pack| LoadedFile { file: pack.file.clone(), packs: vec![pack] }).collect())
}

/// Gathers the files that the user named.
struct LoadedFiles<'n> {
    names: &'n [String],
    met: HashSet<PackIdentity>,
    files: Vec<LoadedFile>,
}

impl<'n> LoadedFiles<'n> {
    fn new(names: &'n [String]) -> Self {
        Self { names, met: HashSet::new(), files: Vec::new() }
    }

    fn add(&mut self, pack: Pack) {
        if self.met.insert(pack.identity().clone()) {
            let file = pack.file.clone();
            self.files.push(LoadedFile { file, packs: Pack::with_extended(pack, self.names) });
        }
    }
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

/// What a command ends with where a folder that the user named holds no rule file.
pub(super) fn no_rule_file(folder: &str) -> Failure {
    Failure::usage(format!(
        "no rule file is in {folder}: rule files end in .toml, and are looked for in the folder itself, not in folders inside it"
    ))
}

/// What a command ends with where rules cannot be used.
pub(super) fn unusable(error: PackError) -> Failure {
    match error {
        PackError::Unreadable(_) => Failure::new(Exit::Io, error.to_string()),
        other => Failure::usage(other.to_string()),
    }
}

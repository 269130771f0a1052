//! The rule files that a command line names.

use clap::Args;
use rejoinder_rules::{Pack, PackError};

use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct FilesArgs {
    /// Rule files, folders of them, or names of shipped packs [default: the shipped packs]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// The rule files that the user named, each behind those that it extends.
///
/// # Errors
/// If one cannot be read.
pub(super) fn load(args: &FilesArgs) -> Result<Vec<LoadedFile>, Failure> {
    let names = match args.files.is_empty() {
        true => Pack::shipped().map(str::to_owned).collect(),
        false => args.files.clone(),
    };
    let mut loaded: Vec<LoadedFile> = Vec::new();
    for name in names {
        for pack in Pack::named(&name).map_err(unusable)? {
            if loaded.iter().all(|known| known.file != pack.file) {
                loaded.push(LoadedFile { file: pack.file.clone(), packs: Pack::with_extended(pack) });
            }
        }
    }
    Ok(loaded)
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

fn unusable(error: PackError) -> Failure {
    match error {
        PackError::Unreadable(..) => Failure::new(Exit::Io, error.to_string()),
        other => Failure::usage(other.to_string()),
    }
}

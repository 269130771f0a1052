//! What a name stands for: a shipped pack, a rule file, or a folder of rule files.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Pack, PackError, UnreadableFile};

/// The config that may lie in a folder of rule files.
const CONFIG: &str = "rejoinder.toml";
/// Rule files are written by people: longer ones are something else.
const MAX_BYTES: u64 = 64 << 20;

/// The packs that one name stands for, without the packs that they extend.
#[derive(Debug, Default)]
pub struct FoundPacks {
    /// The packs, in the order of their files' names.
    pub packs: Vec<Pack>,
    /// The files of a folder that cannot be read.
    pub unreadable: Vec<UnreadableFile>,
}

impl FoundPacks {
    /// Finds what `name` stands for.
    ///
    /// # Errors
    /// If there is no such pack, or the file or folder that the name stands for itself cannot be read.
    pub fn of(name: &str) -> Result<Self, PackError> {
        if let Some(pack) = Pack::of_shipped_name(name) {
            return Ok(Self { packs: vec![pack], unreadable: Vec::new() });
        }
        let path = Path::new(name);
        if path.is_dir() {
            let mut found = Self::default();
            for file in Pack::files_in(path)? {
                match read(name, &file) {
                    Ok(pack) => found.packs.push(pack),
                    Err(unreadable) => found.unreadable.push(unreadable),
                }
            }
            return Ok(found);
        }
        if !path.exists() && !name.contains(['/', '\\', '.']) {
            return Err(PackError::Unknown(name.to_owned()));
        }
        Ok(Self { packs: vec![read(name, path)?], unreadable: Vec::new() })
    }
}

impl Pack {
    /// The packs that one name stands for, without the packs that they extend.
    ///
    /// # Errors
    /// As [`Pack::load`].
    pub fn named(name: &str) -> Result<Vec<Self>, PackError> {
        let mut found = FoundPacks::of(name)?;
        match found.unreadable.pop() {
            None => Ok(found.packs),
            Some(unreadable) => Err(unreadable.into()),
        }
    }

    /// The rule files in a folder, sorted: all .toml but a config.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn files_in(folder: &Path) -> Result<Vec<PathBuf>, PackError> {
        let unreadable = |error| UnreadableFile { path: folder.to_owned(), error };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let is_config = file.file_name().is_some_and(|name| name == CONFIG);
            if file.extension().is_some_and(|e| e == "toml") && !is_config && !file.is_dir() {
                files.push(file);
            }
        }
        files.sort();
        Ok(files)
    }

    /// The text of a rule file.
    ///
    /// # Errors
    /// If the file cannot be read, is not UTF-8, or is far longer than people write.
    pub fn read_text(path: &Path) -> Result<String, UnreadableFile> {
        read_bounded(path).map_err(|error| UnreadableFile { path: path.to_owned(), error })
    }
}

fn read(name: &str, path: &Path) -> Result<Pack, UnreadableFile> {
    let text = Pack::read_text(path)?;
    Ok(Pack::new(name, &path.display().to_string(), &text))
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    match read as u64 > MAX_BYTES {
        true => Err(std::io::Error::other(format!("it has more than {} MiB", MAX_BYTES >> 20))),
        false => Ok(text),
    }
}

//! Finds files that were moved since they were described.

use std::error::Error;
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use std::{fmt, io};

use super::InputFile;
use super::file::size_and_hash;

impl InputFile {
    /// The present path.
    pub fn current_path(&self) -> &Path {
        self.moved_to.as_deref().unwrap_or(&self.path)
    }

    /// The place of the file under `root`: by its path or an end of its path, the longest first, and by what the file holds.
    ///
    /// # Errors
    /// If the file is at none of these places, or another file is there.
    pub fn find_under(&self, root: &Path) -> Result<PathBuf, RelocationError> {
        let names: Vec<Component<'_>> =
            self.path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
        let ends = (0..names.len()).map(|first| root.join(names[first..].iter().collect::<PathBuf>()));
        let mut others = Vec::new();
        for place in ends.filter(|place| place.is_file()) {
            match File::open(&place).and_then(|mut file| size_and_hash(&mut file)) {
                Ok((size, hash)) if (size, &hash) == (self.size, &self.hash) => return Ok(place),
                Ok((size, hash)) => others.push(OtherFile { path: place, size, hash }),
                Err(error) => return Err(RelocationError::Unreadable { path: place, error }),
            }
        }
        let (path, root) = (self.path.clone(), root.to_owned());
        Err(match others.is_empty() {
            true => {
                let last = names.last().map_or(Path::new(""), |name| name.as_ref());
                RelocationError::Missing { path, last: root.join(last), root }
            }
            false => {
                RelocationError::Different { path, size: self.size, hash: self.hash.clone(), root, others }
            }
        })
    }
}

/// Why a file is not found under another folder.
#[derive(Debug)]
pub enum RelocationError {
    /// A file at one of the places cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the storage.
        error: io::Error,
    },
    /// No file is at any of the places.
    Missing {
        /// The path that the file had.
        path: PathBuf,
        /// The folder that was searched.
        root: PathBuf,
        /// The place of the file's name right in the folder.
        last: PathBuf,
    },
    /// Other files are at the places.
    Different {
        /// The path that the file had.
        path: PathBuf,
        /// The size that the file had.
        size: u64,
        /// The hash that the file had.
        hash: String,
        /// The folder that was searched.
        root: PathBuf,
        /// The files that are there.
        others: Vec<OtherFile>,
    },
}

/// A file in the place of the one that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherFile {
    /// The path.
    pub path: PathBuf,
    /// The size in bytes.
    pub size: u64,
    /// The blake3 hash.
    pub hash: String,
}

impl fmt::Display for RelocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            Self::Missing { path, root, last } => write!(
                f,
                "{} is not under {}: neither {} is there, nor anything with more of its path",
                path.display(),
                root.display(),
                last.display()
            ),
            Self::Different { path, size, hash, root, others } => {
                let hash = hash.get(..12).unwrap_or_default();
                write!(
                    f,
                    "{} is not what lies under {}: it had {size} bytes, hash {hash}",
                    path.display(),
                    root.display()
                )?;
                others.iter().try_for_each(|OtherFile { path, size, hash }| {
                    write!(f, "; {} has {size} bytes, hash {}", path.display(), &hash[..12])
                })
            }
        }
    }
}

impl Error for RelocationError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Container;

    #[test]
    fn a_file_is_found_by_the_longest_end_of_its_path_that_holds_what_it_did() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
            path
        };
        let (size, hash) = size_and_hash(&mut File::open(write("one", "1\n")).unwrap()).unwrap();
        let path = PathBuf::from("/gone/chats/2026/a.jsonl");
        let file = InputFile {
            path,
            size,
            hash,
            ..InputFile::of_json_values(root.path(), Container::Lines).unwrap()
        };
        let found = |name: &str| root.path().join(name);
        let why = file.find_under(root.path()).unwrap_err().to_string();
        assert!(why.contains("is not under") && why.contains("a.jsonl is there"), "{why}");
        write("a.jsonl", "2\n");
        let why = file.find_under(root.path()).unwrap_err().to_string();
        assert!(why.contains("it had 2 bytes") && why.contains("a.jsonl has 2 bytes, hash"), "{why}");
        write("a.jsonl", "1\n");
        assert_eq!(file.find_under(root.path()).unwrap(), found("a.jsonl"));
        write("2026/a.jsonl", "another of this name\n");
        assert_eq!(file.find_under(root.path()).unwrap(), found("a.jsonl"));
        write("chats/2026/a.jsonl", "1\n");
        assert_eq!(file.find_under(root.path()).unwrap(), found("chats/2026/a.jsonl"));
    }
}

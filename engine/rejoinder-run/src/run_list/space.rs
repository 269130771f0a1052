//! What a folder takes on the disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::folder::LOCK_FILE;

/// The end of the name of the file through which the users of a database share memory.
const SHARED_MEMORY: &str = "-shm";

/// What a folder takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderSpace {
    /// What lies in the folder, the largest first.
    pub items: Vec<SpaceItem>,
    /// When a file in it was last changed; `None` where there is no file.
    pub changed: Option<SystemTime>,
}

/// A file in a folder with the files of SQLite beside it, or a folder in a folder with all that lies below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceItem {
    /// The name.
    pub name: String,
    /// The bytes of all its files.
    pub bytes: u64,
    /// The number of its files.
    pub files: u64,
}

impl FolderSpace {
    /// Measures a folder. Links are not followed, and what cannot be read counts as nothing.
    pub fn of(folder: &Path) -> Self {
        let mut space = Self::default();
        let mut items: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = ["-wal", SHARED_MEMORY]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(&name)
                .to_owned();
            let item = items.entry(name).or_default();
            let (bytes, files) = space.measure(&entry);
            item.0 += bytes;
            item.1 += files;
        }
        space.items =
            items.into_iter().map(|(name, (bytes, files))| SpaceItem { name, bytes, files }).collect();
        space.items.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
        space
    }

    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }

    /// The number of all files.
    pub fn files(&self) -> u64 {
        self.items.iter().map(|item| item.files).sum()
    }

    /// Bytes and files of an entry and of all that lies below.
    fn measure(&mut self, entry: &fs::DirEntry) -> (u64, u64) {
        // Neither follows a link.
        let (Ok(kind), Ok(metadata)) = (entry.file_type(), entry.metadata()) else { return (0, 0) };
        if !kind.is_dir() {
            // Whoever looks at a database touches the memory that its users share, and whoever opens a run its lock.
            let name = entry.file_name();
            if name != LOCK_FILE && !name.as_encoded_bytes().ends_with(SHARED_MEMORY.as_bytes()) {
                self.changed = self.changed.max(metadata.modified().ok());
            }
            return (metadata.len(), 1);
        }
        let below = fs::read_dir(entry.path()).into_iter().flatten().flatten();
        below.map(|entry| self.measure(&entry)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_count_once_and_links_as_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir_all(path.join("spool/deep")).unwrap();
        fs::write(path.join("spool/deep/a"), [0; 1_000]).unwrap();
        fs::write(path.join("ledger.sqlite"), [0; 10]).unwrap();
        fs::write(path.join("ledger.sqlite-wal"), [0; 5]).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", path.join("spool/link")).unwrap();
        let space = FolderSpace::of(path);
        let named: Vec<&str> = space.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(named, ["spool", "ledger.sqlite"]);
        assert_eq!((space.items[1].bytes, space.items[1].files), (15, 2));
        assert!((1_015..1_100).contains(&space.bytes()) && space.changed.is_some(), "{space:?}");
    }
}

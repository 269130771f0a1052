//! Files that lie elsewhere than when they were described.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use super::{InputFile, size_and_hash};

impl InputFile {
    /// Where it is.
    pub fn place(&self) -> &Path {
        self.moved_to.as_deref().unwrap_or(&self.path)
    }

    /// Where it is under `root`: by its path or the end of it, the longest first, and by what it holds.
    ///
    /// # Errors
    /// In words: if none of these is there, or what is there holds something else.
    pub fn find_under(&self, root: &Path) -> Result<PathBuf, String> {
        let shown = self.path.display();
        let names: Vec<Component<'_>> =
            self.path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
        let ends = (0..names.len()).map(|first| root.join(names[first..].iter().collect::<PathBuf>()));
        let mut others = String::new();
        for place in ends.filter(|place| place.is_file()) {
            let (size, hash) = File::open(&place)
                .and_then(|mut file| size_and_hash(&mut file))
                .map_err(|e| format!("cannot read {}: {e}", place.display()))?;
            if (size, &hash) == (self.size, &self.hash) {
                return Ok(place);
            }
            others += &format!("; {} has {size} bytes, hash {}", place.display(), &hash[..12]);
        }
        Err(match others.is_empty() {
            true => format!(
                "{shown} is not under {}: neither {} is there, nor anything with more of its path",
                root.display(),
                root.join(names.last().map_or(Path::new(""), |name| name.as_ref())).display()
            ),
            false => format!(
                "{shown} is not what lies under {}: it had {} bytes, hash {}{others}",
                root.display(),
                self.size,
                self.hash.get(..12).unwrap_or_default()
            ),
        })
    }
}

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
        let file =
            InputFile { path, size, hash, ..InputFile::of_values(root.path(), Container::Lines).unwrap() };
        let found = |name: &str| root.path().join(name);
        let why = file.find_under(root.path()).unwrap_err();
        assert!(why.contains("is not under") && why.contains("a.jsonl is there"), "{why}");
        write("a.jsonl", "2\n");
        let why = file.find_under(root.path()).unwrap_err();
        assert!(why.contains("it had 2 bytes") && why.contains("a.jsonl has 2 bytes, hash"), "{why}");
        write("a.jsonl", "1\n");
        assert_eq!(file.find_under(root.path()), Ok(found("a.jsonl")));
        write("2026/a.jsonl", "another of this name\n");
        assert_eq!(file.find_under(root.path()), Ok(found("a.jsonl")));
        write("chats/2026/a.jsonl", "1\n");
        assert_eq!(file.find_under(root.path()), Ok(found("chats/2026/a.jsonl")));
    }
}

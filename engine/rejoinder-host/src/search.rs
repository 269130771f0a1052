//! Where libraries are looked for, and what they are called.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use crate::library;

/// What a plugin's file begins with, after the platform's prefix.
const PREFIX: &str = "rejoinder_plugin_";

/// A library that is called as plugins are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLibrary {
    /// The name that finds it, with `-` for the file's `_`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Hash of its bytes, in hex; empty if it cannot be read.
    pub blake3: String,
    /// Why it cannot be loaded, as far as reading tells; empty if nothing speaks against it.
    pub problem: String,
}

/// Folders that are searched for plugins, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPath(Vec<PathBuf>);

impl SearchPath {
    /// The given folders, then those of `$REJOINDER_PLUGIN_PATH`, then `plugins` and `deps` beside the program. The
    /// last is where cargo puts the library of a plugin that the program depends on.
    pub fn new(plugin_dirs: Vec<PathBuf>) -> Self {
        let mut dirs = plugin_dirs;
        if let Some(path) = std::env::var_os("REJOINDER_PLUGIN_PATH") {
            dirs.extend(std::env::split_paths(&path).filter(|dir| !dir.as_os_str().is_empty()));
        }
        if let Some(program) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
            dirs.extend(["plugins", "deps"].map(|dir| program.join(dir)));
        }
        Self(dirs)
    }

    /// All libraries that are called as plugins are, in order. They are read and not loaded.
    pub fn libraries(&self) -> Vec<FoundLibrary> {
        let found = |path: PathBuf| {
            let file = path.file_name()?.to_str()?;
            let name = file.strip_prefix(DLL_PREFIX)?.strip_prefix(PREFIX)?.strip_suffix(DLL_SUFFIX)?;
            let name = name.replace('_', "-");
            let (blake3, problem) = match std::fs::read(&path) {
                Ok(bytes) => {
                    (blake3::hash(&bytes).to_hex().to_string(), library::unfit(&bytes).unwrap_or_default())
                }
                Err(e) => (String::new(), format!("it cannot be read: {e}")),
            };
            Some(FoundLibrary { name, path, blake3, problem })
        };
        let mut libraries = Vec::new();
        for dir in &self.0 {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            paths.sort();
            libraries.extend(paths.into_iter().filter_map(found));
        }
        libraries
    }

    /// The files that may hold the plugin `name`, in order.
    pub(crate) fn candidates(&self, name: &str) -> Vec<PathBuf> {
        let file = format!("{DLL_PREFIX}{PREFIX}{}{DLL_SUFFIX}", name.replace('-', "_"));
        self.0.iter().map(|dir| dir.join(&file)).collect()
    }
}

/// The files that a configured path may mean: itself, then with the platform's prefix and suffix.
pub(crate) fn spellings(path: &Path) -> Vec<PathBuf> {
    let mut spellings = vec![path.to_path_buf()];
    if let Some(name) = path.file_name().and_then(|n| n.to_str())
        && !name.ends_with(DLL_SUFFIX)
    {
        spellings.push(path.with_file_name(format!("{DLL_PREFIX}{}{DLL_SUFFIX}", name.replace('-', "_"))));
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_folders_come_first_and_dashes_become_underscores() {
        let search = SearchPath::new(vec!["a".into(), "b".into()]);
        let files = search.candidates("my-plugin");
        let name = format!("{DLL_PREFIX}rejoinder_plugin_my_plugin{DLL_SUFFIX}");
        assert_eq!(files[..2], [Path::new("a").join(&name), Path::new("b").join(&name)]);
        assert!(files.last().unwrap().ends_with(Path::new("deps").join(&name)));
    }

    #[test]
    fn a_path_may_leave_out_what_the_platform_adds() {
        let full = Path::new("target/release").join(format!("{DLL_PREFIX}mine{DLL_SUFFIX}"));
        assert_eq!(
            spellings(Path::new("target/release/mine")),
            [PathBuf::from("target/release/mine"), full.clone()]
        );
        assert_eq!(spellings(&full), [full]);
    }
}

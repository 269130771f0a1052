//! Where libraries are looked for, and what they are called.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use crate::library;
use crate::python::is_python;

/// What a plugin's file begins with, a library's after the platform's prefix.
const PREFIX: &str = "rejoinder_plugin_";

const PYTHON_SUFFIX: &str = ".py";

/// A library or a file of Python that is called as plugins are.
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
pub struct SearchPath {
    folders: Vec<PathBuf>,
    /// Where cargo puts the libraries of all that it builds with the program, those of tests among them: only plugins that are
    /// linked in are taken from there.
    deps: Option<PathBuf>,
}

impl SearchPath {
    /// The given folders, then those of `$REJOINDER_PLUGIN_PATH`, then `plugins` beside the program, and, for plugins that are
    /// linked in, `deps` beside the program, where cargo puts their libraries.
    pub fn new(plugin_dirs: Vec<PathBuf>) -> Self {
        let mut folders = plugin_dirs;
        if let Some(path) = std::env::var_os("REJOINDER_PLUGIN_PATH") {
            folders.extend(std::env::split_paths(&path).filter(|dir| !dir.as_os_str().is_empty()));
        }
        let program = std::env::current_exe().ok();
        let beside = |name| Some(program.as_deref()?.parent()?.join(name));
        folders.extend(beside("plugins"));
        Self { folders, deps: beside("deps") }
    }

    /// All libraries that are called as plugins are, in order; `linked` names the plugins that are linked in. They are read and
    /// not loaded.
    pub fn libraries(&self, linked: &[String]) -> Vec<FoundLibrary> {
        let found = |path: PathBuf| {
            let file = path.file_name()?.to_str()?;
            let of_library = || file.strip_prefix(DLL_PREFIX)?.strip_suffix(DLL_SUFFIX);
            let name = file.strip_suffix(PYTHON_SUFFIX).or_else(of_library)?.strip_prefix(PREFIX)?;
            let name = name.replace('_', "-");
            // A pipe would be waited for.
            let is_file = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
            let read =
                if is_file { std::fs::read(&path) } else { Err(std::io::Error::other("it is no file")) };
            let (blake3, problem) = match read {
                Ok(bytes) => {
                    let problem = library::unfit(&bytes).filter(|_| !is_python(&path));
                    (blake3::hash(&bytes).to_hex().to_string(), problem.unwrap_or_default())
                }
                Err(e) => (String::new(), format!("it cannot be read: {e}")),
            };
            Some(FoundLibrary { name, path, blake3, problem })
        };
        let mut libraries = Vec::new();
        for dir in &self.folders {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            paths.sort();
            libraries.extend(paths.into_iter().filter_map(found));
        }
        let of_deps = self.deps.iter().flat_map(|deps| linked.iter().map(|name| deps.join(file_of(name))));
        libraries.extend(of_deps.filter(|path| path.is_file()).filter_map(found));
        libraries
    }

    /// The files that may hold the plugin `name`, in order.
    pub(crate) fn candidates(&self, name: &str, is_linked: bool) -> Vec<PathBuf> {
        let (library, python) = (file_of(name), python_file_of(name));
        let in_folders = self.folders.iter().flat_map(|dir| [dir.join(&library), dir.join(&python)]);
        let deps = self.deps.iter().filter(|_| is_linked);
        in_folders.chain(deps.map(|dir| dir.join(&library))).collect()
    }
}

/// What the file of a plugin's library is called.
fn file_of(name: &str) -> String {
    format!("{DLL_PREFIX}{PREFIX}{}{DLL_SUFFIX}", name.replace('-', "_"))
}

/// What the file of a plugin in Python is called.
fn python_file_of(name: &str) -> String {
    format!("{PREFIX}{}{PYTHON_SUFFIX}", name.replace('-', "_"))
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
        let files = search.candidates("my-plugin", true);
        let name = format!("{DLL_PREFIX}rejoinder_plugin_my_plugin{DLL_SUFFIX}");
        let python = "rejoinder_plugin_my_plugin.py";
        let of_folders = ["a", "b"].map(Path::new).map(|dir| [dir.join(&name), dir.join(python)]);
        assert_eq!(files[..4], of_folders.concat());
        let in_deps = Path::new("deps").join(&name);
        assert!(files.last().unwrap().ends_with(&in_deps));
        let not_linked = search.candidates("my-plugin", false);
        assert_eq!(not_linked, files[..files.len() - 1], "what nobody linked in is not taken from there");
    }

    #[test]
    fn of_what_cargo_builds_beside_the_program_only_linked_plugins_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["ours", "of-tests"] {
            std::fs::write(dir.path().join(file_of(name)), "").unwrap();
        }
        let search = SearchPath { folders: Vec::new(), deps: Some(dir.path().to_owned()) };
        let linked = ["ours", "elsewhere"].map(str::to_owned);
        let names: Vec<String> = search.libraries(&linked).into_iter().map(|library| library.name).collect();
        assert_eq!(names, ["ours"]);
    }

    #[test]
    fn files_of_python_are_found_by_their_names_as_libraries_are() {
        let dir = tempfile::tempdir().unwrap();
        for name in [python_file_of("my-mood"), file_of("broken"), "helper.py".to_owned()] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let search = SearchPath { folders: vec![dir.path().to_owned()], deps: None };
        let found: Vec<(String, bool)> =
            search.libraries(&[]).into_iter().map(|file| (file.name, file.problem.is_empty())).collect();
        assert_eq!(found, [("broken".to_owned(), false), ("my-mood".to_owned(), true)]);
        assert!(search.candidates("my-mood", false).iter().any(|path| path.is_file()));
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

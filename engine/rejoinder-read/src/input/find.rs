//! The files that the names given by a user stand for.

use std::path::{Path, PathBuf};

use super::error::InputError;

/// The endings of names that a folder is searched for.
const EXTENSIONS: [&str; 10] = [
    ".jsonl",
    ".ndjson",
    ".json",
    ".jsonl.gz",
    ".ndjson.gz",
    ".json.gz",
    ".jsonl.zst",
    ".ndjson.zst",
    ".json.zst",
    ".parquet",
];

/// The endings of names of files that are read only where a user names them: a folder of logs holds tables of other things, too.
const NAMED_ONLY: [&str; 6] = [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst", ".zip"];

/// The paths that the names given by a user stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputPaths {
    /// The files, each once, in the order of the names; the files of one folder or glob are sorted.
    pub files: Vec<PathBuf>,
    /// Files in the folders that may hold chats but are read only where they are named themselves, sorted.
    pub left_out: Vec<PathBuf>,
}

impl InputPaths {
    /// The files that were left out of folders, in one sentence; `None` if none were.
    pub fn left_out_note(&self) -> Option<String> {
        const SHOWN: usize = 3;
        let names: Vec<String> =
            self.left_out.iter().take(SHOWN).map(|path| path.display().to_string()).collect();
        let more = self.left_out.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = names.join(", ");
        (!names.is_empty())
            .then(|| format!("not read: {shown}{rest}; tables and archives are read where they are named"))
    }
}

/// The files that `names` stand for.
///
/// # Errors
/// If a name stands for nothing, a glob is malformed, or a folder cannot be read.
pub fn find(names: &[String]) -> Result<InputPaths, InputError> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut left_out: Vec<PathBuf> = Vec::new();
    let mut add = |path: PathBuf| {
        if !files.contains(&path) {
            files.push(path);
        }
    };
    for name in names {
        let path = Path::new(name);
        if path.is_dir() {
            let mut inside = Vec::new();
            walk(path, &mut inside, &mut left_out)?;
            if inside.is_empty() {
                let only = InputPaths { files: Vec::new(), left_out };
                return Err(match only.left_out_note() {
                    Some(remark) => InputError::Unusable(path.to_owned(), remark),
                    None => InputError::NotFound(name.clone()),
                });
            }
            inside.sort();
            inside.into_iter().for_each(&mut add);
        } else if path.exists() || path.is_symlink() {
            add(path.to_owned());
        } else if name.contains(['*', '?', '[']) {
            let found = glob::glob(name).map_err(|e| InputError::BadGlob(name.clone(), e.msg.to_owned()))?;
            let mut matches = Vec::new();
            for found in found {
                let path = found.map_err(|e| InputError::Unreadable(e.path().to_owned(), e.into()))?;
                if !path.is_dir() {
                    matches.push(path);
                }
            }
            if matches.is_empty() {
                return Err(InputError::NotFound(name.clone()));
            }
            matches.sort();
            matches.into_iter().for_each(&mut add);
        } else {
            return Err(InputError::NotFound(name.clone()));
        }
    }
    left_out.retain(|path| !files.contains(path));
    left_out.sort();
    Ok(InputPaths { files, left_out })
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>, left_out: &mut Vec<PathBuf>) -> Result<(), InputError> {
    let unreadable = |e| InputError::Unreadable(folder.to_owned(), e);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() {
            if !path.is_symlink() && !name.starts_with('.') {
                walk(&path, files, left_out)?;
            }
        } else if EXTENSIONS.iter().any(|e| name.ends_with(e)) {
            files.push(path);
        } else if NAMED_ONLY.iter().any(|e| name.ends_with(e)) {
            left_out.push(path);
        }
    }
    Ok(())
}

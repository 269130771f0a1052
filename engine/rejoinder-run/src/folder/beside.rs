//! Paths of the operator's, made whole, and what lies beside a run.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::run_dir::MANIFEST;
use crate::error::RunError;

/// A path from the root on.
///
/// # Errors
/// If the path is empty, or the folder of the process is gone.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, RunError> {
    std::path::absolute(path).map_err(|e| RunError::io(format!("cannot use {}", path.display()), &e))
}

/// The manifest of a folder, whichever engine wrote it; `None` where there is none that can be read.
pub(crate) fn manifest_in(folder: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(folder.join(MANIFEST)).ok()?).ok()
}

/// The folders beside a run, given by its whole path, with manifests that `is_wanted`; in the order of their names.
pub(crate) fn runs_beside(run: &Path, is_wanted: impl Fn(&Value) -> bool) -> Vec<PathBuf> {
    let beside = run.parent().and_then(|parent| fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = beside
        .map(|entry| entry.path())
        .filter(|path| *path != run && manifest_in(path).is_some_and(|manifest| is_wanted(&manifest)))
        .collect();
    found.sort();
    found
}

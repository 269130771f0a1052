//! Runs that go on with a run.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::folder::MANIFEST;

/// The runs beside a run that say that they go on with it, in the order of their folders.
pub(super) fn later_runs(run: &Path, id: &str) -> Vec<PathBuf> {
    let goes_on = |folder: &PathBuf| {
        let manifest = fs::read(folder.join(MANIFEST)).ok();
        let manifest = manifest.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
        manifest.is_some_and(|manifest| manifest["after"]["id"] == id)
    };
    let whole = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
    let beside = whole.parent().and_then(|parent| fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let mut later: Vec<PathBuf> = beside.map(|entry| entry.path()).filter(goes_on).collect();
    later.sort();
    later
}

//! Which packs are one and the same, by whatever names they come.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::Pack;

/// What all names of one pack have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PackIdentity {
    /// A shipped pack, by its name; a file with the text of a shipped pack is that pack.
    Shipped(&'static str),
    /// The file of a pack, by its path without links and detours.
    File(PathBuf),
    /// Rules taken out of a pack, by what they were taken for.
    Taken(&'static str),
}

impl PackIdentity {
    /// The identity of what was read from a file, unless it is a shipped pack.
    pub fn of_file(file: &str) -> Self {
        let path = Path::new(file);
        Self::File(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    }

    /// The file, for a pack that has one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Shipped(_) | Self::Taken(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

impl Pack {
    /// Packs without those that came before, by the same name or by another.
    pub fn each_once(packs: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut met = HashSet::new();
        packs.into_iter().filter(|pack| met.insert(pack.identity().clone())).collect()
    }
}

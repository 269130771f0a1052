//! From what the config says of a plugin to its code: a library that is found, read and compared with its pin, or one
//! that is linked in.

use std::path::{Path, PathBuf};

use crate::abi::{Host, Plugin};
use crate::handshake::{self, Checked, Description};
use crate::registry::Surroundings;
use crate::search::spellings;
use crate::{LoadCause, Origin, PluginSpec, library};

/// A plugin that is there, and whose code has not run yet.
pub enum Located {
    /// A library.
    File { path: PathBuf, bytes: Vec<u8>, blake3: String },
    /// A table that is linked in, which passed the checks.
    BuiltIn(Checked),
}

impl Located {
    /// Where it came from.
    pub fn origin(&self) -> Origin {
        match self {
            Self::File { path, blake3, .. } => Origin::File { path: path.clone(), blake3: blake3.clone() },
            Self::BuiltIn(_) => Origin::BuiltIn,
        }
    }

    /// Loads it into this process.
    ///
    /// # Errors
    /// If it cannot be loaded or is no plugin of this engine's ABI.
    pub fn open(self, host: &'static Host) -> Result<Checked, LoadCause> {
        match self {
            Self::BuiltIn(checked) => Ok(checked),
            Self::File { path, bytes, .. } => {
                let plugin = library::load(&path, &bytes, host)
                    .map_err(|reason| LoadCause::Open { path: path.clone(), reason })?;
                let refused = |reason| LoadCause::Refused { name: path.display().to_string(), reason };
                // SAFETY: an entry returns a static of its library, which is never unloaded.
                unsafe { handshake::check(plugin) }.map_err(refused)
            }
        }
    }
}

/// Finds a plugin: its `path`, else a file on the search path, else one that is linked in.
///
/// # Errors
/// If there is none, its file cannot be read, or is not the pinned one.
pub fn locate(spec: &PluginSpec, surroundings: &Surroundings<'_>) -> Result<Located, LoadCause> {
    let looked = match &spec.path {
        Some(path) => spellings(path),
        None => surroundings.search.candidates(&spec.name),
    };
    if let Some(path) = looked.iter().find(|path| path.is_file()) {
        return read(path.clone(), spec.blake3.as_deref());
    }
    let mut names = Vec::new();
    for &plugin in surroundings.built_in.iter().filter(|_| spec.path.is_none()) {
        let checked = check_linked(plugin)?;
        if checked.description.name == spec.name {
            return match &spec.blake3 {
                Some(wanted) => {
                    Err(LoadCause::Pin { path: None, found: String::new(), wanted: wanted.clone() })
                }
                None => Ok(Located::BuiltIn(checked)),
            };
        }
        names.push(checked.description.name);
    }
    let name = spec.path.as_deref().map_or_else(|| spec.name.clone(), |path| path.display().to_string());
    Err(LoadCause::NotFound { name, is_path: spec.path.is_some(), looked, built_in: names })
}

/// What a library says of itself; it is loaded, and not started.
///
/// # Errors
/// If there is no such library, or it is no plugin of this ABI.
pub fn inspect(library: &Path) -> Result<(Description, Origin), LoadCause> {
    crate::panics::install();
    let located = locate(&PluginSpec::at(library), &Surroundings::default())?;
    let origin = located.origin();
    let checked = located.open(crate::services::start(Vec::new()))?;
    Ok((checked.description, origin))
}

/// What a plugin that is linked in says of itself.
///
/// # Errors
/// If it is none of this ABI.
pub fn describe(plugin: &'static Plugin) -> Result<Description, LoadCause> {
    check_linked(plugin).map(|checked| checked.description)
}

/// Checks a table that is linked in.
///
/// # Errors
/// If it is none of this ABI.
fn check_linked(plugin: &'static Plugin) -> Result<Checked, LoadCause> {
    let refused = |reason| LoadCause::Refused { name: "(linked in)".into(), reason };
    // SAFETY: a static of this program's own ABI version.
    unsafe { handshake::check(plugin) }.map_err(refused)
}

fn read(path: PathBuf, pin: Option<&str>) -> Result<Located, LoadCause> {
    let bytes = std::fs::read(&path)
        .map_err(|e| LoadCause::Open { path: path.clone(), reason: format!("it cannot be read: {e}") })?;
    let blake3 = blake3::hash(&bytes).to_hex().to_string();
    match pin {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&blake3) => {
            Err(LoadCause::Pin { path: Some(path), found: blake3, wanted: wanted.to_owned() })
        }
        _ => Ok(Located::File { path, bytes, blake3 }),
    }
}

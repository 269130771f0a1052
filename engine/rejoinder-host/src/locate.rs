//! From what the config says of a plugin to its code: a library that is found, read and compared with its pin, or one
//! that is linked in.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::abi::{Host, Plugin};
use crate::child::Launch;
use crate::handshake::{self, CheckedPlugin, Description, HandshakeError};
use crate::python::{Interpreter, Source, is_python};
use crate::search::spellings;
use crate::snapshot::Snapshot;
#[cfg(unix)]
use crate::snapshot::SnapshotPlace;
use crate::{Isolation, LibraryOrigin, LoadCause, LoadContext, PluginSpec, library};

/// A plugin that is there, and whose code has not run yet.
pub enum LocatedPlugin {
    /// A library: where it was found, the hash of its bytes, and these bytes.
    File { path: PathBuf, blake3: String, snapshot: Snapshot },
    /// A file of Python.
    Python(Source),
    /// A table that is linked in, which passed the checks.
    BuiltIn(Box<CheckedPlugin>),
}

impl LocatedPlugin {
    /// Where it came from.
    pub fn origin(&self) -> LibraryOrigin {
        match self {
            Self::File { path, blake3, .. } => {
                LibraryOrigin::File { path: path.clone(), blake3: blake3.clone() }
            }
            Self::Python(Source { path, blake3, .. }) => {
                LibraryOrigin::File { path: path.clone(), blake3: blake3.clone() }
            }
            Self::BuiltIn(_) => LibraryOrigin::BuiltIn,
        }
    }

    /// The spec, with the place where the plugin runs instead of the usual one.
    ///
    /// # Errors
    /// The plugin cannot run where it is to, or can hang there in spite of a timeout.
    pub fn isolated<'s>(&self, spec: &'s PluginSpec) -> Result<Cow<'s, PluginSpec>, LoadCause> {
        let with = |isolation| Ok(Cow::Owned(PluginSpec { isolation, ..spec.clone() }));
        let refused = |reason: &str| {
            let name = match &spec.path {
                Some(path) => path.display().to_string(),
                None => spec.name.clone(),
            };
            Err(LoadCause::Refused { name, reason: reason.to_owned() })
        };
        match (self, spec.isolation) {
            (Self::Python(_), Isolation::Usual { timeout }) => with(Isolation::Process { timeout }),
            (Self::Python(_), Isolation::None) => {
                refused("a plugin in Python always has processes of its own: leave `isolation` out")
            }
            (_, Isolation::Usual { timeout: Some(_) }) => refused(
                "`timeout` needs isolation = \"process\": what hangs in the run's own process cannot be ended",
            ),
            (_, Isolation::Usual { timeout: None }) => with(Isolation::None),
            _ => Ok(Cow::Borrowed(spec)),
        }
    }

    /// Loads it into this process.
    ///
    /// # Errors
    /// If it cannot be loaded or is no plugin of this engine's ABI.
    pub fn open(self, host: &'static Host) -> Result<CheckedPlugin, LoadCause> {
        match self {
            Self::BuiltIn(checked) => Ok(*checked),
            Self::Python(Source { path, .. }) => {
                let reason = "a file of Python runs in a process of its own".to_owned();
                Err(LoadCause::Open { path, reason })
            }
            Self::File { path, snapshot, .. } => {
                let loaded = library::load(&path, &snapshot.path(), host);
                snapshot.stay();
                let plugin = loaded
                    .map_err(|error| LoadCause::Open { path: path.clone(), reason: error.to_string() })?;
                let refused = |error: HandshakeError| LoadCause::Refused {
                    name: path.display().to_string(),
                    reason: error.to_string(),
                };
                // SAFETY: an entry returns a static of its library, which is never unloaded.
                unsafe { handshake::check(plugin) }.map_err(refused)
            }
        }
    }
}

/// Whether a plugin that is linked in has this schema, as the library has that cargo makes of it.
///
/// # Errors
/// If a plugin that is linked in keeps the rules of the interface badly.
pub fn has_schema(context: &LoadContext<'_>, schema: &str) -> Result<bool, LoadCause> {
    for plugin in context.built_in {
        if check_linked(plugin)?.description.config_schema == schema {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Finds a plugin: its `path`, else a file on the search path, else one that is linked in.
///
/// # Errors
/// If there is none, its file cannot be read, is not the pinned one, or is one of Python and not UTF-8.
pub fn locate(spec: &PluginSpec, context: &LoadContext<'_>) -> Result<LocatedPlugin, LoadCause> {
    let linked = context.built_in.iter().filter(|_| spec.path.is_none()).map(|plugin| check_linked(plugin));
    let linked: Vec<CheckedPlugin> = linked.collect::<Result<_, _>>()?;
    let is_linked = linked.iter().any(|checked| checked.description.name == spec.name);
    let looked = match &spec.path {
        Some(path) => spellings(path),
        None => context.search.candidates(&spec.name, is_linked),
    };
    if let Some(path) = looked.iter().find(|path| path.is_file()) {
        return match is_python(path) {
            true => read_source(path, spec),
            false => read(path.clone(), spec.blake3.as_deref()),
        };
    }
    let mut names = Vec::new();
    for checked in linked {
        if checked.description.name == spec.name {
            return match &spec.blake3 {
                Some(wanted) => {
                    Err(LoadCause::Pin { path: None, found: String::new(), wanted: wanted.clone() })
                }
                None => Ok(LocatedPlugin::BuiltIn(Box::new(checked))),
            };
        }
        names.push(checked.description.name);
    }
    let name = spec.path.as_deref().map_or_else(|| spec.name.clone(), |path| path.display().to_string());
    Err(LoadCause::NotFound { name, is_path: spec.path.is_some(), looked, built_in: names })
}

/// What a library or a file of Python says of itself; it is loaded, and not started.
///
/// # Errors
/// If there is no such library, or it is no plugin of this ABI.
pub fn inspect(library: &Path) -> Result<(Description, LibraryOrigin), LoadCause> {
    crate::panics::install();
    let located = locate(&PluginSpec::at(library), &LoadContext::default())?;
    let origin = located.origin();
    if let LocatedPlugin::Python(_) = located {
        let name = library.display().to_string();
        let launch = Launch::new(&LoadContext::default(), located, None);
        let refused = |name, reason| LoadCause::Refused { name, reason };
        return match launch.spawn() {
            Ok((_, description)) => Ok((description, origin)),
            Err(failure) => Err(failure.cause(&name, refused)),
        };
    }
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
fn check_linked(plugin: &'static Plugin) -> Result<CheckedPlugin, LoadCause> {
    let refused =
        |error: HandshakeError| LoadCause::Refused { name: "(linked in)".into(), reason: error.to_string() };
    // SAFETY: a static of this program's own ABI version.
    unsafe { handshake::check(plugin) }.map_err(refused)
}

fn read(path: PathBuf, pin: Option<&str>) -> Result<LocatedPlugin, LoadCause> {
    let unusable = |reason| LoadCause::Open { path: path.clone(), reason };
    let bytes = std::fs::read(&path).map_err(|e| unusable(format!("it cannot be read: {e}")))?;
    let blake3 = hash(&path, &bytes, pin)?;
    if let Some(reason) = library::unfit(&bytes) {
        return Err(unusable(reason));
    }
    let snapshot = Snapshot::new(&bytes, &path)
        .map_err(|e| unusable(format!("no copy of it can be made, of the bytes that were hashed: {e}")))?;
    Ok(LocatedPlugin::File { path, blake3, snapshot })
}

fn read_source(path: &Path, spec: &PluginSpec) -> Result<LocatedPlugin, LoadCause> {
    let unusable = |reason| LoadCause::Open { path: path.to_owned(), reason };
    let bytes = std::fs::read(path).map_err(|e| unusable(format!("it cannot be read: {e}")))?;
    let blake3 = hash(path, &bytes, spec.blake3.as_deref())?;
    let text =
        String::from_utf8(bytes).map_err(|e| unusable(format!("it is not UTF-8: {}", e.utf8_error())))?;
    let path = std::path::absolute(path).map_err(|e| unusable(e.to_string()))?;
    let interpreter = Interpreter::new(spec.python.as_deref());
    Ok(LocatedPlugin::Python(Source { path, blake3, text, interpreter }))
}

/// In a child: the library that the parent has read, if it is the one.
///
/// # Errors
/// It is not there, or is another.
#[cfg(unix)]
pub fn handed_over(path: PathBuf, blake3: &str, place: SnapshotPlace) -> Result<LocatedPlugin, LoadCause> {
    let gone =
        |e| LoadCause::Open { path: path.clone(), reason: format!("the copy of it cannot be read: {e}") };
    let snapshot = Snapshot::of_parent(place).map_err(gone)?;
    let bytes = std::fs::read(snapshot.path()).map_err(gone)?;
    let blake3 = hash(&path, &bytes, Some(blake3))?;
    Ok(LocatedPlugin::File { path, blake3, snapshot })
}

/// The hash of a library, if it is the pinned one.
fn hash(path: &Path, bytes: &[u8], pin: Option<&str>) -> Result<String, LoadCause> {
    let found = blake3::hash(bytes).to_hex().to_string();
    match pin {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&found) => {
            Err(LoadCause::Pin { path: Some(path.to_owned()), found, wanted: wanted.to_owned() })
        }
        _ => Ok(found),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

    use super::*;

    #[test]
    fn what_was_hashed_is_loaded_though_the_file_was_replaced_in_between() {
        let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let library = |name| format!("{DLL_PREFIX}rejoinder_plugin_{name}{DLL_SUFFIX}");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(library("misfit"));
        std::fs::copy(deps.join(library("misfit")), &path).unwrap();
        let located = locate(&PluginSpec::at(&path), &LoadContext::default()).ok().unwrap();
        std::fs::copy(deps.join(library("rephrase")), &path).unwrap();
        let checked = located.open(crate::services::start(Vec::new())).ok().unwrap();
        assert_eq!(checked.description.name, "misfit");
    }

    #[test]
    fn a_child_refuses_a_copy_that_is_not_what_was_hashed() {
        let path = PathBuf::from("plugin.so");
        let snapshot = Snapshot::new(b"these", &path).unwrap();
        let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
        assert!(handed_over(path.clone(), &hash(b"these"), snapshot.place()).is_ok());
        let refused = handed_over(path, &hash(b"others"), snapshot.place());
        assert!(matches!(refused, Err(LoadCause::Pin { .. })));
    }
}

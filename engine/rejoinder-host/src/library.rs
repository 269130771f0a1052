//! Loading a library and calling its entry.

use std::path::Path;

use libloading::Library;

use crate::abi::{ENTRY_SYMBOL, EntryFn, Host, Plugin};

/// Loads `path` for good and asks its entry for the plugin.
///
/// # Errors
/// The system cannot load the file, it has no entry, or the entry refuses this host.
pub fn load(path: &Path, host: &'static Host) -> Result<&'static Plugin, String> {
    // SAFETY: loading runs the library's initialisers; plugins are trusted code, as the header says.
    let library = unsafe { open(path) }.map_err(|e| e.to_string())?;
    // A library's code and statics must outlive every state and thread of it: it is never unloaded.
    let library: &'static Library = Box::leak(Box::new(library));
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let own = stem.strip_prefix("lib").unwrap_or(stem);
    let entry = [ENTRY_SYMBOL, own]
        .into_iter()
        .find_map(|symbol| {
            // SAFETY: a symbol of either name is an entry of this type, as the header says.
            unsafe { library.get::<EntryFn>(symbol.as_bytes()) }.ok()
        })
        .ok_or_else(|| {
            format!("it exports neither `{ENTRY_SYMBOL}` nor `{own}`: it is no rejoinder plugin")
        })?;
    // SAFETY: the services live until the process ends, as the entry may expect.
    let plugin = unsafe { entry(host) };
    // SAFETY: an entry returns null or a static of its library, which is never unloaded. That it is one of this
    // version is checked by the handshake, from the fields that are the same in every version.
    unsafe { plugin.as_ref() }.ok_or_else(|| "it does not support this engine".into())
}

/// At once and in private: a missing symbol fails here rather than in hour three, and plugins do not see each other's.
///
/// # Safety
/// The library's initialisers are sound.
#[cfg(unix)]
unsafe fn open(path: &Path) -> Result<Library, libloading::Error> {
    use libloading::os::unix;
    // A bare file name would be looked for in the system's folders.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    // SAFETY: the caller's promise.
    unsafe { unix::Library::open(Some(path), unix::RTLD_NOW | unix::RTLD_LOCAL) }.map(Into::into)
}

/// # Safety
/// The library's initialisers are sound.
#[cfg(not(unix))]
unsafe fn open(path: &Path) -> Result<Library, libloading::Error> {
    // SAFETY: the caller's promise.
    unsafe { Library::new(path) }
}

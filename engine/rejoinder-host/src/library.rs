//! Loading a library and calling its entry; and, where that fails, what the file is instead.

use std::error::Error as _;
use std::fmt;
use std::path::Path;

use libloading::Library;
use object::{Architecture, FileKind, Object};

use crate::abi::{ENTRY_SYMBOL, EntryFn, Host, Plugin};

/// Why a library gives no plugin; its text is for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LibraryError {
    /// The system's loader does not take it: its message, and what that means.
    Unloadable(String),
    /// It has no entry under the name of the header or of its own file.
    NoEntry { own: String },
    /// Its entry refuses this host.
    Unsupported,
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unloadable(message) => f.write_str(message),
            Self::NoEntry { own } => write!(
                f,
                "it exports neither `{ENTRY_SYMBOL}` nor `{own}`: it is no rejoinder plugin, or was renamed (a plugin in Rust \
                 exports its crate's name)"
            ),
            Self::Unsupported => f.write_str("it does not support this engine"),
        }
    }
}

/// Loads the library that was found at `path` for good, from its `copy`, and asks its entry for the plugin.
///
/// # Errors
/// The system cannot load the copy, it has no entry, or the entry refuses this host.
pub fn load(path: &Path, copy: &Path, host: &'static Host) -> Result<*const Plugin, LibraryError> {
    // SAFETY: loading runs the library's initialisers; plugins are trusted code, as the header says.
    let library =
        unsafe { open(copy) }.map_err(|e| LibraryError::Unloadable(in_our_words(&e, path, copy)))?;
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
        .ok_or_else(|| LibraryError::NoEntry { own: own.to_owned() })?;
    // SAFETY: the services live until the process ends, as the entry may expect.
    let plugin = unsafe { entry(host) };
    if plugin.is_null() {
        return Err(LibraryError::Unsupported);
    }
    Ok(plugin)
}

/// Why the system's loader will not take a file, where its own message would not say.
pub fn unfit(bytes: &[u8]) -> Option<String> {
    let Ok(kind) = FileKind::parse(bytes) else {
        return Some(match bytes {
            [] => "it is empty".into(),
            [b'#', b'!', ..] => "it is a script, no library".into(),
            _ => "it is no library of any known system".into(),
        });
    };
    let ours = if cfg!(windows) {
        matches!(kind, FileKind::Pe32 | FileKind::Pe64)
    } else if cfg!(target_vendor = "apple") {
        matches!(kind, FileKind::MachO32 | FileKind::MachO64 | FileKind::MachOFat32 | FileKind::MachOFat64)
    } else {
        matches!(kind, FileKind::Elf32 | FileKind::Elf64)
    };
    if !ours {
        return Some(format!("it is a {kind:?} file, made for another system than {}", std::env::consts::OS));
    }
    let here = std::env::consts::ARCH;
    let name = match object::File::parse(bytes).ok()?.architecture() {
        Architecture::X86_64 => "x86_64",
        Architecture::I386 => "x86",
        Architecture::Aarch64 => "aarch64",
        Architecture::Arm => "arm",
        Architecture::Riscv64 => "riscv64",
        Architecture::PowerPc64 => "powerpc64",
        Architecture::S390x => "s390x",
        Architecture::LoongArch64 => "loongarch64",
        _ => return None,
    };
    (name != here)
        .then(|| format!("it was compiled for {name}, this program for {here}; compile it for this machine"))
}

/// The loader's message, with what it means where people have asked.
fn in_our_words(error: &libloading::Error, path: &Path, copy: &Path) -> String {
    // What the system says is the source of an error that says no more than which call failed.
    let message = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let message = message.replace(&*copy.to_string_lossy(), &path.to_string_lossy());
    let help = if message.contains("undefined symbol") || message.contains("symbol not found") {
        "; a function that it calls is in none of the libraries it was linked with: link it with them, or statically"
    } else if message.contains("cannot open shared object file") {
        "; a library that it was linked with is not on this machine, or not where the loader looks, which is not beside the \
         plugin: a copy of it is loaded"
    } else {
        ""
    };
    format!("{message}{help}")
}

/// At once and in private: a missing symbol fails here rather than in hour three, and plugins do not see each other's.
///
/// # Safety
/// The library's initialisers are sound.
#[cfg(unix)]
unsafe fn open(path: &Path) -> Result<Library, libloading::Error> {
    use libloading::os::unix;
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

//! A library's bytes, kept as they were when they were hashed. What stands at the library's path may be another one by the
//! time it is loaded, or a child that died is started again.

#[cfg(target_os = "linux")]
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// The bytes, which are kept as long as the snapshot lives.
#[derive(Debug)]
pub enum Snapshot {
    /// Memory that nobody can write to, and that goes with the last process that has it open; the library itself, where there is
    /// no room for a copy.
    #[cfg(target_os = "linux")]
    Open(File),
    /// A file, in a folder that a parent removes.
    File { path: PathBuf, _folder: Option<TempDir> },
}

/// Where a child finds a snapshot.
#[cfg(unix)]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SnapshotPlace {
    /// Behind a descriptor that it has inherited.
    #[cfg(target_os = "linux")]
    Descriptor(std::os::fd::RawFd),
    /// In a file.
    File(PathBuf),
}

impl Snapshot {
    /// Keeps `bytes`, under the file name of the library at `path`: stack traces show it.
    ///
    /// # Errors
    /// There is room for them neither in memory nor in the folder of temporary files, and the library is no longer what it was.
    pub fn new(bytes: &[u8], path: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Ok(memory) = Self::in_memory(bytes, path) {
            return Ok(memory);
        }
        let copied = Self::in_folder(bytes, path);
        #[cfg(target_os = "linux")]
        if copied.is_err()
            && let Ok(library) = Self::held_open(bytes, path)
        {
            return Ok(library);
        }
        copied
    }

    /// The library itself: another file at its path is not taken for it, but a program that writes into it changes it. A limit on the size of
    /// files leaves no better way.
    #[cfg(target_os = "linux")]
    fn held_open(bytes: &[u8], path: &Path) -> io::Result<Self> {
        use rustix::io::{FdFlags, fcntl_setfd};
        let library = Self::Open(File::open(path)?);
        if std::fs::read(library.path())? != bytes {
            return Err(io::Error::other("it has changed since it was read"));
        }
        if let Self::Open(file) = &library {
            fcntl_setfd(file, FdFlags::empty())?;
        }
        Ok(library)
    }

    /// Fails where the system has no such memory, or shows no descriptors under `/proc`.
    #[cfg(target_os = "linux")]
    fn in_memory(bytes: &[u8], path: &Path) -> io::Result<Self> {
        use std::io::Write;

        use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
        let name = path.file_name().unwrap_or_default();
        // Children inherit it: it is not closed on `exec`.
        let flags = MemfdFlags::ALLOW_SEALING;
        // Where memory to be executed as a program is forbidden, this one passes; before Linux 6.3 the flag is unknown.
        let memory =
            memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL).or_else(|_| memfd_create(name, flags))?;
        let mut memory = File::from(memory);
        memory.write_all(bytes)?;
        fcntl_add_seals(&memory, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
        let snapshot = Self::Open(memory);
        snapshot.path().metadata()?;
        Ok(snapshot)
    }

    fn in_folder(bytes: &[u8], path: &Path) -> io::Result<Self> {
        let mut folder = tempfile::Builder::new();
        folder.prefix("rejoinder-plugin-");
        #[cfg(unix)]
        folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = folder.tempdir()?;
        let path = folder.path().join(path.file_name().unwrap_or_default());
        std::fs::write(&path, bytes)?;
        Ok(Self::File { path, _folder: Some(folder) })
    }

    /// Where this process can load it from. A debugger finds it there, too.
    pub fn path(&self) -> PathBuf {
        match self {
            #[cfg(target_os = "linux")]
            Self::Open(memory) => {
                use std::os::fd::AsRawFd;
                format!("/proc/{}/fd/{}", std::process::id(), memory.as_raw_fd()).into()
            }
            Self::File { path, .. } => path.clone(),
        }
    }

    /// To be called once it is loaded, for good. The loader knows what it has loaded by its path: a descriptor that were closed
    /// could come again, and would be taken for this library.
    pub fn stay(self) {
        #[cfg(target_os = "linux")]
        if let Self::Open(memory) = self {
            std::mem::forget(memory);
        }
    }
}

/// The way of a snapshot to a child.
#[cfg(unix)]
impl Snapshot {
    /// Where a child finds it.
    pub fn place(&self) -> SnapshotPlace {
        match self {
            #[cfg(target_os = "linux")]
            Self::Open(memory) => SnapshotPlace::Descriptor(std::os::fd::AsRawFd::as_raw_fd(memory)),
            Self::File { path, .. } => SnapshotPlace::File(path.clone()),
        }
    }

    /// In a child: what the parent keeps.
    ///
    /// # Errors
    /// It is not there.
    pub fn of_parent(place: SnapshotPlace) -> io::Result<Self> {
        match place {
            #[cfg(target_os = "linux")]
            SnapshotPlace::Descriptor(number) => {
                File::open(format!("/proc/self/fd/{number}")).map(Self::Open)
            }
            SnapshotPlace::File(path) => Ok(Self::File { path, _folder: None }),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NAME: &str = "/some/where/libplugin.so";

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_can_write_to_a_snapshot_in_memory() {
        let snapshot = Snapshot::new(b"bytes", Path::new(NAME)).unwrap();
        assert!(matches!(snapshot, Snapshot::Open(_)), "{snapshot:?}");
        assert_eq!(std::fs::read(snapshot.path()).unwrap(), b"bytes");
        assert!(std::fs::write(snapshot.path(), b"other").is_err());
        let target = std::fs::read_link(snapshot.path()).unwrap();
        assert_eq!(target, Path::new("/memfd:libplugin.so (deleted)"), "stack traces name the library");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_library_that_is_held_open_is_the_one_that_was_read_whatever_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["libplugin.so", "other.so"].map(|name| folder.path().join(name));
        std::fs::write(&path, b"bytes").unwrap();
        let held = Snapshot::held_open(b"bytes", &path).unwrap();
        std::fs::write(&other, b"other").unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert_eq!(std::fs::read(held.path()).unwrap(), b"bytes");
        assert!(Snapshot::held_open(b"bytes", &path).is_err(), "what stands there now is another");
    }

    #[test]
    fn a_snapshot_in_a_folder_is_for_its_user_alone_and_goes_with_its_owner() {
        let snapshot = Snapshot::in_folder(b"bytes", Path::new(NAME)).unwrap();
        let file = snapshot.path();
        let folder = file.parent().unwrap();
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let of_child = Snapshot::of_parent(snapshot.place()).unwrap();
        assert_eq!(std::fs::read(of_child.path()).unwrap(), b"bytes");
        drop(of_child);
        assert!(file.ends_with("libplugin.so") && file.is_file());
        drop(snapshot);
        assert!(!folder.exists());
    }
}

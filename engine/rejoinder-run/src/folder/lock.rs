//! One hand a folder: the process that works on it holds a lock, which the system takes back when the process ends,
//! however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::SystemTime;

use super::error::{FolderError, LockHolder};
use super::presence::{Presence, machine};
use crate::error::RunError;

/// Name of the lock's file in a run's folder.
pub const FILE: &str = "run.lock";

/// A lock that is held; dropping the lock gives it back.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    /// If another process holds it (who, since when, on which machine), or the file cannot be written.
    pub fn take(folder: &Path) -> Result<Self, RunError> {
        Self::take_named(folder, FILE)
    }

    /// Takes the lock of a folder, which is a file of this name in it.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_named(folder: &Path, name: &str) -> Result<Self, RunError> {
        let path = folder.join(name);
        let failed = |e: std::io::Error| RunError::io(format!("cannot lock {}", path.display()), &e);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let has_locks = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => return Err(held(folder, holder(&mut file))),
            // A network file system may have none: then the file's word must do.
            Err(TryLockError::Error(_)) => false,
        };
        if !has_locks && let Some(other) = holder(&mut file).filter(may_be_at_work) {
            return Err(held(folder, Some(other)));
        }
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
        let own = LockHolder { process: std::process::id(), machine: machine(), since };
        let json = serde_json::to_vec(&own).expect("a holder is plain data");
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(&json)).map_err(failed)?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // An emptied file says that nobody is at work, where a file system has no locks. The lock would go with the file, but a process
        // that is just being started may have the file open, too, for a moment.
        let _ = self.0.set_len(0);
        let _ = self.0.unlock();
    }
}

/// Whether a holder may still be at work, as far as can be known.
fn may_be_at_work(holder: &LockHolder) -> bool {
    Presence::of(holder.process, &holder.machine) != Presence::Gone
}

fn holder(file: &mut File) -> Option<LockHolder> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
    serde_json::from_str(&text).ok()
}

fn held(folder: &Path, holder: Option<LockHolder>) -> RunError {
    FolderError::Held { folder: folder.to_owned(), holder }.into()
}

/// Who holds the lock of a run's folder by the word of the lock's file, which is empty while nobody does. A holder that was killed has
/// left its word; so has one of another machine, perhaps.
pub(crate) fn holder_at_work(folder: &Path) -> Option<LockHolder> {
    let holder = holder(&mut File::open(folder.join(FILE)).ok()?)?;
    (Presence::of(holder.process, &holder.machine) == Presence::There).then_some(holder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_names_its_holder_and_is_free_again_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        let refused = Lock::take(folder.path()).unwrap_err();
        let process = format!("process {} on ", std::process::id());
        let refused = refused.to_string();
        assert!(refused.contains(&process) && refused.contains(", since 2"), "{refused}");
        drop(lock);
        Lock::take(folder.path()).unwrap();
    }

    #[test]
    fn what_is_left_of_a_killed_process_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for left in ["", "{", r#"{"process":4294967295,"machine":"elsewhere","since":1}"#] {
            std::fs::write(folder.path().join(FILE), left).unwrap();
            Lock::take(folder.path()).unwrap();
        }
    }
}

//! Which of several processes, or clients of one process, asks for which reply, so that no two of them pay for the same.
//!
//! A claim is a row with its owner. An owner that is a process is a file beside the store that the process keeps locked. The system
//! takes the lock back when the process ends, however it ends, and its claims are free. Which clients are at work is known to the
//! process that they talk to.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::reply_store::EMPTY;

/// The result of claiming a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimResult {
    /// This process or client may ask for the reply: no other one asks for it now.
    Ours,
    /// Another process or client asks for the reply.
    Theirs,
    /// The store holds a reply by now.
    Answered,
}

/// The claims of this process.
pub(crate) struct Claims {
    folder: PathBuf,
    owner: String,
    /// Locked as long as this process works.
    file: File,
}

impl Claims {
    /// The claims of this process in a store.
    ///
    /// # Errors
    /// If the folder of the owners cannot be made, or the file system has no locks.
    pub(crate) fn new(store: &Path) -> std::io::Result<Self> {
        let mut folder = store.as_os_str().to_owned();
        folder.push(".owners");
        let folder = PathBuf::from(folder);
        sweep(&folder);
        loop {
            let owner = format!("{}-{:016x}", std::process::id(), fastrand::u64(..));
            // The last of the other processes may have removed the empty folder.
            fs::create_dir_all(&folder)?;
            let file = match File::create_new(folder.join(&owner)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                created => created?,
            };
            // Before its lock, the file looks like one that an ended process has left.
            match file.try_lock() {
                Err(TryLockError::Error(error)) => return Err(error),
                Ok(()) if folder.join(&owner).exists() => return Ok(Self { folder, owner, file }),
                _ => {}
            }
        }
    }

    /// Claims a key on a connection that is in a transaction.
    pub(crate) fn claim(&self, c: &Connection, key: &str) -> Result<ClaimResult, rusqlite::Error> {
        claim(c, key, &self.owner, &|owner| self.is_at_work(owner))
    }

    /// Gives a claimed key back.
    pub(crate) fn release(&self, c: &Connection, key: &str) -> Result<(), rusqlite::Error> {
        release(c, key, &self.owner)
    }

    fn is_at_work(&self, owner: &str) -> bool {
        is_held(&self.folder.join(owner))
    }
}

/// Claims a key for an owner, on a connection that is in a transaction. The claims of owners that are not at work count for nothing.
pub(crate) fn claim(
    c: &Connection,
    key: &str,
    owner: &str,
    is_at_work: &dyn Fn(&str) -> bool,
) -> Result<ClaimResult, rusqlite::Error> {
    let answered = "SELECT 1 FROM replies WHERE reply_key = ?1 AND finish_reason <> ?2";
    if c.prepare_cached(answered)?.exists([key, EMPTY])? {
        return Ok(ClaimResult::Answered);
    }
    let other: Option<String> = c
        .prepare_cached("SELECT owner FROM claims WHERE reply_key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    if other.is_some_and(|other| other != owner && is_at_work(&other)) {
        return Ok(ClaimResult::Theirs);
    }
    c.prepare_cached("INSERT OR REPLACE INTO claims (reply_key, owner) VALUES (?1, ?2)")?
        .execute(params![key, owner])?;
    Ok(ClaimResult::Ours)
}

/// Gives a key back that an owner has claimed.
pub(crate) fn release(c: &Connection, key: &str, owner: &str) -> Result<(), rusqlite::Error> {
    c.prepare_cached("DELETE FROM claims WHERE reply_key = ?1 AND owner = ?2")?
        .execute(params![key, owner])
        .map(drop)
}

/// Whether some process holds an owner's file.
fn is_held(file: &Path) -> bool {
    File::open(file).is_ok_and(|file| file.try_lock().is_err())
}

/// Removes the files of owners that have ended without doing so.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !is_held(&entry.path()) {
            // A file that stays is removed by the next process that looks.
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        let _ = self.file.unlock();
        let _ = fs::remove_file(self.folder.join(&self.owner));
        sweep(&self.folder);
        // Only the last process finds the folder empty.
        let _ = fs::remove_dir(&self.folder);
    }
}

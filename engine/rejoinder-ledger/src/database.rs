//! Opening a SQLite file so that a committed row survives a kill and a power failure, and processes can share it.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

/// How long a process waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(30);

/// How long a process waits for the readers of a file that is written anew: readers are quick, or stay.
const READER: Duration = Duration::from_secs(1);

/// A checkpoint writes each page that changed since the last one once: keys are random, so seldom is cheaper. 32 MiB.
const PAGES_BETWEEN_CHECKPOINTS: i64 = 8192;
/// Memory for pages, so that those on the way to a key are not read again for each.
const CACHE_KIB: i64 = 16 << 10;
/// SQLite's name for a database in memory.
pub(crate) const IN_MEMORY: &str = ":memory:";

/// Why the ledger or the store of replies cannot be used.
#[derive(Debug)]
pub enum LedgerError {
    /// The file was written by a newer engine. The values are the path, the version of the file, and the newest version that this
    /// engine knows.
    TooNew(PathBuf, i64, i64),
    /// There is no file at this path.
    Missing(PathBuf),
    /// Beside the file at this path, no file can be locked.
    Unlockable(PathBuf, std::io::Error),
    /// Another process reads the file at this path, so that what was deleted cannot be overwritten.
    InUse(PathBuf),
    /// SQLite failed on the file at this path.
    Sqlite(PathBuf, rusqlite::Error),
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooNew(path, version, ours) => write!(
                f,
                "{} has schema {version}, this engine knows {ours}: use the engine that wrote it",
                path.display()
            ),
            Self::Missing(path) => write!(f, "{} is not there", path.display()),
            Self::Unlockable(path, error) => write!(
                f,
                "{}: no file can be locked beside it, so that two processes might pay for the same: {error}",
                path.display()
            ),
            Self::InUse(path) => write!(
                f,
                "{} is read by another process, so that what was deleted in it cannot be overwritten",
                path.display()
            ),
            Self::Sqlite(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for LedgerError {}

/// An open file, usable from any thread.
pub(crate) struct Database {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Database {
    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file as [`Self::open`] does, or read-only where its folder cannot be written. No other process writes such a file
    /// either, and writing fails.
    pub(crate) fn open_even_read_only(
        path: &Path,
        create: bool,
        steps: &[&str],
    ) -> Result<Self, LedgerError> {
        match Self::open(path, create, steps) {
            Err(LedgerError::Sqlite(_, error)) if is_unwritable(&error) && path.exists() => {
                Self::open_immutable(path, steps.len() as i64)
            }
            opened => opened,
        }
    }

    /// Opens a file to look at it beside whoever writes it, and leaves no trace in its folder: neither a newer version of the
    /// tables nor a file of SQLite's own.
    pub(crate) fn open_to_look(path: &Path, version: i64) -> Result<Self, LedgerError> {
        // Without a log nobody writes the file, or its writers have not begun.
        let opened = match log_of(path).exists() {
            true => Self::open_read_only(path.as_os_str(), OpenFlags::empty(), path, version),
            false => Self::open_immutable(path, version),
        };
        match opened {
            Err(LedgerError::Sqlite(_, error)) if is_unwritable(&error) && path.exists() => {
                Self::open_immutable(path, version)
            }
            opened => opened,
        }
    }

    /// Opens a file that no process writes.
    fn open_immutable(path: &Path, version: i64) -> Result<Self, LedgerError> {
        Self::open_read_only(immutable_uri(path).as_ref(), OpenFlags::SQLITE_OPEN_URI, path, version)
    }

    /// Opens the file at `path` for reading, by an address that the flags say how to read.
    fn open_read_only(
        address: &OsStr,
        flags: OpenFlags,
        path: &Path,
        version: i64,
    ) -> Result<Self, LedgerError> {
        let failed = |e| LedgerError::Sqlite(path.to_owned(), e);
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(address, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        let found: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if found > version {
            return Err(LedgerError::TooNew(path.to_owned(), found, version));
        }
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    /// Opens a file, and makes it if `create` is set. The steps make the tables: each step brings a file of the version before it
    /// to the step's own version, so that an older file is brought up to date and loses nothing.
    pub(crate) fn open(path: &Path, create: bool, steps: &[&str]) -> Result<Self, LedgerError> {
        let version = steps.len() as i64;
        let failed = |e| LedgerError::Sqlite(path.to_owned(), e);
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        let prepared = (|| {
            connection.busy_timeout(BUSY)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "wal_autocheckpoint", PAGES_BETWEEN_CHECKPOINTS)?;
            connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
            let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if found < version {
                bring_up_to_date(&connection, steps)?;
            }
            Ok(found)
        })();
        let found = prepared.map_err(failed)?;
        if found > version {
            return Err(LedgerError::TooNew(path.to_owned(), found, version));
        }
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    /// Runs `work` on the connection. An error of `work` gets the file's name.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, LedgerError> {
        // Every statement is a transaction of its own: a panic elsewhere leaves nothing half-done.
        let guard: MutexGuard<'_, Connection> =
            self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&guard).map_err(|e| LedgerError::Sqlite(self.path.clone(), e))
    }

    /// Runs `work` as one transaction in which the tables of another file can be read, as those of `other`.
    pub(crate) fn transaction_beside(
        &self,
        other: &Path,
        work: impl FnOnce(&Connection) -> Result<(), rusqlite::Error>,
    ) -> Result<(), LedgerError> {
        let failed = |error| LedgerError::Sqlite(other.to_owned(), error);
        let name = other.to_str().ok_or_else(|| failed(rusqlite::Error::InvalidPath(other.to_owned())))?;
        self.with(|c| c.execute("ATTACH ?1 AS other", [name]).map(drop))?;
        let done = self.transaction(work);
        self.with(|c| c.execute_batch("DETACH other"))?;
        done
    }

    /// Writes the file anew without what was deleted, which otherwise stays in free pages and in the log until it is overwritten.
    pub(crate) fn compact(&self) -> Result<(), LedgerError> {
        let is_busy = self.with(|c| {
            c.execute_batch("VACUUM")?;
            c.busy_timeout(READER)?;
            let is_busy = c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, bool>(0));
            c.busy_timeout(BUSY)?;
            is_busy
        })?;
        if is_busy { Err(LedgerError::InUse(self.path.clone())) } else { Ok(()) }
    }

    /// Runs `work` as one transaction, which takes effect as a whole, durably, or not at all.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, LedgerError> {
        self.with(|c| {
            let transaction = Transaction::new_unchecked(c, TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }
}

/// Where SQLite keeps what was written since the last checkpoint.
fn log_of(path: &Path) -> PathBuf {
    let mut log = OsString::from(path);
    log.push("-wal");
    log.into()
}

/// Whether SQLite failed because it must not write.
fn is_unwritable(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    matches!(error.sqlite_error_code(), Some(CannotOpen | PermissionDenied | ReadOnly))
}

/// SQLite's address of a file that does not change. Bytes with a meaning in addresses are written by their numbers.
fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(byte as char),
            _ if byte.is_ascii_alphanumeric() => uri.push(byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

fn bring_up_to_date(connection: &Connection, steps: &[&str]) -> Result<(), rusqlite::Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in steps.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len() as i64)?;
    transaction.commit()
}

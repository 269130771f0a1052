//! The ledger of one run: its committed parts, and every HTTP call that was reserved for it.

use std::path::Path;

use rusqlite::{OptionalExtension, params};

use crate::database::{Database, LedgerError};

const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS parts (idx INTEGER PRIMARY KEY, summary TEXT NOT NULL, end TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS attempts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, reply_key TEXT NOT NULL, status INTEGER,
        prompt_tokens INTEGER, completion_tokens INTEGER, millis INTEGER);
";

/// A committed part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRow {
    /// Its number, from 0.
    pub index: u64,
    /// What it counted, as JSON.
    pub summary: String,
    /// Where the next part begins, as JSON.
    pub end: String,
}

/// The right to make one HTTP call: spent from the moment it is given.
#[derive(Debug, PartialEq, Eq)]
pub struct Reservation(i64);

/// What a run has spent on its judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// HTTP calls, including those whose outcome is unknown because of a kill.
    pub calls: u64,
    /// Input tokens as servers reported them.
    pub prompt_tokens: u64,
    /// Output tokens as servers reported them.
    pub completion_tokens: u64,
}

/// The ledger of a run; usable from any thread.
pub struct Ledger(Database);

impl Ledger {
    /// Makes the ledger of a new run, or opens the one that is there.
    ///
    /// # Errors
    /// If the file cannot be made, is no ledger, or is a newer engine's.
    pub fn create(path: &Path) -> Result<Self, LedgerError> {
        Database::open(path, true, VERSION, SCHEMA).map(Self)
    }

    /// Opens the ledger of a run.
    ///
    /// # Errors
    /// If there is none, it is no ledger, or it is a newer engine's.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Database::open(path, false, VERSION, SCHEMA).map(Self)
    }

    /// Commits a part whose files are in place.
    ///
    /// # Errors
    /// If SQLite fails, or the part is committed already.
    pub fn commit_part(&self, index: u64, summary: &str, end: &str) -> Result<(), LedgerError> {
        let insert = "INSERT INTO parts (idx, summary, end) VALUES (?1, ?2, ?3)";
        self.0.with(|c| c.execute(insert, params![index.cast_signed(), summary, end])).map(drop)
    }

    /// The committed parts, in order.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn parts(&self) -> Result<Vec<PartRow>, LedgerError> {
        self.0.with(|c| {
            let mut select = c.prepare("SELECT idx, summary, end FROM parts ORDER BY idx")?;
            let rows = select.query_map((), |row| {
                Ok(PartRow {
                    index: row.get::<_, i64>(0)?.cast_unsigned(),
                    summary: row.get(1)?,
                    end: row.get(2)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Notes a fact of the run.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn put(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        let insert =
            "INSERT INTO facts (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
        self.0.with(|c| c.execute(insert, params![name, value])).map(drop)
    }

    /// A fact of the run.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn get(&self, name: &str) -> Result<Option<String>, LedgerError> {
        self.0.with(|c| {
            c.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0)).optional()
        })
    }

    /// Reserves one HTTP call, durably, unless `limit` calls are reserved already: the count and the reservation are
    /// one statement, so no number of threads or processes passes the limit.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn reserve(&self, reply_key: &str, limit: Option<u64>) -> Result<Option<Reservation>, LedgerError> {
        // Without a limit nothing is counted: counting takes longer with every attempt.
        let insert = "INSERT INTO attempts (reply_key) SELECT ?1 WHERE ?2 IS NULL OR (SELECT COUNT(*) FROM attempts) < ?2";
        let limit = limit.map(|l| i64::try_from(l).unwrap_or(i64::MAX));
        self.0.with(|c| {
            Ok((c.execute(insert, params![reply_key, limit])? == 1)
                .then(|| Reservation(c.last_insert_rowid())))
        })
    }

    /// Gives a reservation back: only for a call that never reached a connection.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn release(&self, reservation: &Reservation) -> Result<(), LedgerError> {
        self.0.with(|c| c.execute("DELETE FROM attempts WHERE id = ?1", [reservation.0])).map(drop)
    }

    /// Notes how a call ended: the HTTP status (0 where none came), the server's token counts, the time it took.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn settle(
        &self,
        reservation: &Reservation,
        status: u16,
        prompt_tokens: Option<u64>,
        completion_tokens: Option<u64>,
        millis: u64,
    ) -> Result<(), LedgerError> {
        let update = "UPDATE attempts SET status = ?2, prompt_tokens = ?3, completion_tokens = ?4, millis = ?5 WHERE id = ?1";
        let signed = |n: Option<u64>| n.map(u64::cast_signed);
        let values = params![
            reservation.0,
            status,
            signed(prompt_tokens),
            signed(completion_tokens),
            millis.cast_signed()
        ];
        self.0.with(|c| c.execute(update, values)).map(drop)
    }

    /// What the run has spent.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn spent(&self) -> Result<Spent, LedgerError> {
        let select = "SELECT COUNT(*), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0) FROM attempts";
        self.0.with(|c| {
            c.query_row(select, (), |row| {
                let figure = |i| row.get::<_, i64>(i).map(i64::cast_unsigned);
                Ok(Spent { calls: figure(0)?, prompt_tokens: figure(1)?, completion_tokens: figure(2)? })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_number_of_threads_and_handles_passes_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let first = Ledger::create(&path).unwrap();
        let second = Ledger::open(&path).unwrap();
        let given = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (ledger, given) = (if thread % 2 == 0 { &first } else { &second }, &given);
                scope.spawn(move || {
                    for _ in 0..10 {
                        if ledger.reserve("k", Some(25)).unwrap().is_some() {
                            given.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!((given.into_inner(), second.spent().unwrap().calls), (25, 25));
    }

    #[test]
    fn a_reservation_is_spent_until_released_and_survives_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let ledger = Ledger::create(&path).unwrap();
        let kept = ledger.reserve("a", Some(2)).unwrap().unwrap();
        let returned = ledger.reserve("b", Some(2)).unwrap().unwrap();
        assert_eq!(ledger.reserve("c", Some(2)).unwrap(), None);
        ledger.release(&returned).unwrap();
        ledger.settle(&kept, 200, Some(120), None, 5).unwrap();
        ledger.reserve("d", None).unwrap().unwrap();
        ledger.commit_part(0, "{}", "e").unwrap();
        ledger.put("scan", "one").unwrap();
        ledger.put("scan", "two").unwrap();
        drop(ledger);
        let ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.spent().unwrap(), Spent { calls: 2, prompt_tokens: 120, completion_tokens: 0 });
        assert_eq!(ledger.parts().unwrap(), [PartRow { index: 0, summary: "{}".into(), end: "e".into() }]);
        assert_eq!(ledger.get("scan").unwrap().as_deref(), Some("two"));
        assert!(ledger.commit_part(0, "{}", "e").is_err(), "a part is committed once");
    }

    #[test]
    fn a_missing_a_broken_and_a_newer_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        assert!(Ledger::open(&path).is_err());
        std::fs::write(&path, "no database at all, but text that is long enough to be read as a header")
            .unwrap();
        let error = Ledger::open(&path).err().unwrap().to_string();
        assert!(error.contains("ledger.sqlite") && error.contains("not a database"), "{error}");
        std::fs::remove_file(&path).unwrap();
        drop(Ledger::create(&path).unwrap());
        rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let error = Ledger::open(&path).err().unwrap().to_string();
        assert!(error.contains("schema 99"), "{error}");
    }
}

//! The ledger of one run: its committed parts, and every HTTP request that was reserved for it.

use std::ops::AddAssign;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use crate::database::{Database, IN_MEMORY, LedgerError};
use crate::spending::{Limits, Spending};

const STEPS: &[&str] = &[
    "
    CREATE TABLE IF NOT EXISTS parts (idx INTEGER PRIMARY KEY, summary TEXT NOT NULL, end TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    ",
    // One row an HTTP request; `spent` is the sum over them, kept so that no reservation has to add up the rest.
    "
    DROP TABLE IF EXISTS attempts;
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, reply_key TEXT NOT NULL, state TEXT NOT NULL, status INTEGER,
        tokens INTEGER NOT NULL, money INTEGER NOT NULL, gpu INTEGER NOT NULL,
        prompt_tokens INTEGER, cached_tokens INTEGER, completion_tokens INTEGER, millis INTEGER);
    CREATE TABLE spent (
        id INTEGER PRIMARY KEY CHECK (id = 0), calls INTEGER NOT NULL, tokens INTEGER NOT NULL, money INTEGER NOT NULL,
        gpu INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL);
    INSERT INTO spent VALUES (0, 0, 0, 0, 0, 0, 0, 0);
    ",
];

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

/// The right to make one HTTP request: spent from the moment it is given, whatever becomes of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Reservation {
    id: i64,
    amount: Spending,
}

impl Reservation {
    /// What was set aside for it.
    pub const fn amount(&self) -> Spending {
        self.amount
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was answered.
    Answered,
    /// It was answered, with something that says nothing about what was asked.
    Unparseable,
    /// It was not answered.
    Failed,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unparseable => "unparseable",
            Self::Failed => "failed",
        }
    }
}

/// Tokens as a server counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input.
    pub prompt_tokens: u64,
    /// Those of the input that the server had computed before.
    pub cached_tokens: u64,
    /// Output.
    pub completion_tokens: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.completion_tokens += other.completion_tokens;
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub state: State,
    /// The HTTP status; 0 where none came.
    pub status: u16,
    /// What it took after all.
    pub amount: Spending,
    /// What the server counted, if it said.
    pub usage: Option<Usage>,
    /// How long it took.
    pub millis: u64,
}

/// One line for the ledger.
#[derive(Debug)]
pub enum Entry {
    /// A request is about to be made.
    Reserve {
        /// Key of the reply that it asks for.
        key: String,
        /// The most that it can take.
        amount: Spending,
    },
    /// A request has ended.
    Settle(Reservation, Outcome),
    /// A request that never reached a connection: the reservation is given back.
    Release(Reservation),
}

/// What a run has spent on its judge, with what is reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// In the units of a budget. Requests whose outcome a kill has hidden count with all that was reserved.
    pub amount: Spending,
    /// Tokens as servers reported them.
    pub usage: Usage,
}

/// The ledger of a run; usable from any thread.
pub struct Ledger(Database);

impl Ledger {
    /// Makes the ledger of a new run, or opens the one that is there.
    ///
    /// # Errors
    /// If the file cannot be made, is no ledger, or is a newer engine's.
    pub fn create(path: &Path) -> Result<Self, LedgerError> {
        Database::open(path, true, STEPS).map(Self)
    }

    /// Opens the ledger of a run; where its folder cannot be written, to read it.
    ///
    /// # Errors
    /// If there is none, it is no ledger, or it is a newer engine's.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Database::open_even_read_only(path, false, STEPS).map(Self)
    }

    /// A ledger that nobody sees and that ends with the process: to measure what asking costs without a disk.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn in_memory() -> Result<Self, LedgerError> {
        Self::create(Path::new(IN_MEMORY))
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

    /// The facts whose names begin so, with their names.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn facts(&self, beginning: &str) -> Result<Vec<(String, String)>, LedgerError> {
        self.0.with(|c| {
            let mut select = c.prepare("SELECT name, value FROM facts WHERE substr(name, 1, ?2) = ?1")?;
            let length = beginning.chars().count() as i64;
            let rows = select.query_map(params![beginning, length], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    /// Forgets a fact of the run, if there is one.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn remove(&self, name: &str) -> Result<(), LedgerError> {
        self.0.with(|c| c.execute("DELETE FROM facts WHERE name = ?1", [name])).map(drop)
    }

    /// Writes lines down, all or none, durably. For each [`Entry::Reserve`], in order: the reservation, or `None` where it
    /// would pass a limit. Sum and reservation are one transaction, so no number of threads or processes passes it.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was written.
    pub fn write(&self, entries: &[Entry], limits: &Limits) -> Result<Vec<Option<Reservation>>, LedgerError> {
        self.0.transaction(|c| {
            let mut spent = read_spent(c)?;
            let mut reserved = Vec::new();
            for entry in entries {
                match entry {
                    Entry::Reserve { key, amount } => {
                        reserved.push(reserve(c, &mut spent, key, *amount, limits)?);
                    }
                    Entry::Settle(reservation, outcome) => settle(c, &mut spent, reservation, outcome)?,
                    Entry::Release(reservation) => {
                        spent.amount -= reservation.amount;
                        c.prepare_cached("DELETE FROM attempts WHERE id = ?1")?.execute([reservation.id])?;
                    }
                }
            }
            write_spent(c, &spent)?;
            Ok(reserved)
        })
    }

    /// Reserves one request: see [`Self::write`].
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn reserve(
        &self,
        key: &str,
        amount: Spending,
        limits: &Limits,
    ) -> Result<Option<Reservation>, LedgerError> {
        let reserved = self.write(&[Entry::Reserve { key: key.to_owned(), amount }], limits)?;
        Ok(reserved.into_iter().next().flatten())
    }

    /// What the run has spent.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn spent(&self) -> Result<Spent, LedgerError> {
        self.0.with(read_spent)
    }

    /// The sum over the requests for one reply, and how many there were.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn spent_on(&self, key: &str) -> Result<Spending, LedgerError> {
        let select = "SELECT COUNT(*), COALESCE(SUM(tokens), 0), COALESCE(SUM(money), 0), COALESCE(SUM(gpu), 0) FROM attempts WHERE reply_key = ?1";
        self.0.with(|c| {
            c.query_row(select, [key], |row| {
                let figure = |i| row.get::<_, i64>(i).map(i64::cast_unsigned);
                Ok(Spending { calls: figure(0)?, tokens: figure(1)?, money: figure(2)?, gpu: figure(3)? })
            })
        })
    }
}

fn reserve(
    c: &Connection,
    spent: &mut Spent,
    key: &str,
    amount: Spending,
    limits: &Limits,
) -> Result<Option<Reservation>, rusqlite::Error> {
    let mut then = spent.amount;
    then += amount;
    if !limits.allow(&then) {
        return Ok(None);
    }
    spent.amount = then;
    let insert =
        "INSERT INTO attempts (reply_key, state, tokens, money, gpu) VALUES (?1, 'reserved', ?2, ?3, ?4)";
    let Spending { tokens, money, gpu, .. } = amount;
    c.prepare_cached(insert)?.execute(params![
        key,
        tokens.cast_signed(),
        money.cast_signed(),
        gpu.cast_signed()
    ])?;
    Ok(Some(Reservation { id: c.last_insert_rowid(), amount }))
}

fn settle(
    c: &Connection,
    spent: &mut Spent,
    reservation: &Reservation,
    outcome: &Outcome,
) -> Result<(), rusqlite::Error> {
    spent.amount -= reservation.amount;
    spent.amount += outcome.amount;
    spent.usage += outcome.usage.unwrap_or_default();
    let update =
        "UPDATE attempts SET state = ?2, status = ?3, tokens = ?4, money = ?5, gpu = ?6, prompt_tokens = ?7,
        cached_tokens = ?8, completion_tokens = ?9, millis = ?10 WHERE id = ?1";
    let reported = |tokens: fn(&Usage) -> u64| outcome.usage.as_ref().map(|u| tokens(u).cast_signed());
    c.prepare_cached(update)?.execute(params![
        reservation.id,
        outcome.state.name(),
        outcome.status,
        outcome.amount.tokens.cast_signed(),
        outcome.amount.money.cast_signed(),
        outcome.amount.gpu.cast_signed(),
        reported(|u| u.prompt_tokens),
        reported(|u| u.cached_tokens),
        reported(|u| u.completion_tokens),
        outcome.millis.cast_signed()
    ])?;
    Ok(())
}

fn read_spent(c: &Connection) -> Result<Spent, rusqlite::Error> {
    let select =
        "SELECT calls, tokens, money, gpu, prompt_tokens, cached_tokens, completion_tokens FROM spent";
    c.prepare_cached(select)?.query_row((), |row| {
        let figure = |i| row.get::<_, i64>(i).map(i64::cast_unsigned);
        Ok(Spent {
            amount: Spending { calls: figure(0)?, tokens: figure(1)?, money: figure(2)?, gpu: figure(3)? },
            usage: Usage {
                prompt_tokens: figure(4)?,
                cached_tokens: figure(5)?,
                completion_tokens: figure(6)?,
            },
        })
    })
}

fn write_spent(c: &Connection, Spent { amount, usage }: &Spent) -> Result<(), rusqlite::Error> {
    let update = "UPDATE spent SET calls = ?1, tokens = ?2, money = ?3, gpu = ?4, prompt_tokens = ?5, cached_tokens = ?6,
        completion_tokens = ?7";
    c.prepare_cached(update)?.execute(params![
        amount.calls.cast_signed(),
        amount.tokens.cast_signed(),
        amount.money.cast_signed(),
        amount.gpu.cast_signed(),
        usage.prompt_tokens.cast_signed(),
        usage.cached_tokens.cast_signed(),
        usage.completion_tokens.cast_signed()
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const CALL: Spending = Spending { calls: 1, tokens: 10, money: 100, gpu: 1_000 };

    fn calls(limit: u64) -> Limits {
        Limits { calls: Some(limit), ..Limits::default() }
    }

    fn file() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        (folder, path)
    }

    #[test]
    fn no_number_of_threads_and_handles_passes_a_limit() {
        let (_folder, path) = file();
        let first = Ledger::create(&path).unwrap();
        let second = Ledger::open(&path).unwrap();
        let given = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (ledger, given) = (if thread % 2 == 0 { &first } else { &second }, &given);
                scope.spawn(move || {
                    for _ in 0..10 {
                        if ledger.reserve("k", CALL, &calls(25)).unwrap().is_some() {
                            given.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!((given.into_inner(), second.spent().unwrap().amount.calls), (25, 25));
    }

    #[test]
    fn every_unit_limits_and_what_was_not_needed_is_free_again() {
        let (_folder, path) = file();
        let ledger = Ledger::create(&path).unwrap();
        for limits in [
            calls(2),
            Limits { tokens: Some(29), ..Limits::default() },
            Limits { money: Some(299), ..Limits::default() },
            Limits { gpu: Some(2_999), ..Limits::default() },
        ] {
            let before = ledger.spent().unwrap();
            let one = ledger.reserve("k", CALL, &limits).unwrap().unwrap();
            let two = ledger.reserve("k", CALL, &limits).unwrap().unwrap();
            assert_eq!(ledger.reserve("k", CALL, &limits).unwrap(), None, "{limits:?}");
            ledger.write(&[Entry::Release(one), Entry::Release(two)], &limits).unwrap();
            assert_eq!(ledger.spent().unwrap(), before);
        }
    }

    #[test]
    fn a_reservation_is_spent_until_released_and_survives_reopening() {
        let (_folder, path) = file();
        let ledger = Ledger::create(&path).unwrap();
        let kept = ledger.reserve("a", CALL, &calls(2)).unwrap().unwrap();
        let returned = ledger.reserve("b", CALL, &calls(2)).unwrap().unwrap();
        let usage = Usage { prompt_tokens: 4, cached_tokens: 3, completion_tokens: 1 };
        let amount = Spending { calls: 1, tokens: 5, money: 50, gpu: 0 };
        let outcome = Outcome { state: State::Answered, status: 200, amount, usage: Some(usage), millis: 5 };
        let entries = [
            Entry::Release(returned),
            Entry::Settle(kept, outcome),
            Entry::Reserve { key: "d".into(), amount: CALL },
        ];
        assert!(ledger.write(&entries, &calls(2)).unwrap()[0].is_some());
        ledger.commit_part(0, "{}", "e").unwrap();
        ledger.put("scan", "one").unwrap();
        ledger.put("scan", "two").unwrap();
        drop(ledger);
        let ledger = Ledger::open(&path).unwrap();
        let mut expected = amount;
        expected += CALL;
        assert_eq!(ledger.spent().unwrap(), Spent { amount: expected, usage });
        assert_eq!(ledger.spent_on("a").unwrap(), amount);
        assert_eq!(ledger.parts().unwrap(), [PartRow { index: 0, summary: "{}".into(), end: "e".into() }]);
        assert_eq!(ledger.get("scan").unwrap().as_deref(), Some("two"));
        assert!(ledger.commit_part(0, "{}", "e").is_err(), "a part is committed once");
    }

    #[test]
    fn a_missing_a_broken_and_a_newer_file_are_refused() {
        let (_folder, path) = file();
        assert!(Ledger::open(&path).is_err());
        std::fs::write(&path, "no database at all, but text that is long enough to be read as a header")
            .unwrap();
        let error = Ledger::open(&path).err().unwrap().to_string();
        assert!(error.contains("ledger.sqlite") && error.contains("not a database"), "{error}");
        std::fs::remove_file(&path).unwrap();
        drop(Ledger::create(&path).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let error = Ledger::open(&path).err().unwrap().to_string();
        assert!(error.contains("schema 99"), "{error}");
    }
}

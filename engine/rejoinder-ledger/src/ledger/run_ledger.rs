//! The ledger's file and what can be done with it.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{OptionalExtension, params};

use super::entry::{LedgerEntry, PartRow, Reservation};
use super::spending_total::{SpendingTotal, read_spent, release, reserve, settle, write_spent};
use crate::database::{Database, IN_MEMORY, LedgerError};
use crate::spending::{Spending, SpendingLimits};

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
    "
    CREATE TABLE grouped (form TEXT, turn TEXT, PRIMARY KEY (form, turn)) WITHOUT ROWID;
    ",
];

const PUT_FACT: &str =
    "INSERT INTO facts (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";

const ABSORB: &str = "
    INSERT INTO attempts (reply_key, state, status, tokens, money, gpu, prompt_tokens, cached_tokens, completion_tokens, millis)
        SELECT reply_key, state, status, tokens, money, gpu, prompt_tokens, cached_tokens, completion_tokens, millis
        FROM other.attempts ORDER BY id;
    UPDATE spent SET (calls, tokens, money, gpu, prompt_tokens, cached_tokens, completion_tokens) = (
        SELECT spent.calls + more.calls, spent.tokens + more.tokens, spent.money + more.money, spent.gpu + more.gpu,
            spent.prompt_tokens + more.prompt_tokens, spent.cached_tokens + more.cached_tokens,
            spent.completion_tokens + more.completion_tokens
        FROM other.spent AS more);
    INSERT OR IGNORE INTO grouped SELECT form, turn FROM other.grouped;
    ";

/// The ledger of a run. A ledger can be used from any thread.
pub struct Ledger(Database);

impl Ledger {
    /// Makes the ledger of a new run, or opens the ledger that exists already.
    ///
    /// # Errors
    /// If the file cannot be made, is no ledger, or was written by a newer engine.
    pub fn create(path: &Path) -> Result<Self, LedgerError> {
        Database::open(path, true, STEPS).map(Self)
    }

    /// Opens the ledger of a run. Where its folder cannot be written, the ledger can only be read.
    ///
    /// # Errors
    /// If the file is missing, is no ledger, or was written by a newer engine.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Database::open_even_read_only(path, false, STEPS).map(Self)
    }

    /// Opens the ledger of a run to look at it, beside whoever works on the run. Nothing in its folder changes. What an older ledger
    /// does not have is an error where it is asked for.
    ///
    /// # Errors
    /// If the file is missing, is no ledger, or was written by a newer engine.
    pub fn open_to_look(path: &Path) -> Result<Self, LedgerError> {
        Database::open_to_look(path, STEPS.len() as i64).map(Self)
    }

    /// A ledger in memory, which ends with the process: to measure what asking costs without a disk.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn in_memory() -> Result<Self, LedgerError> {
        Self::create(Path::new(IN_MEMORY))
    }

    /// Commits a part, whose files must be in place.
    ///
    /// # Errors
    /// If SQLite fails, or the part has been committed before.
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

    /// Replaces the counts of a committed part.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn set_summary(&self, index: u64, summary: &str) -> Result<(), LedgerError> {
        let update = "UPDATE parts SET summary = ?2 WHERE idx = ?1";
        self.0.with(|c| c.execute(update, params![index.cast_signed(), summary])).map(drop)
    }

    /// Notes a fact of the run.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn put(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.0.with(|c| c.execute(PUT_FACT, params![name, value])).map(drop)
    }

    /// Which of some turns, each named by the key of the request about it alone, are in no group of a form yet.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn ungrouped<'t>(&self, form: &str, turns: &[&'t str]) -> Result<HashSet<&'t str>, LedgerError> {
        self.0.with(|c| {
            let mut select = c.prepare_cached("SELECT 1 FROM grouped WHERE form = ?1 AND turn = ?2")?;
            let mut ungrouped = HashSet::new();
            for turn in turns {
                if !select.exists([form, turn])? {
                    ungrouped.insert(*turn);
                }
            }
            Ok(ungrouped)
        })
    }

    /// Notes a fact of the run, and that turns are in a group of a form, in one transaction.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was noted.
    pub fn put_groups(&self, form: &str, turns: &[&str], name: &str, value: &str) -> Result<(), LedgerError> {
        self.0.transaction(|c| {
            let mut insert =
                c.prepare_cached("INSERT OR IGNORE INTO grouped (form, turn) VALUES (?1, ?2)")?;
            for turn in turns {
                insert.execute([form, turn])?;
            }
            c.execute(PUT_FACT, params![name, value]).map(drop)
        })
    }

    /// Adds what another ledger has of requests: each of them, what they cost, which turns are in groups, and the facts whose names
    /// begin with `facts`.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was added.
    pub fn absorb(&self, other: &Self, facts: &str) -> Result<(), LedgerError> {
        self.0.transaction_beside(other.0.path(), |c| {
            c.execute_batch(ABSORB)?;
            let put = "INSERT OR REPLACE INTO facts SELECT name, value FROM other.facts WHERE substr(name, 1, ?2) = ?1";
            c.execute(put, params![facts, facts.chars().count() as i64]).map(drop)
        })
    }

    /// Forgets by which keys turns were known, in groups and in requests; what the requests took stays.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was forgotten.
    pub fn forget_turns(&self, keys: &[&str]) -> Result<(), LedgerError> {
        self.0.transaction(|c| {
            let mut ungroup = c.prepare("DELETE FROM grouped WHERE turn = ?1")?;
            let mut unname = c.prepare("UPDATE attempts SET reply_key = '' WHERE reply_key = ?1")?;
            for key in keys {
                ungroup.execute([key])?;
                unname.execute([key])?;
            }
            Ok(())
        })
    }

    /// Writes the file anew without what was forgotten.
    ///
    /// # Errors
    /// If SQLite fails, or another process reads the file.
    pub fn compact(&self) -> Result<(), LedgerError> {
        self.0.compact()
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

    /// The names and values of the facts whose names begin with `beginning`.
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

    /// Forgets a fact of the run, if the ledger holds it.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn remove(&self, name: &str) -> Result<(), LedgerError> {
        self.0.with(|c| c.execute("DELETE FROM facts WHERE name = ?1", [name])).map(drop)
    }

    /// Writes entries, all of them or not one, durably. Returns for each [`LedgerEntry::Reserve`], in order, the reservation, or
    /// `None` where the reservation would pass a limit. Sum and reservation are one transaction, so that no number of threads or
    /// processes passes a limit. A reservation ends once: entries about one that has ended change nothing.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was written.
    pub fn write(
        &self,
        entries: &[LedgerEntry],
        limits: &SpendingLimits,
    ) -> Result<Vec<Option<Reservation>>, LedgerError> {
        self.0.transaction(|c| {
            let mut spent = read_spent(c)?;
            let mut reserved = Vec::new();
            for entry in entries {
                match entry {
                    LedgerEntry::Reserve { key, amount } => {
                        reserved.push(reserve(c, &mut spent, key, *amount, limits)?);
                    }
                    LedgerEntry::Settle(reservation, outcome) => settle(c, &mut spent, reservation, outcome)?,
                    LedgerEntry::Release(reservation) => release(c, &mut spent, reservation)?,
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
        limits: &SpendingLimits,
    ) -> Result<Option<Reservation>, LedgerError> {
        let reserved = self.write(&[LedgerEntry::Reserve { key: key.to_owned(), amount }], limits)?;
        Ok(reserved.into_iter().next().flatten())
    }

    /// What the run has spent.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn spent(&self) -> Result<SpendingTotal, LedgerError> {
        self.0.with(read_spent)
    }

    /// Lets the run begin with what an earlier run has spent, and with facts (name, value) of it, in one transaction.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was taken over.
    pub fn take_over(&self, spent: SpendingTotal, facts: &[(&str, String)]) -> Result<(), LedgerError> {
        self.0.transaction(|c| {
            let mut total = read_spent(c)?;
            total += spent;
            write_spent(c, &total)?;
            let mut put = c.prepare_cached(PUT_FACT)?;
            facts.iter().try_for_each(|(name, value)| put.execute(params![name, value]).map(drop))
        })
    }

    /// What the requests for one reply have cost, including the number of these requests.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn spent_on(&self, key: &str) -> Result<Spending, LedgerError> {
        let select = "SELECT COUNT(*), COALESCE(SUM(tokens), 0), COALESCE(SUM(money), 0), COALESCE(SUM(gpu), 0) FROM attempts WHERE reply_key = ?1 AND state <> 'released'";
        self.0.with(|c| {
            c.query_row(select, [key], |row| {
                let figure = |i| row.get::<_, i64>(i).map(i64::cast_unsigned);
                Ok(Spending { calls: figure(0)?, tokens: figure(1)?, money: figure(2)?, gpu: figure(3)? })
            })
        })
    }
}

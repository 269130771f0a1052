//! What the judge said, word for word, under the key of the request.

use std::path::Path;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::claims::{self, ClaimResult, Claims};
use crate::database::{Database, IN_MEMORY, LedgerError};
use crate::ledger::TokenUsage;
use crate::shared_reply;

const STEPS: &[&str] = &[
    "
    CREATE TABLE IF NOT EXISTS replies (
        reply_key TEXT PRIMARY KEY, model TEXT NOT NULL, content TEXT NOT NULL, finish_reason TEXT NOT NULL,
        prompt_tokens INTEGER, completion_tokens INTEGER) WITHOUT ROWID;
    ",
    "
    ALTER TABLE replies ADD COLUMN cached_tokens INTEGER;
    ALTER TABLE replies ADD COLUMN alternatives TEXT NOT NULL DEFAULT '';
    ",
    "
    CREATE TABLE claims (reply_key TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
    ",
    "
    CREATE TABLE shared (
        turn_key TEXT NOT NULL, reply_key TEXT NOT NULL, place INTEGER NOT NULL, turns INTEGER NOT NULL,
        PRIMARY KEY (turn_key, reply_key)) WITHOUT ROWID;
    CREATE TABLE measured (judge TEXT PRIMARY KEY, sums TEXT NOT NULL);
    ",
];

/// The `finish_reason` of a reply that is no answer, but a server's message that the prompt is longer than the model's context.
/// The message is stored so that the same prompt is not sent again in vain.
const TOO_LONG: &str = "rejoinder:too-long";
/// The `finish_reason` of a reply that is no answer, but a server's refusal of this one request. The refusal is stored so that
/// questions that shared the request are asked apart, and so that the refused question is known with the server's words.
const REFUSED: &str = "rejoinder:refused";
/// The `finish_reason` of a reply that is no answer, but a note that a server answered with nothing. The note tells why a turn
/// waits, and is replaced by any reply that comes when the same request is made again.
pub(crate) const EMPTY: &str = "rejoinder:empty";

/// The columns of a reply.
pub(crate) const COLUMNS: &str =
    "reply_key, model, content, finish_reason, alternatives, prompt_tokens, cached_tokens, completion_tokens";
/// Lets the first reply under a key stay, unless it is a note that an answer held nothing.
pub(crate) const UNLESS_KNOWN: &str = "ON CONFLICT (reply_key) DO UPDATE SET
        model = excluded.model, content = excluded.content, finish_reason = excluded.finish_reason,
        alternatives = excluded.alternatives, prompt_tokens = excluded.prompt_tokens,
        cached_tokens = excluded.cached_tokens, completion_tokens = excluded.completion_tokens
    WHERE replies.finish_reason = 'rejoinder:empty'";

/// An answer of the judge as the server sent it, or a note in an answer's place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The model that the server named.
    pub model: String,
    /// The assistant's text.
    pub content: String,
    /// Why the text ended: `stop`, `length`, …
    pub finish_reason: String,
    /// The alternatives to the first token, as a JSON list of tokens and log-probabilities; empty where the request asked for none.
    pub alternatives: String,
    /// The tokens as the server counts them, if it gave them.
    pub usage: Option<TokenUsage>,
}

impl Reply {
    /// The note that a server found the prompt too long, with its message.
    pub fn too_long(model: String, message: String) -> Self {
        Self { model, content: message, finish_reason: TOO_LONG.to_owned(), ..Self::default() }
    }

    /// Whether the reply is no answer, but a note made by [`Self::too_long`].
    pub fn is_too_long(&self) -> bool {
        self.finish_reason == TOO_LONG
    }

    /// The note that a server refused the request while it answered others, with its message.
    pub fn refused(model: String, message: String) -> Self {
        Self { model, content: message, finish_reason: REFUSED.to_owned(), ..Self::default() }
    }

    /// The note that an answer held nothing, with the reason.
    pub fn empty(model: String, why: String) -> Self {
        Self { model, content: why, finish_reason: EMPTY.to_owned(), ..Self::default() }
    }

    /// Whether the reply is no answer, but a note made by [`Self::empty`].
    pub fn is_empty(&self) -> bool {
        self.finish_reason == EMPTY
    }

    /// Whether the reply is no answer, but a note made by [`Self::refused`].
    pub fn is_refused(&self) -> bool {
        self.finish_reason == REFUSED
    }
}

/// The store of replies. Several threads and processes can use a store at once; readers do not wait for writers.
pub struct ReplyStore {
    pub(crate) writer: Database,
    /// `None` where a second handle would not see what the writer writes.
    reader: Option<Database>,
    sharing: Sharing,
}

/// Who else may ask for the same replies.
enum Sharing {
    /// Nobody.
    None,
    /// Other processes, beside which this one has its claims.
    Processes(Claims),
    /// The clients of this process, which names the owner with each claim.
    Clients,
}

impl ReplyStore {
    /// Opens the store, and makes it if the file is missing.
    ///
    /// # Errors
    /// If the file cannot be made, is no store of replies, or was written by a newer engine.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let writer = Database::open(path, true, STEPS)?;
        Ok(Self { writer, reader: Some(Database::open(path, false, STEPS)?), sharing: Sharing::None })
    }

    /// Opens a store that other processes may use at the same time, and makes it if the file is missing. What one process asks
    /// for, no other process asks for.
    ///
    /// # Errors
    /// As [`Self::open`], and if no file can be locked beside the store.
    pub fn open_shared(path: &Path) -> Result<Self, LedgerError> {
        let claims = Claims::new(path).map_err(|error| LedgerError::Unlockable(path.to_owned(), error))?;
        Ok(Self { sharing: Sharing::Processes(claims), ..Self::open(path)? })
    }

    /// Opens a store whose only process asks on behalf of clients, and makes the store if the file is missing. Keys are claimed by
    /// [`Self::claim_for`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_for_clients(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self { sharing: Sharing::Clients, ..Self::open(path)? })
    }

    /// Claims keys for a client, all in one transaction, and returns for each key whether the client may ask for its reply. Claims of
    /// clients that are not at work count for nothing. Claims survive the process.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn claim_for(
        &self,
        client: &str,
        keys: &[&str],
        is_at_work: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<ClaimResult>, LedgerError> {
        self.writer
            .transaction(|c| keys.iter().map(|key| claims::claim(c, key, client, is_at_work)).collect())
    }

    /// Gives back keys that a client has claimed and that have no reply.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn release_for(&self, client: &str, keys: &[&str]) -> Result<(), LedgerError> {
        self.writer.transaction(|c| keys.iter().try_for_each(|key| claims::release(c, key, client)))
    }

    /// The owners of all claims, each once.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn claim_owners(&self) -> Result<Vec<String>, LedgerError> {
        self.writer.with(|c| {
            let mut select = c.prepare("SELECT DISTINCT owner FROM claims")?;
            let owners = select.query_map((), |row| row.get(0))?;
            owners.collect()
        })
    }

    /// Claims keys, all in one transaction, and returns for each key whether this process may ask for its reply. In a store that
    /// is not shared, the process always may.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn claim(&self, keys: &[&str]) -> Result<Vec<ClaimResult>, LedgerError> {
        match &self.sharing {
            Sharing::None | Sharing::Clients => Ok(vec![ClaimResult::Ours; keys.len()]),
            Sharing::Processes(claims) => {
                self.writer.transaction(|c| keys.iter().map(|key| claims.claim(c, key)).collect())
            }
        }
    }

    /// Gives back keys that were claimed and have no reply.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn release(&self, keys: &[&str]) -> Result<(), LedgerError> {
        match &self.sharing {
            Sharing::None | Sharing::Clients => Ok(()),
            Sharing::Processes(claims) => {
                self.writer.transaction(|c| keys.iter().try_for_each(|key| claims.release(c, key)))
            }
        }
    }

    /// Whether other processes may ask for the same replies.
    pub const fn is_shared(&self) -> bool {
        matches!(self.sharing, Sharing::Processes(_))
    }

    /// Opens a store for reading, whether its folder can be written or not.
    ///
    /// # Errors
    /// If the file is missing, or was written by a newer engine.
    pub fn open_to_read(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self {
            writer: Database::open_even_read_only(path, false, STEPS)?,
            reader: None,
            sharing: Sharing::None,
        })
    }

    /// Opens a store to look at it, beside whoever writes it. Nothing in its folder changes.
    ///
    /// # Errors
    /// If the file is missing, or was written by a newer engine.
    pub fn open_to_look(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self {
            writer: Database::open_to_look(path, STEPS.len() as i64)?,
            reader: None,
            sharing: Sharing::None,
        })
    }

    /// The number of replies that are stored, with the notes in their place.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn count(&self) -> Result<u64, LedgerError> {
        let select = "SELECT COUNT(*) FROM replies";
        self.reader().with(|c| c.query_row(select, (), |row| row.get(0)).map(i64::cast_unsigned))
    }

    /// A store in memory, which ends with the process: to measure what asking costs without a disk.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn in_memory() -> Result<Self, LedgerError> {
        Ok(Self {
            writer: Database::open(Path::new(IN_MEMORY), true, STEPS)?,
            reader: None,
            sharing: Sharing::None,
        })
    }

    pub(crate) fn reader(&self) -> &Database {
        self.reader.as_ref().unwrap_or(&self.writer)
    }

    /// The reply under a key.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn get(&self, key: &str) -> Result<Option<Reply>, LedgerError> {
        let select = "SELECT model, content, finish_reason, alternatives, prompt_tokens, cached_tokens, completion_tokens FROM replies WHERE reply_key = ?1";
        self.reader().with(|c| {
            c.prepare_cached(select)?
                .query_row([key], |row| {
                    let tokens = |i| row.get::<_, Option<i64>>(i).map(|n| n.map(i64::cast_unsigned));
                    let usage = match (tokens(4)?, tokens(6)?) {
                        (None, None) => None,
                        (prompt, completion) => Some(TokenUsage {
                            prompt_tokens: prompt.unwrap_or(0),
                            cached_tokens: tokens(5)?.unwrap_or(0),
                            completion_tokens: completion.unwrap_or(0),
                        }),
                    };
                    Ok(Reply {
                        model: row.get(0)?,
                        content: row.get(1)?,
                        finish_reason: row.get(2)?,
                        alternatives: row.get(3)?,
                        usage,
                    })
                })
                .optional()
        })
    }

    /// Whether the store holds a reply under a key, other than a note made by [`Reply::empty`].
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn contains(&self, key: &str) -> Result<bool, LedgerError> {
        let select = "SELECT 1 FROM replies WHERE reply_key = ?1 AND finish_reason <> ?2";
        self.reader().with(|c| c.prepare_cached(select)?.exists([key, EMPTY]))
    }

    /// Forgets the replies under these keys, so that they are asked for again.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn forget<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Result<(), LedgerError> {
        self.writer.transaction(|c| {
            let mut delete = c.prepare_cached("DELETE FROM replies WHERE reply_key = ?1")?;
            keys.into_iter().try_for_each(|key| delete.execute([key]).map(drop))
        })
    }

    /// Stores replies, all of them or not one, durably. The first reply under a key stays, unless it is a note made by
    /// [`Reply::empty`].
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn put<'a>(
        &self,
        replies: impl IntoIterator<Item = (&'a str, &'a Reply)>,
    ) -> Result<(), LedgerError> {
        self.put_shared(replies.into_iter().map(|(key, reply)| (key, reply, &[][..])))
    }

    /// Stores replies as [`Self::put`] does, each with the turns that it is about, where these are several; a turn is named by the
    /// key that it would have alone.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn put_shared<'a>(
        &self,
        replies: impl IntoIterator<Item = (&'a str, &'a Reply, &'a [String])>,
    ) -> Result<(), LedgerError> {
        let insert =
            format!("INSERT INTO replies ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) {UNLESS_KNOWN}");
        self.writer.transaction(|c| {
            let mut insert = c.prepare_cached(&insert)?;
            let mut free = c.prepare_cached("DELETE FROM claims WHERE reply_key = ?1")?;
            for (key, reply, turns) in replies {
                shared_reply::note(c, key, turns)?;
                if !matches!(self.sharing, Sharing::None) {
                    free.execute([key])?;
                }
                let Reply { model, content, finish_reason, alternatives, usage } = reply;
                let tokens = |of: fn(&TokenUsage) -> u64| usage.as_ref().map(|u| of(u).cast_signed());
                insert.execute(params![
                    key,
                    model,
                    content,
                    finish_reason,
                    alternatives,
                    tokens(|u| u.prompt_tokens),
                    tokens(|u| u.cached_tokens),
                    tokens(|u| u.completion_tokens)
                ])?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replies_of_an_older_engine_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replies.sqlite");
        let old = rusqlite::Connection::open(&path).unwrap();
        old.execute_batch(STEPS[0]).unwrap();
        old.execute("INSERT INTO replies VALUES ('k', 'm', 'UR5', 'stop', 7, NULL)", ()).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        let reply = ReplyStore::open(&path).unwrap().get("k").unwrap().unwrap();
        assert_eq!((reply.content.as_str(), reply.usage.unwrap().prompt_tokens), ("UR5", 7));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_reply_comes_back_and_the_first_one_stays(content: String, alternatives: String, key in "[0-9a-f]{1,64}", tokens in prop::option::of(0_u64..1 << 40)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("replies.sqlite");
            let usage = tokens.map(|n| TokenUsage { prompt_tokens: n, cached_tokens: n / 2, completion_tokens: 1 });
            let reply = Reply { model: "m".into(), content, finish_reason: "stop".into(), alternatives, usage };
            let store = ReplyStore::open(&path).unwrap();
            prop_assert_eq!(store.get(&key).unwrap(), None);
            store.put([(key.as_str(), &reply)]).unwrap();
            store.put([(key.as_str(), &Reply { model: "later".into(), ..reply.clone() })]).unwrap();
            drop(store);
            let store = ReplyStore::open(&path).unwrap();
            prop_assert!(store.contains(&key).unwrap());
            prop_assert_eq!(store.get(&key).unwrap(), Some(reply));
        }
    }
}

//! What the judge said, word for word, under the key of what it was asked.

use std::path::Path;

use rusqlite::{OptionalExtension, params};

use crate::database::{Database, LedgerError};

const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS replies (
        reply_key TEXT PRIMARY KEY, model TEXT NOT NULL, content TEXT NOT NULL, finish_reason TEXT NOT NULL,
        prompt_tokens INTEGER, completion_tokens INTEGER) WITHOUT ROWID;
";

/// An answer of the judge, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The model that the server named.
    pub model: String,
    /// The assistant's text.
    pub content: String,
    /// Why it ended: `stop`, `length`, …
    pub finish_reason: String,
    /// Input tokens as the server counts, if it said.
    pub prompt_tokens: Option<u64>,
    /// Output tokens as the server counts, if it said.
    pub completion_tokens: Option<u64>,
}

/// The store of replies; usable from any thread, and by several processes at once.
pub struct Replies(Database);

impl Replies {
    /// Opens the store, making it if there is none.
    ///
    /// # Errors
    /// If the file cannot be made, is no store of replies, or is a newer engine's.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Database::open(path, true, VERSION, SCHEMA).map(Self)
    }

    /// The reply under a key.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn get(&self, key: &str) -> Result<Option<Reply>, LedgerError> {
        let select = "SELECT model, content, finish_reason, prompt_tokens, completion_tokens FROM replies WHERE reply_key = ?1";
        self.0.with(|c| {
            let tokens = |n: Option<i64>| n.map(i64::cast_unsigned);
            c.prepare_cached(select)?
                .query_row([key], |row| {
                    Ok(Reply {
                        model: row.get(0)?,
                        content: row.get(1)?,
                        finish_reason: row.get(2)?,
                        prompt_tokens: tokens(row.get(3)?),
                        completion_tokens: tokens(row.get(4)?),
                    })
                })
                .optional()
        })
    }

    /// Stores a reply, durably. The first one under a key stays.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn put(&self, key: &str, reply: &Reply) -> Result<(), LedgerError> {
        let insert = "INSERT INTO replies VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (reply_key) DO NOTHING";
        let tokens = |n: Option<u64>| n.map(u64::cast_signed);
        let Reply { model, content, finish_reason, prompt_tokens, completion_tokens } = reply;
        let values =
            params![key, model, content, finish_reason, tokens(*prompt_tokens), tokens(*completion_tokens)];
        self.0.with(|c| c.execute(insert, values)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_reply_comes_back_and_the_first_one_stays(content: String, key in "[0-9a-f]{1,64}", tokens in prop::option::of(0_u64..1 << 40)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("replies.sqlite");
            let reply = Reply { model: "m".into(), content, finish_reason: "stop".into(), prompt_tokens: tokens, completion_tokens: None };
            let store = Replies::open(&path).unwrap();
            prop_assert_eq!(store.get(&key).unwrap(), None);
            store.put(&key, &reply).unwrap();
            store.put(&key, &Reply { model: "later".into(), ..reply.clone() }).unwrap();
            drop(store);
            prop_assert_eq!(Replies::open(&path).unwrap().get(&key).unwrap(), Some(reply));
        }
    }
}

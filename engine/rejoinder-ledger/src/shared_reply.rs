//! Replies about several turns: which turns a reply is about, so that each turn's answer is found by itself.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::database::LedgerError;
use crate::reply_store::ReplyStore;

/// A reply about several turns, as one of these turns finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedReply {
    /// The key of the reply.
    pub key: String,
    /// The place of the turn among those that the reply is about, from 0.
    pub place: usize,
    /// The number of turns that the reply is about.
    pub turns: usize,
}

/// Notes which turns the reply under `key` is about; `turns` are the keys that each of them would have alone.
pub(crate) fn note(c: &Connection, key: &str, turns: &[String]) -> rusqlite::Result<()> {
    let insert = "INSERT OR IGNORE INTO shared (turn_key, reply_key, place, turns) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = c.prepare_cached(insert)?;
    for (place, turn) in turns.iter().enumerate() {
        insert.execute(params![turn, key, place as i64, turns.len() as i64])?;
    }
    Ok(())
}

impl ReplyStore {
    /// Notes which turns the replies under some keys are about, before there are replies; a turn is named by the key that it would
    /// have alone.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was noted.
    pub fn note_shared<'a>(
        &self,
        replies: impl IntoIterator<Item = (&'a str, &'a [String])>,
    ) -> Result<(), LedgerError> {
        self.writer.transaction(|c| replies.into_iter().try_for_each(|(key, turns)| note(c, key, turns)))
    }

    /// The replies about several turns, stored or not, that are about the turn which would have `turn_key` alone.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn shared(&self, turn_key: &str) -> Result<Vec<SharedReply>, LedgerError> {
        let select = "SELECT reply_key, place, turns FROM shared WHERE turn_key = ?1 ORDER BY reply_key";
        self.reader().with(|c| {
            // A store of an earlier engine that cannot be written holds no such replies.
            if !c.table_exists(None, "shared")? {
                return Ok(Vec::new());
            }
            let mut select = c.prepare_cached(select)?;
            let count = |row: &rusqlite::Row<'_>, i| row.get::<_, i64>(i).map(|n| n.max(0) as usize);
            let rows = select.query_map([turn_key], |row| {
                Ok(SharedReply { key: row.get(0)?, place: count(row, 1)?, turns: count(row, 2)? })
            })?;
            rows.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_finds_the_replies_that_it_shares() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replies.sqlite");
        let turns = ["a", "b"].map(str::to_owned);
        ReplyStore::open(&path).unwrap().note_shared([("k2", &turns[..]), ("k1", &turns[1..])]).unwrap();
        let store = ReplyStore::open(&path).unwrap();
        let found = |turn: &str| {
            let shared = store.shared(turn).unwrap().into_iter();
            shared.map(|SharedReply { key, place, turns }| (key, place, turns)).collect::<Vec<_>>()
        };
        assert_eq!(found("a"), [("k2".to_owned(), 0, 2)]);
        assert_eq!(found("b"), [("k1".to_owned(), 0, 1), ("k2".to_owned(), 1, 2)]);
        assert_eq!(found("c"), []);
    }
}

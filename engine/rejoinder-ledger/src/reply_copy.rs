//! Taking over what another store of replies holds: a run goes on with what an earlier run has paid for, and a merged run with what
//! its shards have.

use std::path::Path;

use crate::database::LedgerError;
use crate::reply_store::{COLUMNS, ReplyStore, UNLESS_KNOWN};

impl ReplyStore {
    /// Takes over all replies of the store in another file, which turns they are about, and what was measured of their judges; all of
    /// it or nothing. What this store holds already stays as it is, but for a note made by [`Reply::empty`](crate::Reply::empty).
    ///
    /// # Errors
    /// If the other file is missing, is no store of replies, or was written by a newer engine, or SQLite fails.
    pub fn take_over(&self, other: &Path) -> Result<(), LedgerError> {
        if !other.is_file() {
            // SQLite would make an empty file.
            return Err(LedgerError::Missing(other.to_owned()));
        }
        // Brings a store of an earlier engine up to date.
        drop(Self::open(other)?);
        self.writer.transaction_beside(other, |c| {
            c.execute_batch(&format!(
                "INSERT INTO replies ({COLUMNS}) SELECT {COLUMNS} FROM other.replies WHERE true {UNLESS_KNOWN};
                INSERT OR IGNORE INTO shared (turn_key, reply_key, place, turns)
                    SELECT turn_key, reply_key, place, turns FROM other.shared;
                INSERT OR IGNORE INTO measured (judge, sums) SELECT judge, sums FROM other.measured;"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply_store::Reply;

    #[test]
    fn all_that_another_store_holds_is_taken_over_and_nothing_of_ones_own_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let reply = |content: &str| Reply { content: content.to_owned(), ..Reply::default() };
        let earlier = ReplyStore::open(&path("earlier.sqlite")).unwrap();
        let turns = ["a", "b"].map(str::to_owned);
        earlier.put_shared([("k1", &reply("one"), &turns[..]), ("k2", &reply("two"), &[][..])]).unwrap();
        earlier.update_measured("judge", |_| "sums".to_owned()).unwrap();
        let own = ReplyStore::open(&path("own.sqlite")).unwrap();
        own.put([("k2", &reply("mine"))]).unwrap();
        for _ in 0..2 {
            own.take_over(&path("earlier.sqlite")).unwrap();
            let content = |key: &str| own.get(key).unwrap().map(|reply| reply.content);
            assert_eq!((content("k1").as_deref(), content("k2").as_deref()), (Some("one"), Some("mine")));
            assert_eq!(own.shared("b").unwrap()[0].key, "k1");
            assert_eq!(own.measured("judge").unwrap().as_deref(), Some("sums"));
        }
        assert!(own.take_over(&path("nowhere.sqlite")).is_err());
        assert!(!path("nowhere.sqlite").exists());
    }

    #[test]
    fn replies_of_another_store_are_added_where_none_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let reply = |content: &str| Reply { content: content.to_owned(), ..Reply::default() };
        let store = |name: &str, first: &Reply, key: &str| {
            let store = ReplyStore::open(&folder.path().join(name)).unwrap();
            store.put([("both", first), (key, &reply(key))]).unwrap();
            store.put_shared([("shared", &reply(key), &[key.to_owned()][..])]).unwrap();
            store
        };
        let empty = Reply::empty("m".to_owned(), "nothing came".to_owned());
        let own = store("own.sqlite", &empty, "a");
        drop(store("other.sqlite", &reply("an answer"), "b"));
        for _ in 0..2 {
            own.take_over(&folder.path().join("other.sqlite")).unwrap();
        }
        let content = |key: &str| own.get(key).unwrap().unwrap().content;
        assert_eq!(["both", "a", "b", "shared"].map(content), ["an answer", "a", "b", "a"]);
        assert_eq!(["a", "b"].map(|turn| own.shared(turn).unwrap().len()), [1, 1]);
    }
}

//! Taking over what another store of replies holds, so that a run goes on with what an earlier run has paid for.

use std::path::Path;

use crate::database::LedgerError;
use crate::reply_store::ReplyStore;

const ATTACH: &str = "ATTACH DATABASE ?1 AS other";
const DETACH: &str = "DETACH DATABASE other";
/// What this store holds already stays as it is.
const COPY: &str = "
    BEGIN IMMEDIATE;
    INSERT OR IGNORE INTO replies
        (reply_key, model, content, finish_reason, prompt_tokens, completion_tokens, cached_tokens, alternatives)
        SELECT reply_key, model, content, finish_reason, prompt_tokens, completion_tokens, cached_tokens, alternatives
        FROM other.replies;
    INSERT OR IGNORE INTO shared (turn_key, reply_key, place, turns)
        SELECT turn_key, reply_key, place, turns FROM other.shared;
    INSERT OR IGNORE INTO measured (judge, sums) SELECT judge, sums FROM other.measured;
    COMMIT;
";

impl ReplyStore {
    /// Takes over all replies of the store in another file, which turns they are about, and what was measured of their judges; all of
    /// it or nothing.
    ///
    /// # Errors
    /// If the other file is missing, is no store of replies, or was written by a newer engine, or SQLite fails.
    pub fn take_over(&self, other: &Path) -> Result<(), LedgerError> {
        let failed = |error| LedgerError::Sqlite(other.to_owned(), error);
        let name = other.to_str().ok_or_else(|| failed(rusqlite::Error::InvalidPath(other.to_owned())))?;
        if !other.is_file() {
            // SQLite would make an empty file.
            return Err(LedgerError::Missing(other.to_owned()));
        }
        // Brings a store of an earlier engine up to date.
        drop(Self::open(other)?);
        self.writer.with(|c| {
            c.execute(ATTACH, [name])?;
            let copied = c.execute_batch(COPY);
            if copied.is_err() && !c.is_autocommit() {
                c.execute_batch("ROLLBACK")?;
            }
            c.execute(DETACH, ())?;
            copied
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
}

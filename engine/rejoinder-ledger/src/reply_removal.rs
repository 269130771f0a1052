//! Removing what replies say of turns that must be forgotten.

use rusqlite::params;

use crate::database::LedgerError;
use crate::reply_store::ReplyStore;

impl ReplyStore {
    /// Calls `visit` with the key and the text of each reply.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn visit(&self, mut visit: impl FnMut(&str, &str)) -> Result<(), LedgerError> {
        self.reader().with(|c| {
            let mut select = c.prepare("SELECT reply_key, content FROM replies")?;
            let mut rows = select.query(())?;
            while let Some(row) = rows.next()? {
                visit(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            }
            Ok(())
        })
    }

    /// The turns that the reply under a key is about, by the keys that each of them would have alone; empty where it is about one turn.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn turns_of(&self, key: &str) -> Result<Vec<String>, LedgerError> {
        self.reader().with(|c| {
            let mut select =
                c.prepare_cached("SELECT turn_key FROM shared WHERE reply_key = ?1 ORDER BY place")?;
            let rows = select.query_map([key], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// Makes a reply about several turns the only one that is about some of these turns, each named by the key that it would have alone:
    /// no other reply about a turn is found any more. Of a turn that the reply is not noted to be about, nothing is changed.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was changed.
    pub fn settle_on(&self, key: &str, turns: &[String]) -> Result<(), LedgerError> {
        self.writer.transaction(|c| {
            let is_about = "SELECT 1 FROM shared WHERE turn_key = ?1 AND reply_key = ?2";
            for turn in turns.iter().filter(|turn| *turn != key) {
                if c.prepare_cached(is_about)?.exists([turn.as_str(), key])? {
                    let others = "DELETE FROM shared WHERE turn_key = ?1 AND reply_key <> ?2";
                    c.prepare_cached(others)?.execute([turn.as_str(), key])?;
                    c.prepare_cached("DELETE FROM replies WHERE reply_key = ?1")?.execute([turn])?;
                }
            }
            Ok(())
        })
    }

    /// Removes the replies under `keys`, replaces the texts of others, and forgets that replies are about `turns`, each named by the key
    /// that it would have alone; returns how many replies were removed.
    ///
    /// # Errors
    /// If SQLite fails; then nothing was changed.
    pub fn remove(&self, keys: &[&str], texts: &[(&str, &str)], turns: &[&str]) -> Result<u64, LedgerError> {
        self.writer.transaction(|c| {
            let mut removed = 0;
            for key in keys {
                removed +=
                    c.prepare_cached("DELETE FROM replies WHERE reply_key = ?1")?.execute([key])? as u64;
                c.prepare_cached("DELETE FROM shared WHERE reply_key = ?1")?.execute([key])?;
                c.prepare_cached("DELETE FROM claims WHERE reply_key = ?1")?.execute([key])?;
            }
            for (key, text) in texts {
                let update = "UPDATE replies SET content = ?2 WHERE reply_key = ?1";
                c.prepare_cached(update)?.execute(params![key, text])?;
            }
            for turn in turns {
                c.prepare_cached("DELETE FROM shared WHERE turn_key = ?1")?.execute([turn])?;
            }
            Ok(removed)
        })
    }

    /// Writes the file anew without what was removed.
    ///
    /// # Errors
    /// If SQLite fails, or another process reads the file.
    pub fn compact(&self) -> Result<(), LedgerError> {
        self.writer.compact()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ledger, Reply};

    fn reply(content: &str) -> Reply {
        Reply { content: content.to_owned(), ..Reply::default() }
    }

    fn holds(folder: &std::path::Path, text: &str) -> bool {
        let files =
            std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    }

    #[test]
    fn no_byte_of_what_was_removed_stays_in_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let store = ReplyStore::open(&folder.path().join("replies.sqlite")).unwrap();
        let turns = ["a", "b"].map(str::to_owned);
        let shared = [("both", &reply("quote of turn a"), &turns[..]), ("own", &reply("quote of own"), &[])];
        store.put_shared(shared).unwrap();
        assert!(holds(folder.path(), "quote of turn a"));
        assert_eq!(store.turns_of("both").unwrap(), turns);
        assert_eq!(store.remove(&["own", "none"], &[("both", "of b")], &["a"]).unwrap(), 1);
        store.compact().unwrap();
        assert!(!holds(folder.path(), "quote"));
        let mut left = Vec::new();
        store.visit(|key, text| left.push((key.to_owned(), text.to_owned()))).unwrap();
        assert_eq!(left, [("both".to_owned(), "of b".to_owned())]);
        assert_eq!((store.shared("a").unwrap().len(), store.shared("b").unwrap().len()), (0, 1));
    }

    #[test]
    fn a_turn_that_is_settled_on_a_reply_has_no_other_one() {
        let store = ReplyStore::in_memory().unwrap();
        let turns = ["a", "b"].map(str::to_owned);
        let said = reply("said");
        store.put_shared(["k1", "k2"].map(|key| (key, &said, &turns[..]))).unwrap();
        store.put([("a", &said), ("c", &said)]).unwrap();
        store.settle_on("k2", &["a", "c"].map(str::to_owned)).unwrap();
        let keys =
            |turn| store.shared(turn).unwrap().into_iter().map(|shared| shared.key).collect::<Vec<_>>();
        assert_eq!((keys("a"), keys("b")), (vec!["k2".to_owned()], vec!["k1".to_owned(), "k2".to_owned()]));
        assert!(store.get("a").unwrap().is_none() && store.get("c").unwrap().is_some());
    }

    #[test]
    fn a_reader_in_the_middle_of_its_work_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let ledger = Ledger::create(&path).unwrap();
        ledger.put("a", "words to forget").unwrap();
        let reader = rusqlite::Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM facts").unwrap();
        ledger.remove("a").unwrap();
        assert!(ledger.compact().is_err());
        drop(reader);
        ledger.compact().unwrap();
        assert!(!holds(folder.path(), "words to forget"));
    }
}

//! The replies of one store, put into another.

use std::path::Path;

use crate::database::LedgerError;
use crate::reply_store::{COLUMNS, ReplyStore, UNLESS_KNOWN};

impl ReplyStore {
    /// Takes in the replies of the store at a path, and which turns they are about. The first reply under a key stays, unless it is a
    /// note made by [`Reply::empty`](crate::Reply::empty).
    ///
    /// # Errors
    /// If SQLite fails; then nothing was taken.
    pub fn absorb(&self, other: &Path) -> Result<(), LedgerError> {
        // Brings the file up to date.
        drop(Self::open(other)?);
        self.writer.transaction_beside(other, |c| {
            let replies = format!(
                "INSERT INTO replies ({COLUMNS}) SELECT {COLUMNS} FROM other.replies WHERE true {UNLESS_KNOWN};
                INSERT OR IGNORE INTO shared SELECT turn_key, reply_key, place, turns FROM other.shared;"
            );
            c.execute_batch(&replies)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply_store::Reply;

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
            own.absorb(&folder.path().join("other.sqlite")).unwrap();
        }
        let content = |key: &str| own.get(key).unwrap().unwrap().content;
        assert_eq!(["both", "a", "b", "shared"].map(content), ["an answer", "a", "b", "a"]);
        assert_eq!(["a", "b"].map(|turn| own.shared(turn).unwrap().len()), [1, 1]);
    }
}

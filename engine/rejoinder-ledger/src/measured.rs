//! What servers took for what they were asked: kept beside the replies, for the next plan.

use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::database::LedgerError;
use crate::reply_store::ReplyStore;

impl ReplyStore {
    /// What was measured of a judge, as text; `None` if nothing was.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn measured(&self, judge: &str) -> Result<Option<String>, LedgerError> {
        self.reader().with(|c| {
            if !c.table_exists(None, "measured")? {
                return Ok(None);
            }
            c.query_row("SELECT sums FROM measured WHERE judge = ?1", [judge], |row| row.get(0)).optional()
        })
    }

    /// Replaces what was measured of a judge by what `update` makes of it, in one transaction.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn update_measured(
        &self,
        judge: &str,
        update: impl FnOnce(Option<String>) -> String,
    ) -> Result<(), LedgerError> {
        self.writer.transaction(|c| {
            let select = "SELECT sums FROM measured WHERE judge = ?1";
            let known: Option<String> = c.query_row(select, [judge], |row| row.get(0)).optional()?;
            let insert = "INSERT INTO measured (judge, sums) VALUES (?1, ?2) ON CONFLICT (judge) DO UPDATE SET sums = ?2";
            c.execute(insert, params![judge, update(known)]).map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_adds_up() {
        let store = ReplyStore::in_memory().unwrap();
        assert_eq!(store.measured("m").unwrap(), None);
        for _ in 0..2 {
            store.update_measured("m", |known| known.unwrap_or_default() + "x").unwrap();
        }
        assert_eq!(
            (store.measured("m").unwrap().as_deref(), store.measured("n").unwrap()),
            (Some("xx"), None)
        );
    }
}

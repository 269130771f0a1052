//! The accounts of one run: its ledger, and the store of replies that it may share with other runs.

use std::time::Duration;

use rejoinder_ledger::{ClaimResult, Ledger, LedgerEntry, Reply, ReplyStore, SharedReply, SpendingLimits};

use super::error::AccountsError;
use super::traits::{Accounts, Grant, StoredReplies};
use super::wire::KeyedReply;

/// The accounts of one run on this machine.
#[derive(Clone, Copy)]
pub struct LocalAccounts<'a> {
    /// Where requests are reserved.
    pub ledger: &'a Ledger,
    /// Where replies lie.
    pub replies: &'a ReplyStore,
    /// The most that may be spent over the ledger's whole life.
    pub limits: SpendingLimits,
}

impl StoredReplies for LocalAccounts<'_> {
    fn replies(&self, keys: &[String]) -> Result<Vec<Option<Reply>>, AccountsError> {
        self.replies.replies(keys)
    }

    fn shared_by(&self, turn_keys: &[String]) -> Result<Vec<Vec<SharedReply>>, AccountsError> {
        self.replies.shared_by(turn_keys)
    }

    fn reply(&self, key: &str) -> Result<Option<Reply>, AccountsError> {
        self.replies.reply(key)
    }

    fn shared(&self, turn_key: &str) -> Result<Vec<SharedReply>, AccountsError> {
        StoredReplies::shared(self.replies, turn_key)
    }

    fn contains(&self, key: &str) -> Result<bool, AccountsError> {
        StoredReplies::contains(self.replies, key)
    }
}

impl Accounts for LocalAccounts<'_> {
    fn is_shared(&self) -> bool {
        self.replies.is_shared()
    }

    fn holds_pace(&self) -> bool {
        false
    }

    fn renewal(&self) -> Option<Duration> {
        None
    }

    fn renew(&self) -> Result<(), AccountsError> {
        Ok(())
    }

    fn claim(&self, keys: &[&str]) -> Result<Vec<ClaimResult>, AccountsError> {
        Ok(self.replies.claim(keys)?)
    }

    fn release(&self, keys: &[&str]) -> Result<(), AccountsError> {
        Ok(self.replies.release(keys)?)
    }

    fn put(&self, replies: &[KeyedReply]) -> Result<(), AccountsError> {
        let notes = replies.iter().map(|note| (note.key.as_str(), &note.reply, note.turns.as_slice()));
        Ok(self.replies.put_shared(notes)?)
    }

    fn write(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Grant>, AccountsError> {
        let reserved = self.ledger.write(&entries, &self.limits)?;
        Ok(reserved.into_iter().map(Grant::from).collect())
    }
}

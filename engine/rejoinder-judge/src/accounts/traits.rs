//! What asking needs of the accounts.

use std::time::Duration;

use rejoinder_ledger::{ClaimResult, LedgerEntry, Reply, ReplyStore, Reservation, SharedReply};
use serde::{Deserialize, Serialize};

use super::error::AccountsError;
use super::wire::KeyedReply;

/// Replies that are stored.
pub trait StoredReplies: Sync {
    /// The reply under each of some keys, in their order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn replies(&self, keys: &[String]) -> Result<Vec<Option<Reply>>, AccountsError>;

    /// For each of some turns, named by the key that it would have alone, the replies about several turns that are about it, too, in
    /// the order of their keys.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn shared_by(&self, turn_keys: &[String]) -> Result<Vec<Vec<SharedReply>>, AccountsError>;

    /// The reply under a key.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn reply(&self, key: &str) -> Result<Option<Reply>, AccountsError> {
        Ok(self.replies(&[key.to_owned()])?.pop().flatten())
    }

    /// The replies of one turn, as [`Self::shared_by`] finds them.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn shared(&self, turn_key: &str) -> Result<Vec<SharedReply>, AccountsError> {
        Ok(self.shared_by(&[turn_key.to_owned()])?.pop().unwrap_or_default())
    }

    /// Whether there is a reply under a key, other than a note that an answer was empty.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn contains(&self, key: &str) -> Result<bool, AccountsError> {
        Ok(self.reply(key)?.is_some_and(|reply| !reply.is_empty()))
    }
}

/// What becomes of a wish to make a request.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Grant {
    /// The request is reserved.
    Given {
        /// The right to make the request.
        reservation: Reservation,
        /// How long to wait before the request is sent, in milliseconds.
        wait_ms: u64,
    },
    /// The request is not reserved, and may be another time: the pace has no room now, or what others have reserved may be given
    /// back. The value is how long to wait before the next try, in milliseconds.
    Later(u64),
    /// The request would pass the budget.
    Over,
}

impl From<Option<Reservation>> for Grant {
    fn from(reservation: Option<Reservation>) -> Self {
        reservation.map_or(Self::Over, |reservation| Self::Given { reservation, wait_ms: 0 })
    }
}

/// The replies, the claims and the ledger that asking goes by. Each call takes as much as has come together, since a call may cost a
/// wait for a disk or for another machine.
pub trait Accounts: StoredReplies {
    /// Whether others may ask for the same replies, so that a key is claimed before it is asked for.
    fn is_shared(&self) -> bool;

    /// Whether [`Self::write`] also holds the pace of requests and tokens: whoever asks must not hold it a second time, and reserves a
    /// request just before it is sent.
    fn holds_pace(&self) -> bool;

    /// How often [`Self::renew`] has to be called while nothing else is, so that claims stay; `None` where claims need no renewal.
    fn renewal(&self) -> Option<Duration>;

    /// Renews the claims.
    ///
    /// # Errors
    /// If the accounts cannot be reached.
    fn renew(&self) -> Result<(), AccountsError>;

    /// Claims keys, and returns for each key whether its reply may be asked for.
    ///
    /// # Errors
    /// If the claims cannot be written.
    fn claim(&self, keys: &[&str]) -> Result<Vec<ClaimResult>, AccountsError>;

    /// Gives back keys that were claimed and got no reply.
    ///
    /// # Errors
    /// If the claims cannot be written.
    fn release(&self, keys: &[&str]) -> Result<(), AccountsError>;

    /// Stores replies durably, and ends the claims of their keys. The first reply under a key stays, unless it is a note that an answer
    /// was empty.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn put(&self, replies: &[KeyedReply]) -> Result<(), AccountsError>;

    /// Writes entries durably and in their order, and returns what becomes of each [`LedgerEntry::Reserve`], in order.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    fn write(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Grant>, AccountsError>;
}

impl StoredReplies for ReplyStore {
    fn replies(&self, keys: &[String]) -> Result<Vec<Option<Reply>>, AccountsError> {
        keys.iter().map(|key| Ok(self.get(key)?)).collect()
    }

    fn shared_by(&self, turn_keys: &[String]) -> Result<Vec<Vec<SharedReply>>, AccountsError> {
        turn_keys.iter().map(|key| Ok(Self::shared(self, key)?)).collect()
    }

    fn reply(&self, key: &str) -> Result<Option<Reply>, AccountsError> {
        Ok(self.get(key)?)
    }

    fn shared(&self, turn_key: &str) -> Result<Vec<SharedReply>, AccountsError> {
        Ok(Self::shared(self, turn_key)?)
    }

    fn contains(&self, key: &str) -> Result<bool, AccountsError> {
        Ok(Self::contains(self, key)?)
    }
}

//! The accounts of a job, as a client on any machine has them.

use std::time::Duration;

use rejoinder_ledger::{ClaimResult, LedgerEntry, Reply, SharedReply};

use super::error::AccountsError;
use super::leases::RENEWAL;
use super::traits::{Accounts, Grant, StoredReplies};
use super::wire::{self, KeyedReply, Request, Response};
use crate::config::JudgeConfig;
use crate::probe::ServerCapabilities;

/// Takes a message to the keeper and brings its answer back, or says why that cannot be.
pub type Transport = dyn Fn(&[u8]) -> Result<Vec<u8>, String> + Send + Sync;

/// The most keys that are looked up by one message.
const KEYS_AT_ONCE: usize = 1024;

/// The accounts that an [`AccountKeeper`](super::AccountKeeper) has, over any transport.
///
/// Each value is a client of its own, with a random name: one for each call of [`ask`](crate::ask), which may run at the same time as
/// others. The transport should make a call again where the keeper is just being restarted; a call that is made twice does no harm,
/// but that a reservation may be spent for nothing. An error of the transport ends the asking.
pub struct RemoteAccounts {
    client: String,
    call: Box<Transport>,
    renewal: Duration,
}

impl RemoteAccounts {
    /// A client that reaches the keeper by `call`, which is called from several threads at once.
    pub fn new(call: Box<Transport>) -> Self {
        let client = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        Self { client, call, renewal: RENEWAL }
    }

    /// The same client, which is heard of so often while it has nothing else to say; every 2 s unless said otherwise. The time should be
    /// a small part of the keeper's lease.
    #[must_use]
    pub fn renewing_every(self, renewal: Duration) -> Self {
        Self { renewal, ..self }
    }

    /// What the server of a judge can do, as [`AccountKeeper::prepare`](super::AccountKeeper::prepare) found out; `None` where the
    /// keeper has prepared no such judge, or one of another config.
    ///
    /// # Errors
    /// If the keeper cannot be reached.
    pub fn findings(&self, client: &JudgeConfig) -> Result<Option<ServerCapabilities>, AccountsError> {
        match self.send(Request::Findings(client.name()))? {
            Response::Findings(findings) => {
                Ok(findings.map(|findings| *findings).filter(|findings| findings.are_about(client)))
            }
            _ => Err(unexpected()),
        }
    }

    fn send(&self, request: Request) -> Result<Response, AccountsError> {
        let answer = (self.call)(&wire::write(&self.client, request)).map_err(AccountsError::Keeper)?;
        match wire::read(&answer).map_err(AccountsError::Keeper)? {
            (_, Response::Failed(why)) => Err(AccountsError::Keeper(why)),
            (client, _) if client != self.client => Err(unexpected()),
            (_, response) => Ok(response),
        }
    }

    fn tell(&self, request: Request) -> Result<(), AccountsError> {
        match self.send(request)? {
            Response::Done => Ok(()),
            _ => Err(unexpected()),
        }
    }
}

fn unexpected() -> AccountsError {
    AccountsError::Keeper("an answer is not about what was asked".to_owned())
}

/// As many answers as were wanted.
fn counted<T>(answers: Vec<T>, wanted: usize) -> Result<Vec<T>, AccountsError> {
    if answers.len() == wanted { Ok(answers) } else { Err(unexpected()) }
}

impl StoredReplies for RemoteAccounts {
    fn replies(&self, keys: &[String]) -> Result<Vec<Option<Reply>>, AccountsError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(KEYS_AT_ONCE) {
            match self.send(Request::Replies(keys.to_vec()))? {
                Response::Replies(replies) => found.extend(counted(replies, keys.len())?),
                _ => return Err(unexpected()),
            }
        }
        Ok(found)
    }

    fn shared_by(&self, turn_keys: &[String]) -> Result<Vec<Vec<SharedReply>>, AccountsError> {
        let mut found = Vec::with_capacity(turn_keys.len());
        for turns in turn_keys.chunks(KEYS_AT_ONCE) {
            match self.send(Request::SharedBy(turns.to_vec()))? {
                Response::SharedBy(shared) => found.extend(counted(shared, turns.len())?),
                _ => return Err(unexpected()),
            }
        }
        Ok(found)
    }
}

impl Accounts for RemoteAccounts {
    fn is_shared(&self) -> bool {
        true
    }

    fn holds_pace(&self) -> bool {
        true
    }

    fn renewal(&self) -> Option<Duration> {
        Some(self.renewal)
    }

    fn renew(&self) -> Result<(), AccountsError> {
        self.tell(Request::Renew)
    }

    fn claim(&self, keys: &[&str]) -> Result<Vec<ClaimResult>, AccountsError> {
        match self.send(Request::Claim(owned(keys)))? {
            Response::Claimed(claims) => counted(claims, keys.len()),
            _ => Err(unexpected()),
        }
    }

    fn release(&self, keys: &[&str]) -> Result<(), AccountsError> {
        self.tell(Request::Release(owned(keys)))
    }

    fn put(&self, replies: &[KeyedReply]) -> Result<(), AccountsError> {
        self.tell(Request::Put(replies.to_vec()))
    }

    fn write(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Grant>, AccountsError> {
        let wanted = entries.iter().filter(|entry| matches!(entry, LedgerEntry::Reserve { .. })).count();
        match self.send(Request::Write(entries))? {
            Response::Written(grants) => counted(grants, wanted),
            _ => Err(unexpected()),
        }
    }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

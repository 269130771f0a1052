//! Accounts whose replies about a batch of questions were looked up together: one message for all of them, in place of several for
//! each question.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rejoinder_ledger::{ClaimResult, LedgerEntry, Reply, SharedReply};

use super::error::AccountsError;
use super::traits::{Accounts, Grant, StoredReplies};
use super::wire::KeyedReply;
use crate::form::QuestionForm;
use crate::question::Question;

/// Accounts that remember what was looked up. What was not there is taken to be not there still, until this value stores it or a
/// claim finds it: nothing is asked for without a claim. The memory grows with the batch, so a value is for one batch.
pub struct LookedUpAccounts<'a> {
    accounts: &'a dyn Accounts,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The replies by their keys; `None` for a key without a reply.
    replies: HashMap<String, Option<Reply>>,
    /// The replies about several turns, by the key of a turn alone.
    shared: HashMap<String, Vec<SharedReply>>,
}

impl<'a> LookedUpAccounts<'a> {
    /// The same accounts, with nothing looked up yet.
    pub fn new(accounts: &'a dyn Accounts) -> Self {
        Self { accounts, known: Mutex::default() }
    }

    /// Looks up what following the first requests about groups of questions will need.
    ///
    /// # Errors
    /// If the accounts cannot be read.
    pub fn look_up(&self, form: &QuestionForm, groups: &[&[Question]]) -> Result<(), AccountsError> {
        let (mut keys, mut turns) = (BTreeSet::new(), BTreeSet::new());
        for questions in groups {
            keys.extend(form.first_keys(questions));
            if let [question] = questions
                && form.takes_shared_replies()
            {
                turns.insert(form.turn_key(question));
            }
        }
        let unknown = |keys: BTreeSet<String>, is_known: &dyn Fn(&Known, &str) -> bool| {
            let known = self.known();
            keys.into_iter().filter(|key| !is_known(&known, key)).collect::<Vec<_>>()
        };
        let turns = unknown(turns, &|known, turn| known.shared.contains_key(turn));
        let shared = if turns.is_empty() { Vec::new() } else { self.accounts.shared_by(&turns)? };
        keys.extend(shared.iter().flatten().map(|shared| shared.key.clone()));
        let keys = unknown(keys, &|known, key| known.replies.contains_key(key));
        let replies = if keys.is_empty() { Vec::new() } else { self.accounts.replies(&keys)? };
        let mut known = self.known();
        known.shared.extend(turns.into_iter().zip(shared));
        known.replies.extend(keys.into_iter().zip(replies));
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoredReplies for LookedUpAccounts<'_> {
    fn replies(&self, keys: &[String]) -> Result<Vec<Option<Reply>>, AccountsError> {
        keys.iter().map(|key| self.reply(key)).collect()
    }

    fn shared_by(&self, turn_keys: &[String]) -> Result<Vec<Vec<SharedReply>>, AccountsError> {
        turn_keys.iter().map(|turn| self.shared(turn)).collect()
    }

    fn reply(&self, key: &str) -> Result<Option<Reply>, AccountsError> {
        if let Some(reply) = self.known().replies.get(key) {
            return Ok(reply.clone());
        }
        let reply = self.accounts.reply(key)?;
        self.known().replies.insert(key.to_owned(), reply.clone());
        Ok(reply)
    }

    fn shared(&self, turn_key: &str) -> Result<Vec<SharedReply>, AccountsError> {
        if let Some(shared) = self.known().shared.get(turn_key) {
            return Ok(shared.clone());
        }
        let shared = self.accounts.shared(turn_key)?;
        self.known().shared.insert(turn_key.to_owned(), shared.clone());
        Ok(shared)
    }
}

impl Accounts for LookedUpAccounts<'_> {
    fn is_shared(&self) -> bool {
        self.accounts.is_shared()
    }

    fn holds_pace(&self) -> bool {
        self.accounts.holds_pace()
    }

    fn renewal(&self) -> Option<Duration> {
        self.accounts.renewal()
    }

    fn renew(&self) -> Result<(), AccountsError> {
        self.accounts.renew()
    }

    fn claim(&self, keys: &[&str]) -> Result<Vec<ClaimResult>, AccountsError> {
        let claims = self.accounts.claim(keys)?;
        let mut known = self.known();
        for (key, claim) in keys.iter().zip(&claims) {
            if *claim == ClaimResult::Answered {
                known.replies.remove(*key);
            }
        }
        Ok(claims)
    }

    fn release(&self, keys: &[&str]) -> Result<(), AccountsError> {
        self.accounts.release(keys)
    }

    fn put(&self, replies: &[KeyedReply]) -> Result<(), AccountsError> {
        self.accounts.put(replies)?;
        let mut known = self.known();
        for note in replies {
            // Another client's reply may be the one that stays.
            known.replies.remove(&note.key);
            for turn in &note.turns {
                known.shared.remove(turn);
            }
        }
        Ok(())
    }

    fn write(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Grant>, AccountsError> {
        self.accounts.write(entries)
    }
}

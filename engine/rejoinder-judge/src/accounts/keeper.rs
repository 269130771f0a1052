//! The keeper of the accounts of a whole job: one process that many clients talk to.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rejoinder_ledger::{Ledger, LedgerEntry, ReplyStore, SpendingLimits, SpendingTotal};

use super::error::AccountsError;
use super::leases::Leases;
use super::pacer::Pacer;
use super::traits::{Grant, StoredReplies};
use super::wire::{self, Request, Response};
use crate::config::JudgeConfig;
use crate::probe::{ProbeError, ServerCapabilities, probe};

/// How long a client waits, in milliseconds, before it tries again to reserve what others may give back.
const UNTIL_OTHERS_SETTLE_MS: u64 = 250;

/// What a job may spend, and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeeperTerms {
    /// The most that may be spent over the whole life of the folder.
    pub limits: SpendingLimits,
    /// The most requests that all clients together make in a minute, whatever the number of endpoints.
    pub requests_per_minute: Option<f64>,
    /// The most tokens of input and output that the requests of all clients together may take in a minute.
    pub tokens_per_minute: Option<f64>,
    /// How long the claims of a client last that is not heard of any more: 10 s unless said otherwise.
    pub lease: Duration,
}

impl Default for KeeperTerms {
    fn default() -> Self {
        Self {
            limits: SpendingLimits::default(),
            requests_per_minute: None,
            tokens_per_minute: None,
            lease: Duration::from_secs(10),
        }
    }
}

/// The accounts of a whole job: its budget, its pace, its replies, and which client asks for which reply.
///
/// The ledger and the replies lie in a folder, and so do the claims: a keeper that is dropped, killed and opened again on the same
/// folder goes on where the last one was, and clients need not know. What a client that was killed had reserved stays spent; what it
/// had claimed is free after a time of silence.
pub struct AccountKeeper {
    ledger: Ledger,
    replies: ReplyStore,
    limits: SpendingLimits,
    leases: Leases,
    reserving: Mutex<Reserving>,
    /// Held while a server is probed.
    probing: Mutex<()>,
    /// Locked as long as the keeper lives.
    _lock: File,
}

struct Reserving {
    pacer: Pacer,
    /// The clients of the reservations that have not ended, by the number of the reservation.
    open: HashMap<i64, String>,
}

impl AccountKeeper {
    /// Opens the accounts in a folder, `ledger.sqlite` and `replies.sqlite`, and makes what is missing.
    ///
    /// # Errors
    /// If the folder cannot be made, another keeper has it open, or its files cannot be used.
    pub fn open(folder: &Path, terms: KeeperTerms) -> Result<Self, AccountsError> {
        let lock = lock(folder)?;
        let replies = ReplyStore::open_for_clients(&folder.join("replies.sqlite"))?;
        let now = Instant::now();
        let leases = Leases::of(replies.claim_owners()?, terms.lease, now);
        let pacer = Pacer::new(terms.requests_per_minute, terms.tokens_per_minute, now);
        Ok(Self {
            ledger: Ledger::create(&folder.join("ledger.sqlite"))?,
            replies,
            limits: terms.limits,
            leases,
            reserving: Mutex::new(Reserving { pacer, open: HashMap::new() }),
            probing: Mutex::new(()),
            _lock: lock,
        })
    }

    /// Makes a judge ready to be asked: finds out what its server can do, once for the folder's whole life, and keeps the findings and
    /// the form that the bill chooses by them. Clients get them by
    /// [`RemoteAccounts::findings`](super::RemoteAccounts::findings).
    ///
    /// # Errors
    /// As [`probe`](crate::probe::probe).
    pub fn prepare(&self, client: &JudgeConfig) -> Result<ServerCapabilities, ProbeError> {
        let _one_at_a_time = self.probing.lock().unwrap_or_else(PoisonError::into_inner);
        let name = client.name();
        let known = self.findings(&name)?.filter(|findings| findings.are_about(client));
        let findings = match known {
            Some(findings) => findings,
            None => probe(client, &self.ledger, &self.limits)?,
        };
        let findings = findings.choosing_for(client);
        let json = serde_json::to_string(&findings).expect("findings are plain data");
        self.ledger.put(&fact(&name), &json)?;
        Ok(findings)
    }

    /// What the job has spent, with all that is reserved.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn spent(&self) -> Result<SpendingTotal, AccountsError> {
        Ok(self.ledger.spent()?)
    }

    /// Answers a message of a client. Bytes that are no message, and failures of the files, are answered with the reason, which the
    /// client returns as its error. May be called from several threads at once.
    pub fn handle(&self, request: &[u8]) -> Vec<u8> {
        match wire::read(request) {
            Err(why) => wire::write("unknown", Response::Failed(why)),
            Ok((client, request)) => {
                self.leases.hear(&client, Instant::now());
                let response =
                    self.answer(&client, request).unwrap_or_else(|error| Response::Failed(error.to_string()));
                wire::write(&client, response)
            }
        }
    }

    fn answer(&self, client: &str, request: Request) -> Result<Response, AccountsError> {
        Ok(match request {
            Request::Replies(keys) => Response::Replies(self.replies.replies(&keys)?),
            Request::SharedBy(turns) => Response::SharedBy(self.replies.shared_by(&turns)?),
            Request::Claim(keys) => {
                let is_at_work = |owner: &str| self.leases.is_held(owner, Instant::now());
                Response::Claimed(self.replies.claim_for(client, &names(&keys), &is_at_work)?)
            }
            Request::Release(keys) => {
                self.replies.release_for(client, &names(&keys))?;
                Response::Done
            }
            Request::Put(replies) => {
                let notes =
                    replies.iter().map(|note| (note.key.as_str(), &note.reply, note.turns.as_slice()));
                self.replies.put_shared(notes)?;
                Response::Done
            }
            Request::Write(entries) => Response::Written(self.write(client, entries)?),
            Request::Renew => Response::Done,
            Request::Findings(judge) => Response::Findings(self.findings(&judge)?.map(Box::new)),
        })
    }

    fn findings(&self, judge: &str) -> Result<Option<ServerCapabilities>, rejoinder_ledger::LedgerError> {
        let known = self.ledger.get(&fact(judge))?;
        // What another version wrote is found out anew.
        Ok(known.and_then(|json| serde_json::from_str(&json).ok()))
    }

    fn write(&self, client: &str, entries: Vec<LedgerEntry>) -> Result<Vec<Grant>, AccountsError> {
        let mut reserving = self.reserving.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // What each reservation that is wanted takes of the pace, or when to try again.
        let mut wanted = Vec::new();
        let mut pacer = reserving.pacer.clone();
        let mut in_time = Vec::with_capacity(entries.len());
        for entry in entries {
            if let LedgerEntry::Reserve { amount, .. } = &entry {
                let tokens = amount.tokens;
                let wait = pacer.wait(now);
                wanted.push(wait.map(|_| tokens));
                if wait.is_err() {
                    continue;
                }
                pacer.take(tokens, now);
            }
            in_time.push(entry);
        }
        let mut reserved = self.ledger.write(&in_time, &self.limits)?.into_iter();
        for entry in in_time {
            if let LedgerEntry::Settle(reservation, _) | LedgerEntry::Release(reservation) = entry {
                reserving.open.remove(&reservation.id());
            }
        }
        let grants = wanted.into_iter().map(|wanted| match wanted {
            Err(later) => Grant::Later(millis(later)),
            Ok(tokens) => match reserved.next().flatten() {
                Some(reservation) => {
                    let wait = reserving.pacer.wait(now).unwrap_or_else(|later| later);
                    reserving.pacer.take(tokens, now);
                    reserving.open.insert(reservation.id(), client.to_owned());
                    Grant::Given { reservation, wait_ms: millis(wait) }
                }
                None if self.others_may_give_back(&reserving, client) => Grant::Later(UNTIL_OTHERS_SETTLE_MS),
                None => Grant::Over,
            },
        });
        Ok(grants.collect())
    }

    /// Whether clients at work, other than this one, hold reservations: most requests cost less than is reserved for them.
    fn others_may_give_back(&self, reserving: &MutexGuard<'_, Reserving>, client: &str) -> bool {
        let now = Instant::now();
        reserving.open.values().any(|owner| owner != client && self.leases.is_held(owner, now))
    }
}

/// The name under which the ledger knows what the server of a judge can do.
fn fact(judge: &str) -> String {
    format!("capabilities {judge}")
}

fn names(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// Makes a folder of accounts, and takes it for this keeper alone.
fn lock(folder: &Path) -> Result<File, AccountsError> {
    let path = folder.join("keeper.lock");
    let failed = |error: std::io::Error| AccountsError::Folder(path.clone(), error.to_string());
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(error)) => Err(failed(error)),
        Err(TryLockError::WouldBlock) => Err(AccountsError::Folder(
            path,
            "another keeper has these accounts open; end it, or give this job a folder of its own".to_owned(),
        )),
    }
}

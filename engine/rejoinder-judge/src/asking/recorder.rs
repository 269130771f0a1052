//! Writes down what is reserved, answered and spent. One transaction takes all notes that have come together, for a transaction
//! costs a wait for the disk however much it holds.
//!
//! Two threads write, one for the replies and one for the ledger. The first thread stores replies; once they are durable, it hands what they cost to the
//! second thread, which keeps the ledger. A caller that reserves is told once the reservation is durable, and a caller that has an
//! answer once the reply is durable. No caller has to wait for the note of what a request cost: all notes are written in their
//! order, so that no later reservation misses one, and after a kill between the two writes the whole reservation counts as spent.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use rejoinder_ledger::{ClaimResult, LedgerEntry, Reply, RequestOutcome, Reservation, Spending};
use tokio::sync::oneshot;

use crate::accounts::{Accounts, AccountsError, Grant, KeyedReply};

/// The most notes that one transaction takes.
const MAX_NOTES: usize = 4096;

/// A note for the ledger.
enum LedgerNote {
    Reserve { key: String, amount: Spending, answer: oneshot::Sender<Grant> },
    Settle { reservation: Reservation, outcome: RequestOutcome },
    Release { reservation: Reservation },
}

/// A reply to be stored, and the note for the ledger that follows.
struct ReplyNote {
    reply: KeyedReply,
    then: Option<LedgerNote>,
    when_durable: oneshot::Sender<()>,
}

/// A note for the store of replies.
enum StoreNote {
    Reply(Box<ReplyNote>),
    Claim { key: String, answer: oneshot::Sender<ClaimResult> },
    Release { key: String },
}

/// Takes notes for the two threads. Once the recorder is dropped, the threads write all notes that are left, and end.
pub(super) struct Recorder {
    store_notes: Sender<StoreNote>,
    /// Whether others may ask for the same replies.
    is_shared: bool,
    ledger_notes: Sender<LedgerNote>,
}

/// A thread of the recorder has ended after a failure, which [`RecorderThreads::join`] returns.
#[derive(Debug)]
pub(super) struct RecorderStopped;

/// The recorder's threads.
pub(super) struct RecorderThreads<'s>([ScopedJoinHandle<'s, Result<(), AccountsError>>; 2]);

impl RecorderThreads<'_> {
    /// Waits until everything is written.
    pub(super) fn join(self) -> Result<(), AccountsError> {
        let ended = self.0.map(|thread| thread.join().expect("no recorder panics"));
        ended.into_iter().collect()
    }
}

impl Recorder {
    /// Starts the threads.
    pub(super) fn start<'s, 'e: 's>(
        scope: &'s Scope<'s, 'e>,
        accounts: &'e dyn Accounts,
    ) -> (Self, RecorderThreads<'s>) {
        let (store_notes, incoming_store_notes) = channel();
        let (ledger_notes, incoming_ledger_notes) = channel();
        let after = ledger_notes.clone();
        let threads = RecorderThreads([
            scope.spawn(move || store(&incoming_store_notes, &after, accounts)),
            scope.spawn(move || write(&incoming_ledger_notes, accounts)),
        ]);
        (Self { store_notes, is_shared: accounts.is_shared(), ledger_notes }, threads)
    }

    /// Reserves a request, and returns what becomes of it.
    pub(super) async fn reserve(&self, key: &str, amount: Spending) -> Result<Grant, RecorderStopped> {
        let (sender, receiver) = oneshot::channel();
        self.ledger_notes
            .send(LedgerNote::Reserve { key: key.to_owned(), amount, answer: sender })
            .map_err(|_| RecorderStopped)?;
        receiver.await.map_err(|_| RecorderStopped)
    }

    /// Claims a key: says whether its reply may be asked for.
    pub(super) async fn claim(&self, key: &str) -> Result<ClaimResult, RecorderStopped> {
        if !self.is_shared {
            return Ok(ClaimResult::Ours);
        }
        let (sender, receiver) = oneshot::channel();
        self.store_notes
            .send(StoreNote::Claim { key: key.to_owned(), answer: sender })
            .map_err(|_| RecorderStopped)?;
        receiver.await.map_err(|_| RecorderStopped)
    }

    /// Gives back a claimed key that got no reply.
    pub(super) fn give_back(&self, key: &str) -> Result<(), RecorderStopped> {
        match self.is_shared {
            true => {
                self.store_notes.send(StoreNote::Release { key: key.to_owned() }).map_err(|_| RecorderStopped)
            }
            false => Ok(()),
        }
    }

    /// Notes a reply, the turns that share it, and how its request ended. Returns once the reply is durable.
    pub(super) async fn store(
        &self,
        key: String,
        reply: Reply,
        turns: Vec<String>,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        let (sender, receiver) = oneshot::channel();
        let then = Some(LedgerNote::Settle { reservation, outcome });
        self.store_notes
            .send(StoreNote::Reply(Box::new(ReplyNote {
                reply: KeyedReply { key, reply, turns },
                then,
                when_durable: sender,
            })))
            .map_err(|_| RecorderStopped)?;
        receiver.await.map_err(|_| RecorderStopped)
    }

    /// Notes a reply whose request was settled before.
    pub(super) fn keep(&self, key: String, reply: Reply) -> Result<(), RecorderStopped> {
        let (sender, _) = oneshot::channel();
        self.store_notes
            .send(StoreNote::Reply(Box::new(ReplyNote {
                reply: KeyedReply { key, reply, turns: Vec::new() },
                then: None,
                when_durable: sender,
            })))
            .map_err(|_| RecorderStopped)
    }

    /// Notes how a request without an answer ended.
    pub(super) fn settle(
        &self,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        self.ledger_notes.send(LedgerNote::Settle { reservation, outcome }).map_err(|_| RecorderStopped)
    }

    /// Notes that a request was never sent.
    pub(super) fn release(&self, reservation: Reservation) -> Result<(), RecorderStopped> {
        self.ledger_notes.send(LedgerNote::Release { reservation }).map_err(|_| RecorderStopped)
    }
}

/// Waits for a note and takes all that have come with it, none where the longest wait is over; `None` once the queue has ended.
fn take_all<T>(queue: &Receiver<T>, longest_wait: Option<Duration>) -> Option<Vec<T>> {
    let first = match longest_wait.map(|wait| queue.recv_timeout(wait)) {
        None => queue.recv().ok()?,
        Some(Err(RecvTimeoutError::Timeout)) => return Some(Vec::new()),
        Some(received) => received.ok()?,
    };
    Some(std::iter::once(first).chain(queue.try_iter().take(MAX_NOTES - 1)).collect())
}

fn store(
    incoming: &Receiver<StoreNote>,
    ledger_notes: &Sender<LedgerNote>,
    accounts: &dyn Accounts,
) -> Result<(), AccountsError> {
    while let Some(notes) = take_all(incoming, accounts.renewal()) {
        if notes.is_empty() {
            accounts.renew()?;
            continue;
        }
        let (mut replies, mut stored) = (Vec::new(), Vec::new());
        let (mut claimed, mut released) = (Vec::new(), Vec::new());
        for note in notes {
            match note {
                StoreNote::Reply(note) => {
                    let ReplyNote { reply, then, when_durable } = *note;
                    replies.push(reply);
                    stored.push((then, when_durable));
                }
                StoreNote::Claim { key, answer } => claimed.push((key, answer)),
                StoreNote::Release { key } => released.push(key),
            }
        }
        if !released.is_empty() {
            accounts.release(&released.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        if !claimed.is_empty() {
            let keys: Vec<&str> = claimed.iter().map(|(key, _)| key.as_str()).collect();
            let claims = accounts.claim(&keys)?;
            claimed.into_iter().zip(claims).for_each(|((_, answer), claim)| {
                // A caller that no longer listens has been stopped.
                let _ = answer.send(claim);
            });
        }
        if stored.is_empty() {
            continue;
        }
        accounts.put(&replies)?;
        for (then, when_durable) in stored {
            if then.is_some_and(|note| ledger_notes.send(note).is_err()) {
                // The other thread returns the error.
                return Ok(());
            }
            // A caller that no longer listens has been stopped.
            let _ = when_durable.send(());
        }
    }
    Ok(())
}

fn write(incoming: &Receiver<LedgerNote>, accounts: &dyn Accounts) -> Result<(), AccountsError> {
    while let Some(notes) = take_all(incoming, None) {
        let mut entries = Vec::with_capacity(notes.len());
        let mut to_reserve = Vec::new();
        for note in notes {
            match note {
                LedgerNote::Reserve { key, amount, answer } => {
                    entries.push(LedgerEntry::Reserve { key, amount });
                    to_reserve.push(answer);
                }
                LedgerNote::Settle { reservation, outcome } => {
                    entries.push(LedgerEntry::Settle(reservation, outcome));
                }
                LedgerNote::Release { reservation } => entries.push(LedgerEntry::Release(reservation)),
            }
        }
        let grants = accounts.write(entries)?;
        for (answer, grant) in to_reserve.into_iter().zip(grants) {
            let _ = answer.send(grant);
        }
    }
    Ok(())
}

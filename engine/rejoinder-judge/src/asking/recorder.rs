//! Writes down what is reserved, answered and spent, as much in one transaction as has come together, for a transaction costs
//! a wait for the disk however much is in it.
//!
//! Two threads, one a file: the first stores replies and hands on, once they are durable, what they cost to the second, which
//! keeps the ledger. Who reserves is told once that is durable, and who answers once the reply is; what it cost need not be
//! waited for: all notes are written in their order, so no later reservation misses it, and after a kill between the two
//! the whole reservation counts as spent.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Scope, ScopedJoinHandle};

use rejoinder_ledger::{
    ClaimResult, Ledger, LedgerEntry, LedgerError, Reply, ReplyStore, RequestOutcome, Reservation, Spending,
    SpendingLimits,
};
use tokio::sync::oneshot;

/// What one transaction holds at most.
const MOST: usize = 4096;

/// A line for the ledger.
enum Note {
    Reserve { key: String, amount: Spending, told: oneshot::Sender<Option<Reservation>> },
    Settle { reservation: Reservation, outcome: RequestOutcome },
    Release { reservation: Reservation },
}

/// A reply to be stored under its key, and what to note after it.
struct Answer {
    key: String,
    reply: Reply,
    then: Option<Note>,
    told: oneshot::Sender<()>,
}

/// A line for the store of replies.
enum StoreNote {
    Answer(Box<Answer>),
    ClaimResult { key: String, told: oneshot::Sender<ClaimResult> },
    Release { key: String },
}

/// Where to hand in notes. Once it is dropped, all of them are written and the threads end.
pub(crate) struct Recorder {
    answers: Sender<StoreNote>,
    /// Whether other processes may ask for the same.
    is_shared: bool,
    notes: Sender<Note>,
}

/// A recorder's thread has ended, because of a failure that it tells when it is joined.
#[derive(Debug)]
pub(crate) struct RecorderStopped;

/// The recorder's threads.
pub(crate) struct RecorderThreads<'s>([ScopedJoinHandle<'s, Result<(), LedgerError>>; 2]);

impl RecorderThreads<'_> {
    /// Waits until everything is written.
    pub(crate) fn join(self) -> Result<(), LedgerError> {
        let ended = self.0.map(|thread| thread.join().expect("no recorder panics"));
        ended.into_iter().collect()
    }
}

impl Recorder {
    /// Starts the threads.
    pub(crate) fn start<'s, 'e: 's>(
        scope: &'s Scope<'s, 'e>,
        ledger: &'e Ledger,
        replies: &'e ReplyStore,
        limits: SpendingLimits,
    ) -> (Self, RecorderThreads<'s>) {
        let (answers, answered) = channel();
        let (notes, noted) = channel();
        let after = notes.clone();
        let writing = RecorderThreads([
            scope.spawn(move || store(&answered, &after, replies)),
            scope.spawn(move || write(&noted, ledger, &limits)),
        ]);
        (Self { answers, is_shared: replies.is_shared(), notes }, writing)
    }

    /// The right to make a request, or `None` where that would pass a limit.
    pub(crate) async fn reserve(
        &self,
        key: &str,
        amount: Spending,
    ) -> Result<Option<Reservation>, RecorderStopped> {
        let (told, tell) = oneshot::channel();
        self.notes.send(Note::Reserve { key: key.to_owned(), amount, told }).map_err(|_| RecorderStopped)?;
        tell.await.map_err(|_| RecorderStopped)
    }

    /// Whether this process may ask for a key.
    pub(crate) async fn claim(&self, key: &str) -> Result<ClaimResult, RecorderStopped> {
        if !self.is_shared {
            return Ok(ClaimResult::Ours);
        }
        let (told, tell) = oneshot::channel();
        self.answers
            .send(StoreNote::ClaimResult { key: key.to_owned(), told })
            .map_err(|_| RecorderStopped)?;
        tell.await.map_err(|_| RecorderStopped)
    }

    /// A key that was claimed got no reply.
    pub(crate) fn give_back(&self, key: &str) -> Result<(), RecorderStopped> {
        match self.is_shared {
            true => {
                self.answers.send(StoreNote::Release { key: key.to_owned() }).map_err(|_| RecorderStopped)
            }
            false => Ok(()),
        }
    }

    /// What was answered under which key, and how the request ended; returns once the answer is durable.
    pub(crate) async fn store(
        &self,
        key: String,
        reply: Reply,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        let (told, tell) = oneshot::channel();
        let then = Some(Note::Settle { reservation, outcome });
        self.answers
            .send(StoreNote::Answer(Box::new(Answer { key, reply, then, told })))
            .map_err(|_| RecorderStopped)?;
        tell.await.map_err(|_| RecorderStopped)
    }

    /// What is to be stored under a key whose request was settled before.
    pub(crate) fn keep(&self, key: String, reply: Reply) -> Result<(), RecorderStopped> {
        let (told, _) = oneshot::channel();
        self.answers
            .send(StoreNote::Answer(Box::new(Answer { key, reply, then: None, told })))
            .map_err(|_| RecorderStopped)
    }

    /// How a request without an answer ended.
    pub(crate) fn settle(
        &self,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        self.notes.send(Note::Settle { reservation, outcome }).map_err(|_| RecorderStopped)
    }

    /// A request was never sent.
    pub(crate) fn release(&self, reservation: Reservation) -> Result<(), RecorderStopped> {
        self.notes.send(Note::Release { reservation }).map_err(|_| RecorderStopped)
    }
}

/// All that has come together; waits for the first. `None` once there will be no more.
fn together<T>(queue: &Receiver<T>) -> Option<Vec<T>> {
    let first = queue.recv().ok()?;
    Some(std::iter::once(first).chain(queue.try_iter().take(MOST - 1)).collect())
}

fn store(
    answered: &Receiver<StoreNote>,
    notes: &Sender<Note>,
    replies: &ReplyStore,
) -> Result<(), LedgerError> {
    while let Some(lines) = together(answered) {
        let (mut answers, mut claimed, mut released) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            match line {
                StoreNote::Answer(answer) => answers.push(answer),
                StoreNote::ClaimResult { key, told } => claimed.push((key, told)),
                StoreNote::Release { key } => released.push(key),
            }
        }
        if !released.is_empty() {
            replies.release(&released.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        if !claimed.is_empty() {
            let keys: Vec<&str> = claimed.iter().map(|(key, _)| key.as_str()).collect();
            let claims = replies.claim(&keys)?;
            claimed.into_iter().zip(claims).for_each(|((_, told), claim)| {
                // Whoever does not listen any more has been stopped.
                let _ = told.send(claim);
            });
        }
        if answers.is_empty() {
            continue;
        }
        replies.put(answers.iter().map(|answer| (answer.key.as_str(), &answer.reply)))?;
        for answer in answers {
            if answer.then.is_some_and(|note| notes.send(note).is_err()) {
                // The other thread tells why.
                return Ok(());
            }
            // Whoever does not listen any more has been stopped.
            let _ = answer.told.send(());
        }
    }
    Ok(())
}

fn write(noted: &Receiver<Note>, ledger: &Ledger, limits: &SpendingLimits) -> Result<(), LedgerError> {
    while let Some(notes) = together(noted) {
        let mut entries = Vec::with_capacity(notes.len());
        let mut to_reserve = Vec::new();
        for note in notes {
            match note {
                Note::Reserve { key, amount, told } => {
                    entries.push(LedgerEntry::Reserve { key, amount });
                    to_reserve.push(told);
                }
                Note::Settle { reservation, outcome } => {
                    entries.push(LedgerEntry::Settle(reservation, outcome));
                }
                Note::Release { reservation } => entries.push(LedgerEntry::Release(reservation)),
            }
        }
        let reserved = ledger.write(&entries, limits)?;
        for (told, reservation) in to_reserve.into_iter().zip(reserved) {
            let _ = told.send(reservation);
        }
    }
    Ok(())
}

//! Writes down what is reserved, answered and spent: on a thread of its own, as much in one transaction as has come
//! together, for a transaction costs a wait for the disk however much is in it. Who asked is told once it is durable.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Scope, ScopedJoinHandle};

use rejoinder_ledger::{Entry, Ledger, LedgerError, Limits, Outcome, Replies, Reply, Reservation, Spending};
use tokio::sync::oneshot;

/// What one transaction holds at most.
const MOST: usize = 4096;

enum Note {
    Reserve {
        key: String,
        amount: Spending,
        told: oneshot::Sender<Option<Reservation>>,
    },
    Settle {
        reservation: Reservation,
        outcome: Outcome,
        reply: Option<Box<(String, Reply)>>,
        told: oneshot::Sender<()>,
    },
    Release {
        reservation: Reservation,
    },
}

/// Where to hand in notes. Once it is dropped, all of them are written and the thread ends.
pub(crate) struct Clerk(Sender<Note>);

/// The clerk's thread has ended, because of a failure that it tells when it is joined.
#[derive(Debug)]
pub(crate) struct Gone;

impl Clerk {
    /// Starts the thread.
    pub(crate) fn start<'s, 'e: 's>(
        scope: &'s Scope<'s, 'e>,
        ledger: &'e Ledger,
        replies: &'e Replies,
        limits: Limits,
    ) -> (Self, ScopedJoinHandle<'s, Result<(), LedgerError>>) {
        let (sender, receiver) = channel();
        (Self(sender), scope.spawn(move || write(&receiver, ledger, replies, &limits)))
    }

    /// The right to make a request, or `None` where that would pass a limit.
    pub(crate) async fn reserve(&self, key: &str, amount: Spending) -> Result<Option<Reservation>, Gone> {
        let (told, tell) = oneshot::channel();
        self.0.send(Note::Reserve { key: key.to_owned(), amount, told }).map_err(|_| Gone)?;
        tell.await.map_err(|_| Gone)
    }

    /// How a request ended, and what was answered under which key.
    pub(crate) async fn settle(
        &self,
        reservation: Reservation,
        outcome: Outcome,
        reply: Option<(String, Reply)>,
    ) -> Result<(), Gone> {
        let (told, tell) = oneshot::channel();
        self.0
            .send(Note::Settle { reservation, outcome, reply: reply.map(Box::new), told })
            .map_err(|_| Gone)?;
        tell.await.map_err(|_| Gone)
    }

    /// A request was never sent.
    pub(crate) fn release(&self, reservation: Reservation) -> Result<(), Gone> {
        self.0.send(Note::Release { reservation }).map_err(|_| Gone)
    }
}

fn write(
    notes: &Receiver<Note>,
    ledger: &Ledger,
    replies: &Replies,
    limits: &Limits,
) -> Result<(), LedgerError> {
    while let Ok(first) = notes.recv() {
        let mut entries = Vec::new();
        let mut answers = Vec::new();
        let (mut to_reserve, mut settled) = (Vec::new(), Vec::new());
        for note in std::iter::once(first).chain(notes.try_iter().take(MOST - 1)) {
            match note {
                Note::Reserve { key, amount, told } => {
                    entries.push(Entry::Reserve { key, amount });
                    to_reserve.push(told);
                }
                Note::Settle { reservation, outcome, reply, told } => {
                    entries.push(Entry::Settle(reservation, outcome));
                    answers.extend(reply);
                    settled.push(told);
                }
                Note::Release { reservation } => entries.push(Entry::Release(reservation)),
            }
        }
        // The replies first: a kill between the two leaves a request that counts as open, never a lost answer.
        if !answers.is_empty() {
            replies.put(answers.iter().map(|answer| (answer.0.as_str(), &answer.1)))?;
        }
        let reserved = ledger.write(&entries, limits)?;
        // Whoever does not listen any more has been stopped.
        for (told, reservation) in to_reserve.into_iter().zip(reserved) {
            let _ = told.send(reservation);
        }
        for told in settled {
            let _ = told.send(());
        }
    }
    Ok(())
}

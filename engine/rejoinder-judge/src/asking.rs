//! Gets questions answered: each once, within the budget, a bounded number at a time, through bad weather.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rejoinder_ledger::{Ledger, LedgerError, Replies};

use crate::client::{Attempt, Client};
use crate::config::JudgeConfig;
use crate::question::Question;

/// Longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// First wait, doubled with every attempt; the real one is drawn between nothing and it ("full jitter").
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest time without a look at whether to go on.
const TICK: Duration = Duration::from_millis(100);
/// So many questions in a row whose attempts all failed, and the endpoint is taken for dead.
const MAX_FAILED: u32 = 4;
/// So many questions in a row that the server refuses, and it is taken for one that refuses all. More than above: a few
/// neighbours may well be too long for the model.
const MAX_REFUSED: u32 = 32;

/// Asking cannot go on, for reasons on our side.
#[derive(Debug)]
pub enum JudgeError {
    /// The client cannot be made: why.
    Client(String),
    /// The ledger or the store of replies failed.
    Ledger(LedgerError),
}

impl fmt::Display for JudgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(why) => write!(f, "cannot set up the judge's client: {why}"),
            Self::Ledger(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JudgeError {}

impl From<LedgerError> for JudgeError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// Why asking ended before the questions did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The budget of calls is spent.
    Budget,
    /// The endpoint does not answer: why.
    Unavailable(String),
    /// The caller wanted no more.
    Interrupted,
}

/// How far asking is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Questions answered in this call.
    pub answered: u64,
    /// Questions whose reply was stored already.
    pub from_store: u64,
    /// Questions that the server will not answer.
    pub refused: u64,
    /// HTTP attempts in this call.
    pub attempts: u64,
}

/// What came of asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Questions answered in this call.
    pub answered: u64,
    /// Questions whose reply was stored already.
    pub from_store: u64,
    /// Questions that the server will not answer.
    pub refused: u64,
    /// HTTP attempts in this call.
    pub attempts: u64,
    /// Why it ended before the questions did.
    pub stop: Option<Stop>,
}

/// Asks each question whose reply is not stored, and stores the replies.
///
/// A call is reserved in the ledger before each HTTP attempt and `calls` (over the ledger's whole life) is never
/// passed. 408, 409, 425, 429, 5xx and lost connections are tried again, after the time that the server asks for or a
/// growing random one. After a stop, what is in flight is awaited and stored: an answer that was paid for is never
/// lost. Questions are pulled as they are needed. `on_progress` is called several times a second, and stops the asking
/// when it breaks.
///
/// # Errors
/// If the client cannot be made, or ledger or store fail.
pub fn ask(
    config: &JudgeConfig,
    questions: &mut dyn Iterator<Item = Question>,
    ledger: &Ledger,
    replies: &Replies,
    calls: Option<u64>,
    on_progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Asked, JudgeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| JudgeError::Client(e.to_string()))?;
    let desk = Desk {
        config,
        client: Client::new(config)?,
        ledger,
        replies,
        calls,
        progress: Cell::default(),
        failed_in_a_row: Cell::new(0),
        refused_in_a_row: Cell::new(0),
        unanswered: RefCell::default(),
        stop: RefCell::new(None),
    };
    runtime.block_on(desk.work(questions, on_progress))
}

/// The state that questions in flight share; all on one thread.
struct Desk<'a> {
    config: &'a JudgeConfig,
    client: Client,
    ledger: &'a Ledger,
    replies: &'a Replies,
    calls: Option<u64>,
    progress: Cell<Progress>,
    failed_in_a_row: Cell<u32>,
    refused_in_a_row: Cell<u32>,
    /// Number of questions whose attempts ran out, and how the last attempt ended.
    unanswered: RefCell<(u64, String)>,
    stop: RefCell<Option<Stop>>,
}

impl Desk<'_> {
    async fn work(
        &self,
        questions: &mut dyn Iterator<Item = Question>,
        on_progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Asked, JudgeError> {
        let mut in_flight = FuturesUnordered::new();
        // Keys that the store does not know: in flight, or without an answer.
        let mut seen: HashSet<String> = HashSet::new();
        let mut failure = None;
        loop {
            self.report(on_progress);
            while in_flight.len() < self.config.max_in_flight.max(1)
                && failure.is_none()
                && self.stop.borrow().is_none()
            {
                let Some(question) = questions.next() else { break };
                let key = self.config.reply_key(&question);
                match self.replies.get(&key) {
                    Err(error) => failure = Some(error),
                    Ok(Some(_)) => self.count(|p| p.from_store += 1),
                    // The same prompt twice is one question.
                    Ok(None) if !seen.insert(key.clone()) => self.count(|p| p.from_store += 1),
                    Ok(None) => in_flight.push(async move {
                        let settled = self.settle(&key, &question).await;
                        (key, settled)
                    }),
                }
                self.report(on_progress);
            }
            let Ok(next) = tokio::time::timeout(TICK, in_flight.next()).await else { continue };
            let Some((key, settled)) = next else { break };
            if matches!(settled, Ok(true)) {
                seen.remove(&key);
            }
            // What else is in flight has been paid for: it is awaited before the failure is told.
            failure = failure.or(settled.err());
        }
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        let (unanswered, why) = self.unanswered.take();
        if unanswered > 0 {
            let why =
                format!("no answer to {unanswered} of the questions after all attempts; at last: {why}");
            self.stop(Stop::Unavailable(why));
        }
        let Progress { answered, from_store, refused, attempts } = self.progress.get();
        Ok(Asked { answered, from_store, refused, attempts, stop: self.stop.take() })
    }

    fn count(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.progress.get();
        change(&mut progress);
        self.progress.set(progress);
    }

    /// Tells how far asking is, and stops it if the caller wants no more.
    fn report(&self, on_progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>) {
        if on_progress(&self.progress.get()).is_break() {
            self.stop(Stop::Interrupted);
        }
    }

    fn stop(&self, why: Stop) {
        self.stop.borrow_mut().get_or_insert(why);
    }

    /// Attempts a question until it is answered, refused, out of attempts, or asking has stopped; says whether it was
    /// answered.
    async fn settle(&self, key: &str, question: &Question) -> Result<bool, LedgerError> {
        let body = self.config.request(question).to_string();
        let mut last_failure = String::new();
        for attempt in 0..=self.config.max_retries {
            if self.stop.borrow().is_some() {
                return Ok(false);
            }
            let Some(reservation) = self.ledger.reserve(key, self.calls)? else {
                self.stop(Stop::Budget);
                return Ok(false);
            };
            let begun = Instant::now();
            let (status, outcome) = self.client.attempt(body.clone()).await;
            let millis = begun.elapsed().as_millis() as u64;
            let wait = match outcome {
                Attempt::Answered(reply) => {
                    self.replies.put(key, &reply)?;
                    self.ledger.settle(
                        &reservation,
                        status,
                        reply.prompt_tokens,
                        reply.completion_tokens,
                        millis,
                    )?;
                    self.count(|p| (p.answered, p.attempts) = (p.answered + 1, p.attempts + 1));
                    self.failed_in_a_row.set(0);
                    self.refused_in_a_row.set(0);
                    return Ok(true);
                }
                Attempt::NotSent(why) => {
                    self.ledger.release(&reservation)?;
                    last_failure = why;
                    None
                }
                Attempt::Later(why, wait) => {
                    self.ledger.settle(&reservation, status, None, None, millis)?;
                    self.count(|p| p.attempts += 1);
                    last_failure = why;
                    wait
                }
                Attempt::Refused(why) => {
                    self.ledger.settle(&reservation, status, None, None, millis)?;
                    self.count(|p| (p.refused, p.attempts) = (p.refused + 1, p.attempts + 1));
                    self.note(&self.refused_in_a_row, MAX_REFUSED, &why);
                    return Ok(false);
                }
                Attempt::DeadEnd(why) => {
                    self.ledger.settle(&reservation, status, None, None, millis)?;
                    self.count(|p| p.attempts += 1);
                    self.stop(Stop::Unavailable(why));
                    return Ok(false);
                }
            };
            if attempt < self.config.max_retries {
                self.pause(wait.unwrap_or_else(|| jittered(attempt)).min(MAX_WAIT)).await;
            }
        }
        self.note(&self.failed_in_a_row, MAX_FAILED, &last_failure);
        self.unanswered.replace_with(|(count, _)| (*count + 1, last_failure));
        Ok(false)
    }

    /// Waits, but not beyond a stop.
    async fn pause(&self, wait: Duration) {
        let end = Instant::now() + wait;
        while self.stop.borrow().is_none()
            && let Some(rest) = end.checked_duration_since(Instant::now())
        {
            tokio::time::sleep(rest.min(TICK)).await;
        }
    }

    /// Counts a question without an answer; too many in a row, and the endpoint is given up.
    fn note(&self, in_a_row: &Cell<u32>, limit: u32, why: &str) {
        in_a_row.set(in_a_row.get() + 1);
        if in_a_row.get() >= limit {
            self.stop(Stop::Unavailable(why.to_owned()));
        }
    }
}

fn jittered(attempt: u32) -> Duration {
    let ceiling = FIRST_WAIT.saturating_mul(1 << attempt.min(8)).min(MAX_WAIT);
    ceiling.mul_f64(fastrand::f64())
}

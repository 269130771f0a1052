//! Sends requests and waits for answers, as many at a time as the gate lets through.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rejoinder_ledger::Reply;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior};

use super::finder::QueueItem;
use super::gate::{Gate, TICK};
use super::known_prompts::KnownPrompts;
use super::recorder::{Recorder, RecorderStopped};
use super::report::{AskProgress, AskReport, StopReason};
use super::request_trouble::RequestTrouble;
use super::trouble::{RETRIES_AT_FIRST, unavailable};
use crate::accounts::{Accounts, AccountsError};
use crate::client::{AttemptResult, Client};
use crate::completion::EmptyReplyReason;
use crate::config::{JudgeConfig, Pace};
use crate::request::JudgeRequest;
use crate::server_time::{ServerTime, SharedClock};

/// How it is found out whether a server that refuses requests answers any.
pub(super) struct RefusalTest {
    /// A request that no server refuses that answers any; `None` where there is none.
    pub(super) example: Option<JudgeRequest>,
    /// Whether the example is also asked about at the end, where all requests were refused.
    pub(super) is_due_at_end: bool,
}

/// The state that requests in flight share; all of them are on one thread.
pub(super) struct Dispatcher<'a> {
    pub(super) config: &'a JudgeConfig,
    pub(super) refusal_test: RefusalTest,
    pub(super) accounts: &'a dyn Accounts,
    /// One client for each lane of the gate.
    pub(super) clients: Vec<Client>,
    /// The clock of each lane of the gate.
    pub(super) clocks: RefCell<Vec<SharedClock>>,
    pub(super) server_time: RefCell<ServerTime>,
    pub(super) recorder: Recorder,
    /// Whether the store is known to hold an answer of this judge.
    has_stored_answers: Arc<AtomicBool>,
    /// Whether the judge has answered the example.
    pub(super) answers_example: Cell<bool>,
    /// Held while the judge is asked about the example.
    pub(super) example_turn: Mutex<()>,
    pub(super) gate: Gate,
    pub(super) progress: Cell<AskProgress>,
    /// When the server began to answer no request, though it was asked.
    pub(super) trouble_since: Cell<Option<Instant>>,
    /// When the server last answered, or asking began.
    answered_at: Cell<Instant>,
    /// What the last request met that had no answer, and when.
    last_trouble: Cell<Option<(RequestTrouble, Instant)>>,
    pub(super) failed_in_a_row: Cell<u32>,
    pub(super) refused_in_a_row: Cell<u32>,
    pub(super) retries_left: Cell<f64>,
    /// The number of requests that are reserved, or are being reserved, and not settled.
    pub(super) reserved: Cell<usize>,
    pub(super) settled: Notify,
    /// The last failure, and whether the server was reached.
    pub(super) last_failure: RefCell<(String, bool)>,
    pub(super) empty_in_a_row: Cell<u32>,
    pub(super) other_models: RefCell<BTreeSet<String>>,
    /// Refusals by their masked words: the first words of each kind, and the number of refusals.
    pub(super) refusals: RefCell<BTreeMap<String, (String, u64)>>,
    /// The status and the words of the last refusal.
    pub(super) last_refusal: RefCell<Option<(u16, String)>>,
    /// Endpoints that are in trouble and have never answered, or were given up, with the reason.
    pub(super) left_out: RefCell<BTreeMap<String, String>>,
    /// Refusals from before the first answer, kept once it is known that the server answers other requests.
    pub(super) early_refusals: RefCell<Vec<(String, Reply)>>,
    pub(super) empty: RefCell<BTreeMap<EmptyReplyReason, u64>>,
    /// Why the accounts could not be read.
    pub(super) failure: RefCell<Option<AccountsError>>,
    stop: RefCell<Option<StopReason>>,
}

impl<'a> Dispatcher<'a> {
    pub(super) fn new(
        config: &'a JudgeConfig,
        refusal_test: RefusalTest,
        accounts: &'a dyn Accounts,
        clients: Vec<Client>,
        recorder: Recorder,
        has_stored_answers: Arc<AtomicBool>,
    ) -> Self {
        let mut pace = config.pace.clone();
        if accounts.holds_pace() {
            pace = Pace { requests_per_minute: None, tokens_per_minute: None, ..pace };
        }
        Self {
            config,
            refusal_test,
            accounts,
            gate: Gate::new(&pace, clients.len()),
            server_time: RefCell::default(),
            clocks: RefCell::new(clients.iter().map(|_| SharedClock::default()).collect()),
            clients,
            recorder,
            has_stored_answers,
            answers_example: Cell::new(false),
            example_turn: Mutex::new(()),
            progress: Cell::default(),
            trouble_since: Cell::new(None),
            answered_at: Cell::new(Instant::now()),
            last_trouble: Cell::new(None),
            failed_in_a_row: Cell::new(0),
            refused_in_a_row: Cell::new(0),
            retries_left: Cell::new(RETRIES_AT_FIRST),
            reserved: Cell::new(0),
            settled: Notify::new(),
            last_failure: RefCell::default(),
            empty_in_a_row: Cell::new(0),
            other_models: RefCell::default(),
            refusals: RefCell::default(),
            early_refusals: RefCell::default(),
            last_refusal: RefCell::default(),
            left_out: RefCell::default(),
            empty: RefCell::default(),
            failure: RefCell::default(),
            stop: RefCell::new(None),
        }
    }

    /// What came of asking.
    pub(super) fn into_report(self) -> AskReport {
        AskReport {
            progress: self.progress.get(),
            other_models: self.other_models.take(),
            refusals: self.refusals.take().into_values().collect(),
            left_out: self.left_out.take(),
            empty: self.empty.take(),
            server_time: self.server_time.take(),
            stop: self.stop.take(),
        }
    }

    /// Makes the requests of the queue until it ends or asking has stopped, then concludes from what was counted.
    pub(super) async fn work(
        &self,
        mut queue: mpsc::Receiver<QueueItem<'a>>,
        on_progress: &mut dyn FnMut(&AskProgress) -> ControlFlow<()>,
    ) -> Result<(), RecorderStopped> {
        let mut open = FuturesUnordered::new();
        let mut known = KnownPrompts::default();
        let mut has_ended = false;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // As many requests wait at the gate as may be in flight, so that the next ones go out without waiting for the disk.
            let wants_more = !has_ended && !self.has_stopped() && open.len() < 2 * self.gate.limit();
            tokio::select! {
                biased;
                _ = ticks.tick() => self.report(on_progress),
                Some((key, replied)) = open.next(), if !open.is_empty() => {
                    let replied: Result<bool, RecorderStopped> = replied;
                    known.close(key, replied?);
                }
                item = queue.recv(), if wants_more => match item {
                    None => has_ended = true,
                    Some(QueueItem::Stored(count)) => self.count(|p| p.from_store += count),
                    Some(QueueItem::Job(job)) => match known.open(&job.request.key) {
                        // The same prompt twice is one question.
                        false => self.count(|p| p.from_store += 1),
                        true => open.push(async move {
                            let key = job.request.key.clone();
                            let replied = self.settle(*job).await;
                            (key, replied)
                        }),
                    },
                },
            }
            if open.is_empty() && (has_ended || self.has_stopped()) {
                break;
            }
        }
        if self.refusal_test.is_due_at_end && self.progress.get().refused > 0 {
            self.test_refusals(true).await?;
        }
        self.report(on_progress);
        if self.answers_others() {
            self.keep_early_refusals()?;
        }
        let AskProgress { failed, answered, empty, refused, .. } = self.progress.get();
        if failed > 0 {
            let (why, was_reached) = &*self.last_failure.borrow();
            let why = format!("no answer to {failed} of the requests after all attempts; at last: {why}");
            self.stop(unavailable(why, *was_reached));
        }
        if refused > 0
            && answered + empty == 0
            && !self.has_stored_answers()
            && !(self.refusal_test.is_due_at_end && self.answers_example.get())
            && let Some((status, words)) = self.last_refusal.take()
        {
            self.stop(StopReason::Refuses { status, words });
        }
        Ok(())
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut AskProgress)) {
        let mut progress = self.progress.get();
        change(&mut progress);
        self.progress.set(progress);
    }

    /// Reports the progress to the caller, and stops asking if the caller wants no more.
    fn report(&self, on_progress: &mut dyn FnMut(&AskProgress) -> ControlFlow<()>) {
        let (in_flight, limit) = (self.gate.in_flight() as u64, self.gate.limit() as u64);
        let down = self.trouble_since.get().map(|since| since.elapsed());
        let quiet = self.answered_at.get().elapsed();
        let last_trouble = self.last_trouble.get().map(|(what, when)| (what, when.elapsed()));
        let counted = self.progress.get();
        if on_progress(&AskProgress { in_flight, limit, down, quiet, last_trouble, ..counted }).is_break() {
            self.stop(StopReason::Interrupted);
        }
    }

    /// Notes for whoever watches whether the server has answered a request.
    pub(super) fn note_outcome(&self, status: u16, attempt: &AttemptResult) {
        let now = Instant::now();
        match RequestTrouble::of(status, attempt) {
            None => self.answered_at.set(now),
            Some(trouble) => self.last_trouble.set(Some((trouble, now))),
        }
    }

    pub(super) fn stop(&self, why: StopReason) {
        self.stop.borrow_mut().get_or_insert(why);
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.stop.borrow().is_some()
    }

    /// What was read from the accounts. A failure ends the asking.
    pub(super) fn read<T>(&self, read: Result<T, AccountsError>) -> Result<T, RecorderStopped> {
        read.map_err(|failure| {
            self.failure.borrow_mut().get_or_insert(failure);
            RecorderStopped
        })
    }

    pub(super) fn has_stored_answers(&self) -> bool {
        self.has_stored_answers.load(Ordering::Relaxed)
    }
}

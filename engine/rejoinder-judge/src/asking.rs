//! Gets questions answered: each once, within the budget, as many at a time as the server bears, through bad weather.
//!
//! Four threads: one finds questions and puts them into words, this one sends and waits, and the clerk's two write down. A
//! question passes: its reply is not stored → reserved → through the gate → sent → stored.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rejoinder_ledger::{
    Claim, Ledger, LedgerError, Limits, Outcome, Replies, Reply, Reservation, Spending, State, Usage,
};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior};

use crate::alike::alike;
use crate::answer::Finding;
use crate::clerk::{Clerk, Gone};
use crate::client::{Attempt, Client, Refusal};
use crate::completion::Emptiness;
use crate::config::JudgeConfig;
use crate::form::{Followed, Form, halves};
use crate::gate::{Gate, Pass, TICK};
use crate::question::Question;
use crate::request::Request;

/// Longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// First wait, doubled with every attempt; the real one is drawn between nothing and it ("full jitter").
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// So many requests in a row whose attempts all failed, and the endpoint is taken for dead.
const MAX_FAILED: u32 = 8;
/// So many requests about one question in a row that the server refuses, and it is asked whether it refuses all. More than above:
/// a few neighbours may well hold what a server refuses.
const MAX_REFUSED: u32 = 32;
/// The same before it has answered anything; one request about several questions is enough then.
const MAX_REFUSED_AT_FIRST: u32 = 10;
/// What it is asked about: nothing that a filter could mind.
const EXAMPLE: &str = "Thank you, that is exactly what I needed!";
/// So many replies that hold nothing before the first that holds something, and no more is paid for.
const MAX_EMPTY_AT_FIRST: u32 = 8;
/// So many different words of refusals are kept.
const MAX_REASONS: usize = 8;
/// The HTTP status of who is known and not let in.
const FORBIDDEN: u16 = 403;
/// Retries that are allowed from the start, and for each first attempt: where more than a fifth of all fails, trying again
/// only adds to what is wrong.
const RETRIES_AT_FIRST: f64 = 32.0;
const RETRIES_A_REQUEST: f64 = 0.2;
/// So many names of other models are kept.
const MAX_MODELS: usize = 8;
/// Requests that are found ahead of those that wait at the gate.
const AHEAD: usize = 256;

/// Asking cannot go on, for reasons on our side.
#[derive(Debug)]
pub enum JudgeError {
    /// The client cannot be made: why.
    Client(String),
    /// Config and server do not go together: why.
    Form(String),
    /// The ledger or the store of replies failed.
    Ledger(LedgerError),
}

impl fmt::Display for JudgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(why) => write!(f, "cannot set up the judge's client: {why}"),
            Self::Form(why) => write!(f, "[judge]: {why}"),
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
    /// The budget is spent.
    Budget,
    /// No connection comes about: why.
    Unreachable(String),
    /// The server is reached and gives no answer: why.
    Unavailable(String),
    /// The server answers with a refusal whatever it is asked, or lets nobody in.
    Refuses {
        /// The HTTP status.
        status: u16,
        /// The server's own words, without secrets.
        words: String,
    },
    /// The server answers, and its answers hold nothing: why.
    Silent(Emptiness),
    /// The caller wanted no more.
    Interrupted,
}

/// How far asking is, counted in requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Answered in this call.
    pub answered: u64,
    /// Those of the answers that say nothing about what was asked, though perhaps a constraint should have seen to it.
    pub unparseable: u64,
    /// Not sent, because the reply was stored already.
    pub from_store: u64,
    /// Refused by the server.
    pub refused: u64,
    /// Answered with nothing: such replies are noted, and not kept as answers.
    pub empty: u64,
    /// Given up after all attempts.
    pub failed: u64,
    /// HTTP requests in this call.
    pub attempts: u64,
    /// In flight now.
    pub in_flight: u64,
    /// How many may be.
    pub limit: u64,
    /// For how long the server has answered nobody, though it was asked; nothing while it answers.
    pub down: Option<Duration>,
    /// What was spent in this call.
    pub spent: Spending,
    /// Tokens as the server counts.
    pub usage: Usage,
}

/// What came of asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// How far it came.
    pub progress: Progress,
    /// The models that the server named, where that was not the one asked for.
    pub other_models: BTreeSet<String>,
    /// The server's words for what it refused, and how often such were said.
    pub refusals: BTreeMap<String, u64>,
    /// Of several endpoints those that answered nothing, or were given up: why.
    pub left_out: BTreeMap<String, String>,
    /// Why replies held nothing, and how often.
    pub empty: BTreeMap<Emptiness, u64>,
    /// Why it ended before the questions did.
    pub stop: Option<Stop>,
}

/// Where questions come from: called on a thread of its own with a sink for groups of questions that share a request, until
/// the sink breaks.
pub type Source<'s> = dyn FnOnce(&mut dyn FnMut(Vec<Question>) -> ControlFlow<()>) + Send + 's;

/// Asks each question whose reply is not stored, and stores the replies.
///
/// Endpoints of one model share the requests; those of a conversation keep to one where they can, and an endpoint that is down,
/// overloaded or misconfigured is left alone. Before each HTTP request the most that it can take is reserved in the ledger, and
/// `limits` (over the ledger's whole life) are never passed. Lost connections and failures of the server are tried again, after the time that it asks for or
/// a growing random one. After a stop, what is in flight is awaited and stored: an answer that was paid for is never lost.
/// Memory does not grow with the number of questions. `on_progress` is called several times a second, and stops the asking
/// when it breaks.
///
/// # Errors
/// If the client cannot be made, or ledger or store fail.
pub fn ask(
    config: &JudgeConfig,
    form: &Form,
    source: Box<Source<'_>>,
    ledger: &Ledger,
    replies: &Replies,
    limits: &Limits,
    on_progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Asked, JudgeError> {
    let clients = Client::for_each(config)?;
    let has_stored_answers = AtomicBool::new(false);
    let runtime = runtime()?;
    std::thread::scope(|scope| {
        let (clerk, written) = Clerk::start(scope, ledger, replies, *limits);
        let (jobs, queue) = mpsc::channel(AHEAD);
        let stored = &has_stored_answers;
        let finder = scope.spawn(move || find(source, form, replies, &jobs, stored));
        let desk = Desk {
            config,
            form,
            store: replies,
            gate: Gate::new(&config.pace, clients.len()),
            clients,
            clerk,
            has_stored_answers: stored,
            answers_example: Cell::new(false),
            trying: Mutex::new(()),
            progress: Cell::default(),
            trouble_since: Cell::new(None),
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
            stop: RefCell::new(None),
        };
        let worked = runtime.block_on(desk.work(queue, on_progress));
        let asked = Asked {
            progress: desk.progress.get(),
            other_models: desk.other_models.take(),
            refusals: desk.refusals.take().into_values().collect(),
            left_out: desk.left_out.take(),
            empty: desk.empty.take(),
            stop: desk.stop.take(),
        };
        drop(desk);
        written.join()?;
        finder.join().expect("finding does not panic")?;
        // The clerk, who alone can be gone, has told why by now.
        worked.map(|()| asked).map_err(|Gone| JudgeError::Client("the ledger cannot be written".to_owned()))
    })
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, JudgeError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().map_err(|e| JudgeError::Client(e.to_string()))
}

/// A request to be made, and what it is about.
struct Job {
    questions: Vec<Question>,
    /// Replies to the requests before it about the same.
    replies: Vec<Reply>,
    request: Request,
}

/// What the finder has come upon.
enum Found {
    Job(Box<Job>),
    /// So many requests whose reply is stored.
    Stored(u64),
}

/// Puts questions into words and looks up which of their replies are stored, and whether any of these is an answer.
fn find(
    source: Box<Source<'_>>,
    form: &Form,
    store: &Replies,
    jobs: &mpsc::Sender<Found>,
    has_answers: &AtomicBool,
) -> Result<(), LedgerError> {
    let mut failure = None;
    source(&mut |questions| {
        let followed = match form.follow(&questions, store) {
            Ok(followed) => followed,
            Err(error) => {
                failure = Some(error);
                return ControlFlow::Break(());
            }
        };
        for followed in followed {
            let range = followed.questions.clone();
            let Followed { replies, next, .. } = form.to_ask(&questions[range.clone()], followed);
            if replies.iter().any(|reply| !reply.is_refused() && !reply.is_too_long()) {
                has_answers.store(true, Ordering::Relaxed);
            }
            let stored = (!replies.is_empty()).then_some(Found::Stored(replies.len() as u64));
            let job = next.map(|request| {
                Found::Job(Box::new(Job { questions: questions[range].to_vec(), replies, request }))
            });
            if stored.into_iter().chain(job).try_for_each(|found| jobs.blocking_send(found)).is_err() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    failure.map_or(Ok(()), Err)
}

/// The state that requests in flight share; all on one thread.
struct Desk<'a> {
    config: &'a JudgeConfig,
    form: &'a Form,
    store: &'a Replies,
    /// One for each lane of the gate.
    clients: Vec<Client>,
    clerk: Clerk,
    /// Whether the store is known to hold an answer of this judge.
    has_stored_answers: &'a AtomicBool,
    /// Whether the judge has answered the example.
    answers_example: Cell<bool>,
    /// Held while the example is asked about.
    trying: Mutex<()>,
    gate: Gate,
    progress: Cell<Progress>,
    /// Since when the server has answered nobody, though it was asked.
    trouble_since: Cell<Option<Instant>>,
    failed_in_a_row: Cell<u32>,
    refused_in_a_row: Cell<u32>,
    retries_left: Cell<f64>,
    /// Requests that are reserved, or are being so, and not settled.
    reserved: Cell<usize>,
    settled: Notify,
    /// The last failure, and whether the server was reached.
    last_failure: RefCell<(String, bool)>,
    empty_in_a_row: Cell<u32>,
    other_models: RefCell<BTreeSet<String>>,
    /// The first words of refusals that are alike, and how many there are.
    refusals: RefCell<BTreeMap<String, (String, u64)>>,
    /// Status and words.
    last_refusal: RefCell<Option<(u16, String)>>,
    /// Endpoints that are in trouble and have never answered, or were given up: why.
    left_out: RefCell<BTreeMap<String, String>>,
    /// Refusals from before the first answer, kept once it is known that the server answers others.
    early_refusals: RefCell<Vec<(String, Reply)>>,
    empty: RefCell<BTreeMap<Emptiness, u64>>,
    stop: RefCell<Option<Stop>>,
}

impl Desk<'_> {
    async fn work(
        &self,
        mut queue: mpsc::Receiver<Found>,
        on_progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<(), Gone> {
        let mut open = FuturesUnordered::new();
        let mut seen = Seen::default();
        let mut has_ended = false;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // As many wait at the gate as may be in flight, so that the next ones go out without waiting for the disk.
            let wants_more = !has_ended && !self.has_stopped() && open.len() < 2 * self.gate.limit();
            tokio::select! {
                biased;
                _ = ticks.tick() => self.report(on_progress),
                Some((key, replied)) = open.next(), if !open.is_empty() => {
                    let replied: Result<bool, Gone> = replied;
                    seen.close(key, replied?);
                }
                found = queue.recv(), if wants_more => match found {
                    None => has_ended = true,
                    Some(Found::Stored(count)) => self.count(|p| p.from_store += count),
                    Some(Found::Job(job)) => match seen.open(&job.request.key) {
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
        self.report(on_progress);
        if self.has_stored_answers() {
            self.keep_early_refusals()?;
        }
        let Progress { failed, answered, empty, refused, .. } = self.progress.get();
        if failed > 0 {
            let (why, was_reached) = &*self.last_failure.borrow();
            let why = format!("no answer to {failed} of the requests after all attempts; at last: {why}");
            self.stop(unavailable(why, *was_reached));
        }
        if refused > 0
            && answered + empty == 0
            && !self.has_stored_answers()
            && let Some((status, words)) = self.last_refusal.take()
        {
            self.stop(Stop::Refuses { status, words });
        }
        Ok(())
    }

    fn count(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.progress.get();
        change(&mut progress);
        self.progress.set(progress);
    }

    /// Tells how far asking is, and stops it if the caller wants no more.
    fn report(&self, on_progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>) {
        let (in_flight, limit) = (self.gate.in_flight() as u64, self.gate.limit() as u64);
        let down = self.trouble_since.get().map(|since| since.elapsed());
        if on_progress(&Progress { in_flight, limit, down, ..self.progress.get() }).is_break() {
            self.stop(Stop::Interrupted);
        }
    }

    fn stop(&self, why: Stop) {
        self.stop.borrow_mut().get_or_insert(why);
    }

    fn has_stopped(&self) -> bool {
        self.stop.borrow().is_some()
    }

    fn has_stored_answers(&self) -> bool {
        self.has_stored_answers.load(Ordering::Relaxed)
    }

    /// Whether the judge is known to answer something.
    fn answers_others(&self) -> bool {
        self.progress.get().answered > 0 || self.answers_example.get() || self.has_stored_answers()
    }

    /// Asks all that there is to ask about a job's questions, by halves where the server refuses what they share or cuts its answer
    /// off; says whether its first request was settled.
    async fn settle(&self, job: Job) -> Result<bool, Gone> {
        let Job { questions, replies, request } = job;
        let mut is_settled = false;
        let mut open = vec![(0..questions.len(), replies, Some(request))];
        while let Some((range, mut replies, mut next)) = open.pop() {
            let asked = &questions[range.clone()];
            while let Some(request) = next
                && self.attempt(asked, &mut replies, &request).await?
            {
                is_settled = true;
                next = self.form.next(asked, &replies);
            }
            let is_shared_refusal = asked.len() > 1 && replies.last().is_some_and(Reply::is_refused);
            self.doubt(is_shared_refusal).await?;
            for half in halves(&self.form.left(&questions, &range, &replies)).rev() {
                let next = self.form.next(&questions[half.clone()], &[]);
                open.push((half, Vec::new(), next));
            }
        }
        Ok(is_settled)
    }

    /// Attempts a request as [`Self::attempt_claimed`], once no other process asks for the same: what another was answered is
    /// taken from the store.
    async fn attempt(
        &self,
        questions: &[Question],
        replies: &mut Vec<Reply>,
        request: &Request,
    ) -> Result<bool, Gone> {
        while !self.has_stopped() {
            match self.clerk.claim(&request.key).await? {
                Claim::Theirs => self.pause(TICK).await,
                Claim::Answered => {
                    // The thread that writes tells of a store that cannot be read.
                    let Ok(Some(reply)) = self.store.get(&request.key) else { return Err(Gone) };
                    replies.push(reply);
                    self.count(|p| p.from_store += 1);
                    return Ok(true);
                }
                Claim::Ours => {
                    let is_answered = self.attempt_claimed(questions, replies, request).await?;
                    if !is_answered {
                        self.clerk.give_back(&request.key)?;
                    }
                    return Ok(is_answered);
                }
            }
        }
        Ok(false)
    }

    /// Attempts a request until it is answered, refused, out of attempts, or asking has stopped; says whether there is a
    /// reply, which is then stored and the last of `replies`.
    async fn attempt_claimed(
        &self,
        questions: &[Question],
        replies: &mut Vec<Reply>,
        request: &Request,
    ) -> Result<bool, Gone> {
        self.retries_left.set((self.retries_left.get() + RETRIES_A_REQUEST).min(10.0 * RETRIES_AT_FIRST));
        let kinship = questions.first().map_or(0, |q| q.id.ordinal + u64::from(q.id.shard));
        let (mut failures, mut waits, mut refusals) = (0, 0, 0);
        let mut first_failure = None;
        while !self.has_stopped() {
            let Some(reservation) = self.reserve(request).await? else { break };
            let tokens = request.input_tokens.1 + u64::from(request.max_tokens);
            // Held until what comes is durable, so that a kill costs no more answers than may be in flight.
            let Some(pass) = self.gate.enter(kinship, tokens, || self.has_stopped()).await else {
                self.release(reservation)?;
                break;
            };
            let client = &self.clients[pass.lane()];
            let (status, attempt) = client.attempt(request.body.clone()).await;
            let millis = pass.elapsed().as_millis() as u64;
            let failed = |amount| Outcome { state: State::Failed, status, amount, usage: None, millis };
            match attempt {
                Attempt::Answered(reply, emptiness) => {
                    pass.was_answered();
                    self.left_out.borrow_mut().remove(client.base());
                    let outcome = Outcome { usage: reply.usage, ..failed(reservation.amount()) };
                    replies.push(reply);
                    return self.answered(questions, replies, request, reservation, outcome, emptiness).await;
                }
                Attempt::TooLong(why) => {
                    self.trouble_since.set(None);
                    let reply = Reply::too_long(self.config.model.clone(), why);
                    replies.push(reply.clone());
                    self.store(request, reply, reservation, failed(CALL)).await?;
                    return Ok(true);
                }
                // An endpoint that has answered nobody may refuse all there is: another one is asked first.
                Attempt::Refused(Refusal { words, .. })
                    if !pass.is_let_in() && refusals + 1 < self.clients.len() =>
                {
                    refusals += 1;
                    pass.was_too_much(None);
                    self.left_out.borrow_mut().insert(client.base().to_owned(), words);
                    self.spend(reservation, failed(CALL))?;
                    continue;
                }
                Attempt::Refused(Refusal { words, usage, .. }) => {
                    let amount = usage.map_or(CALL, |usage| self.config.price.of(usage));
                    let outcome = Outcome { usage, ..failed(amount) };
                    return self.refused(questions, replies, request, reservation, outcome, words).await;
                }
                // Others were let in: it is this request that is not, for what it holds.
                Attempt::DeadEnd(words) if status == FORBIDDEN && pass.is_let_in() => {
                    return self.refused(questions, replies, request, reservation, failed(CALL), words).await;
                }
                Attempt::DeadEnd(why) => {
                    self.spend(reservation, failed(CALL))?;
                    if pass.gives_up() {
                        self.left_out.borrow_mut().insert(client.base().to_owned(), why);
                        continue;
                    }
                    self.stop(match status {
                        0 => Stop::Unreachable(why),
                        _ => Stop::Refuses { status, words: why },
                    });
                    return Ok(false);
                }
                Attempt::NotSent(why) => {
                    pass.was_too_much(None);
                    self.release(reservation)?;
                    waits += 1;
                    self.is_in_trouble(&pass, why, false);
                }
                Attempt::Busy(why, wait) => {
                    pass.was_too_much(wait.map(|w| w.min(MAX_WAIT).min(self.config.pace.patience)));
                    self.spend(reservation, failed(CALL))?;
                    waits += 1;
                    self.is_in_trouble(&pass, why, true);
                }
                Attempt::Failed(why) => {
                    pass.was_too_much(None);
                    // What it took, nobody knows: all of it stays spent.
                    let all = failed(reservation.amount());
                    self.spend(reservation, all)?;
                    failures += 1;
                    self.retries_left.set(self.retries_left.get() - 1.0);
                    self.is_in_trouble(&pass, why, true);
                }
            }
            drop(pass);
            // A server that has no time says nothing about this request, unless it has time for all others.
            let is_singled_out =
                first_failure.get_or_insert_with(Instant::now).elapsed() > self.config.pace.patience;
            if failures > self.config.pace.max_retries || self.retries_left.get() < 0.0 || is_singled_out {
                if !self.has_stopped() {
                    self.count(|p| p.failed += 1);
                    let (why, was_reached) = self.last_failure.borrow().clone();
                    self.note(&self.failed_in_a_row, MAX_FAILED, || unavailable(why, was_reached));
                }
                break;
            }
            self.pause(jittered(failures + waits - 1)).await;
        }
        Ok(false)
    }

    /// Asks about the example once the server's refusals look as if it refused whatever it is asked: a request about several
    /// questions before it has answered anything, or many about one in a row. If it refuses that too, it does.
    async fn doubt(&self, is_shared_refusal: bool) -> Result<(), Gone> {
        let is_doubtful = || match self.answers_others() {
            true => self.refused_in_a_row.get() >= MAX_REFUSED,
            false => is_shared_refusal || self.refused_in_a_row.get() >= MAX_REFUSED_AT_FIRST,
        };
        if !is_doubtful() {
            return Ok(());
        }
        let _alone = self.trying.lock().await;
        if self.has_stopped() || !is_doubtful() {
            return Ok(());
        }
        let Some(request) = self.form.next(&[Question::example(EXAMPLE)], &[]) else { return Ok(()) };
        let Some(reservation) = self.reserve(&request).await? else { return Ok(()) };
        let tokens = request.input_tokens.1 + u64::from(request.max_tokens);
        let Some(pass) = self.gate.enter(0, tokens, || self.has_stopped()).await else {
            return self.release(reservation);
        };
        let (status, attempt) = self.clients[pass.lane()].attempt(request.body).await;
        let millis = pass.elapsed().as_millis() as u64;
        let (mut state, mut amount, mut usage) = (State::Failed, CALL, None);
        match attempt {
            Attempt::Answered(reply, _) => {
                (state, usage) = (State::Answered, reply.usage);
                amount = usage.map_or(reservation.amount(), |usage| self.config.price.of(usage));
                self.answers_example.set(true);
                self.refused_in_a_row.set(0);
                self.keep_early_refusals()?;
            }
            Attempt::DeadEnd(why) if pass.gives_up() => {
                self.left_out.borrow_mut().insert(self.clients[pass.lane()].base().to_owned(), why);
            }
            Attempt::Refused(Refusal { words, .. }) | Attempt::DeadEnd(words) => {
                self.stop(Stop::Refuses { status, words });
            }
            Attempt::NotSent(_) => return self.release(reservation),
            Attempt::Failed(_) => amount = reservation.amount(),
            Attempt::Busy(..) | Attempt::TooLong(_) => {}
        }
        self.spend(reservation, Outcome { state, status, amount, usage, millis })
    }

    /// Stores the refusals from before it was known that the server answers others.
    fn keep_early_refusals(&self) -> Result<(), Gone> {
        self.early_refusals.take().into_iter().try_for_each(|(key, reply)| self.clerk.keep(key, reply))
    }

    /// The right to make a request; `None` where it would pass the budget, also once all others are settled, for most take less
    /// than is reserved for them.
    async fn reserve(&self, request: &Request) -> Result<Option<Reservation>, Gone> {
        loop {
            // Whatever was settled by now is written before this reservation.
            let was_alone = self.reserved.get() == 0;
            self.reserved.set(self.reserved.get() + 1);
            if let Some(reservation) = self.clerk.reserve(&request.key, request.most).await? {
                return Ok(Some(reservation));
            }
            self.reserved.set(self.reserved.get() - 1);
            let are_all_settled = self.reserved.get() == 0;
            if was_alone && are_all_settled {
                self.stop(Stop::Budget);
            }
            if self.has_stopped() {
                return Ok(None);
            }
            if !are_all_settled {
                // Woken by the next one that is settled; once in a while to see whether it is over.
                let _ = tokio::time::timeout(TICK, self.settled.notified()).await;
            }
        }
    }

    fn release(&self, reservation: Reservation) -> Result<(), Gone> {
        self.clerk.release(reservation)?;
        self.is_settled();
        Ok(())
    }

    fn is_settled(&self) {
        self.reserved.set(self.reserved.get() - 1);
        self.settled.notify_one();
    }

    /// A request was refused: about several questions, it is known from now on that they are asked apart; about one, that is
    /// kept with the server's words once the server has answered others. Says whether there is more to ask.
    async fn refused(
        &self,
        questions: &[Question],
        replies: &mut Vec<Reply>,
        request: &Request,
        reservation: Reservation,
        outcome: Outcome,
        words: String,
    ) -> Result<bool, Gone> {
        self.trouble_since.set(None);
        let status = outcome.status;
        let reply = Reply::refused(self.config.model.clone(), words.clone());
        let answers_others = self.answers_others();
        let is_shared = questions.len() > 1;
        if !is_shared {
            self.count(|p| p.refused += 1);
            self.refused_in_a_row.set(self.refused_in_a_row.get() + 1);
            let kind = alike(&words);
            let mut refusals = self.refusals.borrow_mut();
            if refusals.len() < MAX_REASONS || refusals.contains_key(&kind) {
                refusals.entry(kind).or_insert_with(|| (words.clone(), 0)).1 += 1;
            }
        }
        self.last_refusal.replace(Some((status, words)));
        if is_shared || answers_others {
            replies.push(reply.clone());
            self.store(request, reply, reservation, outcome).await?;
            return Ok(true);
        }
        self.early_refusals.borrow_mut().push((request.key.clone(), reply));
        self.spend(reservation, outcome)?;
        Ok(false)
    }

    /// Stores the last of the replies, with what it cost and whether it says anything; one that holds nothing is taken back.
    /// Says whether there is a reply.
    async fn answered(
        &self,
        questions: &[Question],
        replies: &mut Vec<Reply>,
        request: &Request,
        reservation: Reservation,
        mut outcome: Outcome,
        emptiness: Option<Emptiness>,
    ) -> Result<bool, Gone> {
        self.trouble_since.set(None);
        self.failed_in_a_row.set(0);
        self.refused_in_a_row.set(0);
        let Some(reply) = replies.last().cloned() else { return Ok(false) };
        if reply.model != self.config.model && self.other_models.borrow().len() < MAX_MODELS {
            self.other_models.borrow_mut().insert(reply.model.clone());
        }
        let says_nothing = self.form.read(questions, replies).is_some_and(|findings| {
            findings.iter().flatten().all(|f| matches!(f.finding, Finding::Unverified(_)))
        });
        outcome.state = if says_nothing { State::Unparseable } else { State::Answered };
        if let Some(usage) = reply.usage {
            outcome.amount = self.config.price.of(usage);
        }
        // One token is the whole answer in the label form: no limit cuts it.
        let emptiness = emptiness.filter(|why| *why != Emptiness::Cut || request.max_tokens > 1);
        if let (true, Some(why)) = (says_nothing, emptiness) {
            replies.pop();
            let note = Reply::empty(reply.model, why.describe().to_owned());
            self.store(request, note, reservation, outcome).await?;
            self.count(|p| p.empty += 1);
            *self.empty.borrow_mut().entry(why).or_default() += 1;
            if self.progress.get().answered == 0 {
                self.note(&self.empty_in_a_row, MAX_EMPTY_AT_FIRST, || Stop::Silent(why));
            }
            return Ok(false);
        }
        self.keep_early_refusals()?;
        self.store(request, reply, reservation, outcome).await?;
        self.count(|p| {
            p.answered += 1;
            p.unparseable += u64::from(says_nothing);
        });
        Ok(true)
    }

    /// Stores a reply, waits until it is durable, and notes what it cost.
    async fn store(
        &self,
        request: &Request,
        reply: Reply,
        reservation: Reservation,
        outcome: Outcome,
    ) -> Result<(), Gone> {
        let (amount, usage) = (outcome.amount, outcome.usage);
        self.clerk.store(request.key.clone(), reply, reservation, outcome).await?;
        self.is_spent(amount, usage);
        Ok(())
    }

    /// Notes what a request without an answer cost.
    fn spend(&self, reservation: Reservation, outcome: Outcome) -> Result<(), Gone> {
        let (amount, usage) = (outcome.amount, outcome.usage);
        self.clerk.settle(reservation, outcome)?;
        self.is_spent(amount, usage);
        Ok(())
    }

    fn is_spent(&self, amount: Spending, usage: Option<Usage>) {
        self.is_settled();
        self.count(|p| {
            p.attempts += 1;
            p.spent += amount;
            p.usage += usage.unwrap_or_default();
        });
    }

    /// An endpoint did not answer; where none has answered anybody for longer than that is borne, asking ends.
    fn is_in_trouble(&self, pass: &Pass<'_>, mut why: String, mut was_reached: bool) {
        let now = Instant::now();
        if self.clients.len() > 1 {
            let base = self.clients[pass.lane()].base();
            if !pass.is_let_in() {
                self.left_out.borrow_mut().insert(base.to_owned(), why.clone());
            }
            why = format!("{base}: {why}");
            was_reached |= self.trouble_since.get().is_some() && self.last_failure.borrow().1;
        }
        let since = self.trouble_since.get().unwrap_or(now);
        self.trouble_since.set(Some(since));
        if now - since >= self.config.pace.patience {
            self.stop(unavailable(why.clone(), was_reached));
        }
        self.last_failure.replace((why, was_reached));
    }

    /// Waits, but not beyond a stop.
    async fn pause(&self, wait: Duration) {
        let end = Instant::now() + wait;
        while !self.has_stopped()
            && let Some(rest) = end.checked_duration_since(Instant::now())
        {
            tokio::time::sleep(rest.min(TICK)).await;
        }
    }

    /// Counts a request without an answer; too many in a row, and the endpoint is given up.
    fn note(&self, in_a_row: &Cell<u32>, limit: u32, why: impl FnOnce() -> Stop) {
        in_a_row.set(in_a_row.get() + 1);
        if in_a_row.get() >= limit {
            self.stop(why());
        }
    }
}

fn unavailable(why: String, was_reached: bool) -> Stop {
    if was_reached { Stop::Unavailable(why) } else { Stop::Unreachable(why) }
}

/// An HTTP request that took no tokens.
const CALL: Spending = Spending { calls: 1, tokens: 0, money: 0, gpu: 0 };

fn jittered(attempt: u32) -> Duration {
    let ceiling = FIRST_WAIT.saturating_mul(1 << attempt.min(8)).min(MAX_WAIT);
    ceiling.mul_f64(fastrand::f64())
}

/// Which prompts need not be asked for once more, in memory that does not grow with the corpus: those under way, those
/// without an answer, and those answered since the finder, who is at most [`AHEAD`] and a few ahead, looked them up.
#[derive(Default)]
struct Seen {
    /// How many were opened.
    opened: usize,
    known: HashSet<String>,
    /// When each that was answered was closed, in `opened`.
    closed: VecDeque<(usize, String)>,
}

impl Seen {
    /// Notes that a prompt is to be asked; `false` where it is asked or given up already.
    fn open(&mut self, key: &str) -> bool {
        self.opened += 1;
        while self.closed.front().is_some_and(|(at, _)| *at + AHEAD + 2 < self.opened)
            && let Some((_, key)) = self.closed.pop_front()
        {
            self.known.remove(&key);
        }
        self.known.insert(key.to_owned())
    }

    fn close(&mut self, key: String, is_answered: bool) {
        if is_answered {
            self.closed.push_back((self.opened, key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_long_ago_is_forgotten_and_what_was_not_is_kept() {
        let mut seen = Seen::default();
        for i in 0..10_000 {
            let key = format!("{}", i / 2);
            assert_eq!(seen.open(&key), i % 2 == 0);
            if i % 2 == 0 {
                seen.close(key, i != 100);
            }
        }
        assert!(seen.known.len() < AHEAD + 8, "{}", seen.known.len());
        assert!(seen.known.contains("50"));
    }
}

//! What the judge says of rows that wait: asked by the engine, through accounts that may lie on another machine, or asked by the caller.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use arrow_array::RecordBatch;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use rejoinder::cli::stopped;
use rejoinder::failure::{Exit, Failure};
use rejoinder_core::RecordId;
use rejoinder_judge::accounts::{AccountKeeper, RemoteAccounts, Transport};
use rejoinder_judge::{AskReport, JudgeConfig, ProbeError};
use rejoinder_run::judging::{Judge, JudgeAnswer, TurnAnswer, ask_rows, read_reply, settings};
use rejoinder_run::{RunError, SpoolRow};
use rejoinder_scan::{Config, Engine};

use crate::config::effective;
use crate::error::{detached, exception, is_interrupted};
use crate::rows::{GivenRow, GivenTurn, LostRecord, TurnRow, given_rows, schema, table_of};
use crate::scanning::{provenance, request};

/// The column with the text of the model's answer, and that with its log-probabilities.
const ANSWER: &str = "answer";
const LOGPROBS: &str = "logprobs";
/// How often it is looked whether somebody wants Python to stop.
const LISTENING: Duration = Duration::from_millis(100);
/// What follows where the server could not be tried.
const NOT_PREPARED: &str = "no turn was asked about: finding out what the server can do takes a few calls before, which the budget has to allow";
/// Rows of a batch of the result.
const ROWS: usize = 4096;

/// What the judge of a whole job may cost, what it has cost, and what it has said: one for all who ask.
///
/// The folder holds all of it; a keeper that is opened again on the folder goes on where the last one was, and a reply that is there is
/// never asked for again. One keeper at a time has a folder.
#[pyclass(name = "Keeper", module = "rejoinder", frozen)]
pub struct PyKeeper {
    keeper: Arc<AccountKeeper>,
    config: Config,
}

#[pymethods]
impl PyKeeper {
    /// Args:
    ///     config: As for `Engine`; `[judge]` says who is asked, and `[budget]` what that may cost over the folder's whole life.
    ///         `requests-per-minute` and `tokens-per-minute` hold for all who ask by this keeper, together.
    ///     folder: Is made where it is missing.
    ///
    /// Raises:
    ///     InputError: Another keeper has the folder, or its files cannot be used.
    #[new]
    #[pyo3(signature = (config, folder))]
    fn new(py: Python<'_>, config: &Bound<'_, PyAny>, folder: PathBuf) -> PyResult<Self> {
        let config = effective(Some(config))?.config;
        if folder.as_os_str().is_empty() {
            return Err(exception(Failure::usage("the folder of a keeper has no name")));
        }
        let terms = settings::keeper_terms(&config);
        let keeper = detached(py, move || Ok(AccountKeeper::open(&folder, terms).map_err(RunError::from)?))?;
        Ok(Self { keeper: Arc::new(keeper), config })
    }

    /// Finds out what the judge's server can do, once for the folder's life.
    ///
    /// Raises:
    ///     UsageError: The config names no judge.
    ///     JudgeError: The server cannot be reached, lets nobody in, or refuses.
    ///     BudgetError: The budget does not take the few requests for that.
    fn prepare(&self, py: Python<'_>) -> PyResult<()> {
        let (keeper, section) = (Arc::clone(&self.keeper), self.config.judge.clone());
        detached(py, move || {
            let client = settings::client(&section)?.ok_or(RunError::NoJudge)?;
            let (done, prepared) = channel();
            // On a thread of its own: a server that says nothing is waited for, and Ctrl-C is heard meanwhile.
            std::thread::spawn(move || {
                // Nobody waits any more where this cannot be told.
                let _ = done.send(keeper.prepare(&client).map(drop));
            });
            let prepared = loop {
                match prepared.recv_timeout(LISTENING) {
                    Ok(prepared) => break prepared,
                    Err(RecvTimeoutError::Timeout) if is_interrupted() => return Err(Failure::interrupted()),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(Failure::new(
                            Exit::Bug,
                            "finding out what the server can do ended in a panic",
                        ));
                    }
                }
            };
            prepared.map_err(|error| match error {
                ProbeError::Stopped(stop) => stopped(stop, &section, NOT_PREPARED),
                ProbeError::Failed(error) => error.into(),
            })
        })
    }

    /// Answers a message of somebody who asks: the function that `Engine.judge` takes hands messages on to this one.
    fn handle<'p>(&self, py: Python<'p>, message: &[u8]) -> Bound<'p, PyBytes> {
        let answer = py.detach(|| self.keeper.handle(message));
        PyBytes::new(py, &answer)
    }

    /// What was spent so far: calls, tokens, money and GPU-seconds, with what is reserved.
    #[getter]
    fn spent<'p>(&self, py: Python<'p>) -> PyResult<Bound<'p, PyDict>> {
        let spent = detached(py, || Ok(self.keeper.spent().map_err(RunError::from)?))?;
        let (amount, usage) = (spent.amount, spent.usage);
        let nano = |amount: u64| amount as f64 / rejoinder_judge::NANOS_PER_UNIT;
        let told = PyDict::new(py);
        told.set_item("calls", amount.calls)?;
        told.set_item("tokens", amount.tokens)?;
        told.set_item("money", nano(amount.money))?;
        told.set_item("gpu_seconds", nano(amount.gpu))?;
        told.set_item("prompt_tokens", usage.prompt_tokens)?;
        told.set_item("completion_tokens", usage.completion_tokens)?;
        Ok(told)
    }
}

/// The way to the keeper: a keeper in this process, or a function that takes a message to one and brings the answer back.
pub fn transport(keeper: &Bound<'_, PyAny>) -> PyResult<Box<Transport>> {
    if let Ok(own) = keeper.cast::<PyKeeper>() {
        let keeper = Arc::clone(&own.get().keeper);
        return Ok(Box::new(move |message| Ok(keeper.handle(message))));
    }
    let call: Py<PyAny> = keeper.clone().unbind();
    Ok(Box::new(move |message| {
        Python::attach(|py| {
            let answer = call.call1(py, (PyBytes::new(py, message),))?;
            answer.extract::<Vec<u8>>(py)
        })
        .map_err(|error| error.to_string())
    }))
}

/// Asks the judge about rows that wait.
pub struct Asking<'e> {
    /// Made the rows.
    pub engine: &'e Engine,
    /// Puts a turn into words that waits on.
    pub single: &'e Judge,
    /// Among how many who ask at once the requests in flight are shared.
    pub sharing: usize,
}

impl Asking<'_> {
    /// The rows with the judge's answers; those without an answer wait on. Also returns what came of asking, and, where asking ended
    /// early, why.
    ///
    /// # Errors
    /// If rows cannot be read, no judge is configured or prepared, or the accounts fail.
    pub fn run(
        &self,
        batches: &[RecordBatch],
        transport: Box<Transport>,
    ) -> Result<(Vec<RecordBatch>, AskReport, Option<Failure>), Failure> {
        let section = &self.engine.config.judge;
        let client = settings::client(section)?.ok_or(RunError::NoJudge)?;
        let client = self.shared(client);
        let accounts = RemoteAccounts::new(transport);
        let findings = accounts.findings(&client).map_err(RunError::from)?;
        let findings = findings.ok_or_else(|| {
            Failure::usage("the keeper has prepared another judge: give both the same config, and call Keeper.prepare() first")
        })?;
        let judge = Judge::new(client, &findings)?;
        let turns = given_rows(batches).map(GivenRow::turn).collect::<Result<Vec<_>, _>>()?;
        let (places, rows): (Vec<usize>, Vec<SpoolRow>) = numbered(&turns).into_iter().unzip();
        let (answers, mut report) = ask_rows(&judge, &rows, &accounts, &mut |_| match is_interrupted() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })?;
        let stop = report.stop.take().map(|stop| stopped(stop, section, "what was answered is kept"));
        if let Some(interrupted) = stop.as_ref().filter(|failure| failure.exit == Exit::Interrupted) {
            return Err(Failure::new(Exit::Interrupted, interrupted.message.clone()));
        }
        let why = stop.as_ref().map(|failure| first_line(&failure.message));
        let mut answers: HashMap<usize, TurnAnswer> = places
            .into_iter()
            .zip(answers)
            .filter_map(|(place, own)| Some((place, own.into_iter().next()?)))
            .collect();
        let answered = turns.into_iter().enumerate().map(|(place, turn)| (turn, answers.remove(&place)));
        Ok((self.rows(answered, why.as_deref())?, report, stop))
    }

    /// The rows with the answers that the caller has got from a model, one request a turn.
    ///
    /// # Errors
    /// If rows or log-probabilities cannot be read.
    pub fn read(&self, batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, Failure> {
        let mut answered = Vec::new();
        for row in given_rows(batches) {
            if !row.has(ANSWER) {
                return Err(Failure::usage(format!(
                    "there is no column `{ANSWER}` with the texts of the model's answers"
                )));
            }
            let (text, logprobs) = (row.text(ANSWER).map(str::to_owned), row.json(LOGPROBS));
            if let (None, Some(other)) = (&text, row.json(ANSWER)) {
                return Err(row.wrong(ANSWER, &format!("{other} is no text")));
            }
            let turn = row.turn()?;
            let answer = match (&turn, text) {
                (GivenTurn::Waiting(turn), Some(text)) => {
                    read_reply(self.single, &turn.row, &text, logprobs.as_deref())?.into_iter().next()
                }
                _ => None,
            };
            answered.push((turn, answer));
        }
        self.rows(answered.into_iter(), Some("no answer"))
    }

    fn shared(&self, client: JudgeConfig) -> JudgeConfig {
        let mut client = client;
        client.pace.max_in_flight = (client.pace.max_in_flight / self.sharing.max(1)).max(1);
        client
    }

    /// Rows of turns with their answers; `why` is the reason where there is no answer.
    fn rows(
        &self,
        answered: impl Iterator<Item = (GivenTurn, Option<TurnAnswer>)>,
        why: Option<&str>,
    ) -> Result<Vec<RecordBatch>, Failure> {
        let told: Vec<(GivenTurn, Option<String>)> = answered
            .map(|(turn, answer)| match (turn, answer.map(|turn| turn.answer)) {
                (GivenTurn::Waiting(turn), Some(JudgeAnswer::Feedback(mut feedback))) => {
                    feedback.id = turn.row.turns[0].id;
                    (GivenTurn::Accepted(feedback), None)
                }
                (GivenTurn::Waiting(mut turn), Some(JudgeAnswer::NoFeedback)) => {
                    (GivenTurn::Rejected(Box::new(turn.row.turns.swap_remove(0))), None)
                }
                (turn @ GivenTurn::Waiting(_), Some(JudgeAnswer::Unverified(why))) => (turn, Some(why)),
                (turn @ GivenTurn::Waiting(_), Some(JudgeAnswer::Waiting) | None) => {
                    (turn, why.map(str::to_owned))
                }
                (turn, _) => (turn, None),
            })
            .collect();
        let rows: Vec<TurnRow<'_>> = told.iter().map(|(turn, why)| self.row(turn, why.as_ref())).collect();
        rows.chunks(ROWS).map(|rows| table_of(rows, &schema())).collect()
    }

    fn row<'t>(&'t self, turn: &'t GivenTurn, why: Option<&String>) -> TurnRow<'t> {
        let provenance = provenance(self.engine);
        match turn {
            GivenTurn::Accepted(feedback) => TurnRow::feedback(feedback, provenance),
            GivenTurn::Rejected(turn) => TurnRow::rejected(turn, provenance),
            GivenTurn::Waiting(turn) => {
                TurnRow::waiting(turn, request(&self.single.form, &turn.row), provenance).unread(why.cloned())
            }
            GivenTurn::SetAside(LostRecord { conversation_id, reason, place: (shard, ordinal) }) => {
                TurnRow::set_aside(reason.clone(), conversation_id.as_deref(), *shard, *ordinal)
            }
        }
    }
}

/// The rows of turns that wait, each with its place, under numbers of their own: rows that come together from several sources may have
/// the same numbers there.
fn numbered(turns: &[GivenTurn]) -> Vec<(usize, SpoolRow)> {
    let mut numbered: Vec<(usize, SpoolRow)> = Vec::new();
    let mut before: Option<RecordId> = None;
    let mut ordinal = 0;
    for (place, turn) in turns.iter().enumerate() {
        let GivenTurn::Waiting(waiting) = turn else { continue };
        let own = waiting.row.turns[0].id;
        let goes_on = before.is_some_and(|before| {
            (before.shard, before.ordinal) == (own.shard, own.ordinal)
                && before.message_index < own.message_index
        });
        ordinal += u64::from(!goes_on);
        before = Some(own);
        let id = RecordId { shard: 0, ordinal, message_index: own.message_index };
        let mut row = waiting.row.clone();
        (row.question.id, row.turns[0].id) = (id, id);
        numbered.push((place, row));
    }
    numbered
}

fn first_line(words: &str) -> String {
    words.lines().next().unwrap_or_default().to_owned()
}

/// What came of asking, for Python.
pub fn told<'p>(py: Python<'p>, report: &AskReport) -> PyResult<Bound<'p, PyDict>> {
    let progress = &report.progress;
    let told = PyDict::new(py);
    for (name, count) in [
        ("answered", progress.answered),
        ("from_store", progress.from_store),
        ("unparseable", progress.unparseable),
        ("refused", progress.refused),
        ("empty", progress.empty),
        ("failed", progress.failed),
        ("requests", progress.attempts),
        ("prompt_tokens", progress.usage.prompt_tokens),
        ("completion_tokens", progress.usage.completion_tokens),
    ] {
        told.set_item(name, count)?;
    }
    Ok(told)
}

//! The entrance: starts the threads, waits for them, and reports.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc;

use super::dispatcher::{Dispatcher, RefusalTest};
use super::finder::{AHEAD, InquirySource, find};
use super::inquiry::AskedQuestions;
use super::recorder::{Recorder, RecorderStopped};
use super::report::{AskProgress, AskReport};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::config::JudgeConfig;
use crate::error::JudgeError;
use crate::form::{GivenForm, QuestionForm};
use crate::question::Question;
use crate::request::JudgeRequest;

/// The example of a question: it holds nothing that a filter could mind.
const EXAMPLE: &str = "Thank you, that is exactly what I needed!";

/// Where questions come from: a function that is called on a thread of its own. It hands groups of questions that share a
/// request to the sink that it is given, until the sink breaks.
pub type QuestionSource<'s> = dyn FnOnce(&mut dyn FnMut(Vec<Question>) -> ControlFlow<()>) + Send + 's;

/// Where requests come from that somebody else has put into words: a function as [`QuestionSource`] is one, for single requests.
pub type RequestSource<'s> = dyn FnOnce(&mut dyn FnMut(JudgeRequest) -> ControlFlow<()>) + Send + 's;

/// Asks each question whose reply is not stored, and stores the replies.
///
/// Endpoints of one model share the requests. Those of a conversation keep to one endpoint where they can, and an endpoint that
/// is down, overloaded or misconfigured is left alone. Before each HTTP request the most that it can take is reserved in the
/// accounts, and their limits are never passed. Lost connections and failures of the server are tried
/// again, after the time that the server asks for or a growing random one. After a stop, what is in flight is awaited and stored:
/// an answer that was paid for is never lost. Memory does not grow with the number of questions. `on_progress` is called several
/// times a second, and stops the asking when it breaks.
///
/// # Errors
/// If the client cannot be set up, or the accounts fail; what was answered before that is stored.
pub fn ask(
    config: &JudgeConfig,
    form: &QuestionForm,
    source: Box<QuestionSource<'_>>,
    accounts: &dyn Accounts,
    on_progress: &mut dyn FnMut(&AskProgress) -> ControlFlow<()>,
) -> Result<AskReport, JudgeError> {
    let inquiries: Box<InquirySource<'_, '_>> = Box::new(move |sink| {
        source(&mut |questions| sink(Box::new(AskedQuestions { form, questions })));
    });
    let refusals =
        RefusalTest { example: form.next(&[Question::example(EXAMPLE)], &[]), is_due_at_end: false };
    ask_all(config, inquiries, refusals, accounts, on_progress)
}

/// Makes each request whose reply is not stored, as [`ask`] does, and stores the replies. Equal requests are made once. A reply without
/// text is a note ([`Reply::empty`](rejoinder_ledger::Reply::empty)), and so are a refusal and a request that the server finds too long:
/// such a request is not made again while the note is stored.
///
/// # Errors
/// If the client cannot be set up, or the accounts fail; what was answered before that is stored.
pub fn ask_requests(
    config: &JudgeConfig,
    form: &GivenForm,
    source: Box<RequestSource<'_>>,
    accounts: &dyn Accounts,
    on_progress: &mut dyn FnMut(&AskProgress) -> ControlFlow<()>,
) -> Result<AskReport, JudgeError> {
    let inquiries: Box<InquirySource<'_, '_>> = Box::new(move |sink| {
        source(&mut |request| sink(Box::new(request)));
    });
    // A single request may be all that there is, and its refusal is its result.
    let refusals = RefusalTest { example: Some(form.example()), is_due_at_end: true };
    ask_all(config, inquiries, refusals, accounts, on_progress)
}

fn ask_all<'a>(
    config: &'a JudgeConfig,
    source: Box<InquirySource<'_, 'a>>,
    refusals: RefusalTest,
    accounts: &'a dyn Accounts,
    on_progress: &mut dyn FnMut(&AskProgress) -> ControlFlow<()>,
) -> Result<AskReport, JudgeError> {
    let clients = Client::for_each(config)?;
    let has_stored_answers = Arc::new(AtomicBool::new(false));
    let runtime = runtime()?;
    std::thread::scope(|scope| {
        let (recorder, written) = Recorder::start(scope, accounts);
        let (jobs, queue) = mpsc::channel(AHEAD);
        let stored = Arc::clone(&has_stored_answers);
        let finder = scope.spawn(move || find(source, accounts, &jobs, &stored));
        let dispatcher = Dispatcher::new(config, refusals, accounts, clients, recorder, has_stored_answers);
        let worked = runtime.block_on(dispatcher.work(queue, on_progress));
        let failure = dispatcher.failure.take();
        // This ends the recorder, which writes until its last handle is dropped.
        let report = dispatcher.into_report();
        written.join()?;
        finder.join().expect("finding does not panic")?;
        // Where the recorder has stopped, its own error was returned above.
        worked.map(|()| report).map_err(|RecorderStopped| match failure {
            Some(failure) => failure.into(),
            None => JudgeError::Client("the ledger cannot be written".to_owned()),
        })
    })
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, JudgeError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().map_err(|e| JudgeError::Client(e.to_string()))
}

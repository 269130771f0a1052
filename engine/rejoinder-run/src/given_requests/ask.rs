//! Asks a judge the requests of a file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rejoinder_judge::accounts::LocalAccounts;
use rejoinder_judge::{
    AskProgress, AskReport, GivenForm, JudgeConfig, JudgeRequest, ProbeError, RequestParameters,
    RequestSource, ServerCapabilities, StopReason, ask_requests, probe,
};
use rejoinder_ledger::{ReplyStore, SpendingTotal};
use rejoinder_scan::Config;

use super::error::AskingError;
use super::folder::AskingFolder;
use super::request_file::RequestFile;
use super::results::{NoteKind, ResultCounts, ToldNote, WrittenResults};
use crate::error::RunError;
use crate::judging::settings;
use crate::operator::Operator;
use crate::stages::tell_of_open_key;
use crate::watch::JudgeProgress;

/// What is asked, which judge is asked, and where the answers go.
#[derive(Clone, Copy, Debug)]
pub struct GivenAsking<'a> {
    /// The config, which names the judge and the budget.
    pub config: &'a Config,
    /// The file of requests: lines of OpenAI's Batch format.
    pub requests: &'a Path,
    /// The folder for ledger, replies and results.
    pub folder: &'a Path,
    /// Whether stored results that are no answers are forgotten first, so that their requests are made again.
    pub again: bool,
}

/// What came of asking.
#[derive(Debug)]
pub struct AskedRequests {
    /// How many requests have which result now.
    pub counts: ResultCounts,
    /// The first results that are no answers, of each kind a few.
    pub told: Vec<ToldNote>,
    /// What this call has asked.
    pub asked: AskReport,
    /// What the server takes in place of the usual parameters.
    pub parameters: RequestParameters,
    /// Why asking ended before the requests did.
    pub stop: Option<StopReason>,
    /// What was spent over the folder's whole life.
    pub spent: SpendingTotal,
    /// The number of results that were forgotten.
    pub forgotten: u64,
    /// The file of results.
    pub answers: PathBuf,
}

/// Asks a judge each request of a file whose reply is not stored, and writes the results of all that have one, in the order of the
/// requests.
///
/// Every line is checked before anybody is asked. The budget of the config is for the folder's whole life. Other requests may be asked in
/// the same folder later; the results are those of the requests of the last call.
///
/// # Errors
/// If no judge is configured, a line cannot be asked, the folder cannot be used, or ledger or store fail. A reached budget, a dead
/// endpoint or an interruption is told in [`AskedRequests::stop`].
pub fn ask(wanted: GivenAsking<'_>, operator: Operator<'_>) -> Result<AskedRequests, AskingError> {
    let GivenAsking { config, requests, folder, again } = wanted;
    let judge = settings::client(&config.judge)?.ok_or(RunError::NoJudge)?.for_given_requests();
    let file = RequestFile::checked(requests, &judge.model)?;
    let folder = AskingFolder::open(folder, &judge)?;
    tell_of_open_key(&judge, &operator);
    let limits = settings::limits(&config.budget);
    let (findings, mut stop) = match folder.findings(&judge)? {
        Some(findings) => (findings, None),
        None => match probe::probe(&judge, &folder.ledger, &limits) {
            Ok(findings) => {
                folder.keep_findings(&findings)?;
                (findings, None)
            }
            Err(ProbeError::Stopped(stop)) => (ServerCapabilities::assumed(&judge), Some(stop)),
            Err(ProbeError::Failed(error)) => return Err(error.into()),
        },
    };
    let form = GivenForm::new(&judge, &findings);
    let store = folder.replies(config.judge.replies.as_deref())?;
    let asking = Asking { judge: &judge, form: &form, file: &file, store: &store };
    let forgotten = if again { asking.forget()? } else { 0 };
    let mut asked = AskReport::default();
    if stop.is_none() {
        let accounts = LocalAccounts { ledger: &folder.ledger, replies: &store, limits };
        asked = operator.work(|| asking.ask(&accounts, operator))?;
        stop = asked.stop.take();
    }
    let answers = folder.answers();
    let WrittenResults { counts, told } =
        WrittenResults::write(&file, &form, &judge.model, &store, &answers)?;
    let spent = folder.ledger.spent()?;
    let parameters = findings.parameters;
    Ok(AskedRequests { counts, told, asked, parameters, stop, spent, forgotten, answers })
}

struct Asking<'a> {
    judge: &'a JudgeConfig,
    form: &'a GivenForm,
    file: &'a RequestFile,
    store: &'a ReplyStore,
}

impl Asking<'_> {
    fn ask(&self, accounts: &LocalAccounts<'_>, operator: Operator<'_>) -> Result<AskReport, AskingError> {
        let before = accounts.ledger.spent()?.amount;
        let watch = operator.watch;
        let (requests, limits) = (self.file.requests, accounts.limits);
        let mut on_progress = |progress: &AskProgress| {
            let mut spent = before;
            spent += progress.spent;
            watch.show_judge(JudgeProgress { requests, progress: *progress, spent, limits });
            if watch.stop.is_raised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        // A file that cannot be read any more ends the requests; the failure is told after what was asked is stored.
        let failure = Mutex::new(None);
        let source: Box<RequestSource<'_>> = Box::new(|sink| {
            let read = self.each_to_send(&mut |request| Ok(sink(request).is_continue()));
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = read.err();
        });
        let asked = ask_requests(self.judge, self.form, source, accounts, &mut on_progress)?;
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(asked),
            Some(failure) => Err(failure),
        }
    }

    /// Hands on the requests that may fit into the model's context, until `take` returns false.
    fn each_to_send(
        &self,
        take: &mut dyn FnMut(JudgeRequest) -> Result<bool, AskingError>,
    ) -> Result<(), AskingError> {
        self.file.each(&mut |line| {
            let request = self.form.request(&line.request);
            match self.form.too_long(&request) {
                Some(_) => Ok(true),
                None => take(request),
            }
        })
    }

    /// Forgets the stored results that are no answers, and returns their number.
    fn forget(&self) -> Result<u64, AskingError> {
        let mut keys = Vec::new();
        self.each_to_send(&mut |request| {
            if self.store.get(&request.key)?.is_some_and(|reply| NoteKind::of(&reply).is_some()) {
                keys.push(request.key);
            }
            Ok(true)
        })?;
        // Equal requests share a result.
        keys.sort_unstable();
        keys.dedup();
        self.store.forget(keys.iter().map(String::as_str))?;
        Ok(keys.len() as u64)
    }
}

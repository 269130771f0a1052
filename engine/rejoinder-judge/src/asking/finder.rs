//! Finds the requests that are to be made: questions put into words, without those whose reply is stored.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use rejoinder_ledger::Reply;
use tokio::sync::mpsc;

use super::ask::QuestionSource;
use crate::accounts::{Accounts, AccountsError};
use crate::form::{QuestionForm, ReplyChain};
use crate::question::Question;
use crate::request::JudgeRequest;

/// The number of requests that are found ahead of those that wait at the gate.
pub(super) const AHEAD: usize = 256;

/// A request to be made, and what it is about.
pub(super) struct Job {
    pub(super) questions: Vec<Question>,
    /// Replies to the earlier requests about the same questions.
    pub(super) replies: Vec<Reply>,
    pub(super) request: JudgeRequest,
}

/// What the finder hands to the dispatcher.
pub(super) enum QueueItem {
    Job(Box<Job>),
    /// The number of requests whose reply is stored.
    Stored(u64),
}

/// Puts questions into words, looks up which of their replies are stored, and notes in `has_answers` whether one of these is an
/// answer.
pub(super) fn find(
    source: Box<QuestionSource<'_>>,
    form: &QuestionForm,
    accounts: &dyn Accounts,
    jobs: &mpsc::Sender<QueueItem>,
    has_answers: &AtomicBool,
) -> Result<(), AccountsError> {
    let mut failure = None;
    source(&mut |questions| {
        let chains = match form.follow(&questions, accounts) {
            Ok(chains) => chains,
            Err(error) => {
                failure = Some(error);
                return ControlFlow::Break(());
            }
        };
        for chain in chains {
            let range = chain.questions.clone();
            let ReplyChain { replies, next, .. } = form.to_ask(&questions[range.clone()], chain);
            if replies.iter().any(|reply| !reply.is_refused() && !reply.is_too_long()) {
                has_answers.store(true, Ordering::Relaxed);
            }
            let stored = (!replies.is_empty()).then_some(QueueItem::Stored(replies.len() as u64));
            let job = next.map(|request| {
                QueueItem::Job(Box::new(Job { questions: questions[range].to_vec(), replies, request }))
            });
            if stored.into_iter().chain(job).try_for_each(|item| jobs.blocking_send(item)).is_err() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    failure.map_or(Ok(()), Err)
}

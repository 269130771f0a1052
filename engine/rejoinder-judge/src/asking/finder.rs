//! Finds the requests that are to be made: what is to be asked, without what is settled by replies that are stored.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use rejoinder_ledger::Reply;
use tokio::sync::mpsc;

use super::inquiry::{Inquiry, InquiryChain};
use crate::accounts::{Accounts, AccountsError};
use crate::request::JudgeRequest;

/// The number of requests that are found ahead of those that wait at the gate.
pub(super) const AHEAD: usize = 256;

/// Where inquiries come from: a function that hands them to the sink that it is given, until the sink breaks.
pub(super) type InquirySource<'s, 'a> =
    dyn FnOnce(&mut dyn FnMut(Box<dyn Inquiry<'a> + 'a>) -> ControlFlow<()>) + Send + 's;

/// A request to be made, and what it is about.
pub(super) struct Job<'a> {
    pub(super) inquiry: Box<dyn Inquiry<'a> + 'a>,
    /// Replies to the earlier requests about the same.
    pub(super) replies: Vec<Reply>,
    pub(super) request: JudgeRequest,
}

/// What the finder hands to the dispatcher.
pub(super) enum QueueItem<'a> {
    Job(Box<Job<'a>>),
    /// The number of requests whose reply is stored.
    Stored(u64),
}

/// Follows inquiries through the replies that are stored, and notes in `has_answers` whether one of these is an answer.
pub(super) fn find<'a>(
    source: Box<InquirySource<'_, 'a>>,
    accounts: &dyn Accounts,
    jobs: &mpsc::Sender<QueueItem<'a>>,
    has_answers: &AtomicBool,
) -> Result<(), AccountsError> {
    let mut failure = None;
    source(&mut |inquiry| {
        let chains = match inquiry.follow(accounts) {
            Ok(chains) => chains,
            Err(error) => {
                failure = Some(error);
                return ControlFlow::Break(());
            }
        };
        for InquiryChain { inquiry, replies, next } in chains {
            if replies.iter().any(|reply| !reply.is_refused() && !reply.is_too_long()) {
                has_answers.store(true, Ordering::Relaxed);
            }
            let stored = (!replies.is_empty()).then_some(QueueItem::Stored(replies.len() as u64));
            let job = next.map(|request| QueueItem::Job(Box::new(Job { inquiry, replies, request })));
            if stored.into_iter().chain(job).try_for_each(|item| jobs.blocking_send(item)).is_err() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    failure.map_or(Ok(()), Err)
}

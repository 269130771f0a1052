//! One request until it is answered, refused, out of attempts, or asking has stopped; and all requests that an inquiry takes.

use rejoinder_ledger::{ClaimResult, Reply, RequestOutcome, RequestState, Reservation};
use tokio::time::Instant;

use super::costs::CALL;
use super::dispatcher::Dispatcher;
use super::finder::Job;
use super::gate::TICK;
use super::inquiry::{Inquiry, InquiryChain};
use super::recorder::RecorderStopped;
use super::report::StopReason;
use super::trouble::{MAX_FAILED, MAX_WAIT, RETRIES_AT_FIRST, jittered, unavailable};
use crate::client::{AttemptResult, Refusal};
use crate::completion::EmptyReplyReason;
use crate::request::JudgeRequest;

/// The number of retries that each first attempt allows: where more than a fifth of all requests fail, trying again only adds to
/// what is wrong.
const RETRIES_A_REQUEST: f64 = 0.2;
/// The number of replies that hold nothing before the first that holds something after which no more is paid for.
const MAX_EMPTY_AT_FIRST: u32 = 8;
/// The number of names of other models that are kept.
const MAX_MODELS: usize = 8;
/// The HTTP status of a client that the server knows and does not let in.
const FORBIDDEN: u16 = 403;

impl<'a> Dispatcher<'a> {
    /// Makes all requests that a job's inquiry takes, also those about pieces of it that are asked apart. Returns whether the job's
    /// first request was settled.
    pub(super) async fn settle(&self, job: Job<'a>) -> Result<bool, RecorderStopped> {
        let mut is_settled = false;
        let mut open = vec![job];
        while let Some(Job { inquiry, mut replies, request }) = open.pop() {
            let mut next = Some(request);
            while let Some(request) = next
                && self.attempt(&*inquiry, &mut replies, &request).await?
            {
                is_settled = true;
                next = inquiry.next(&replies);
            }
            let is_shared_refusal = inquiry.is_shared() && replies.last().is_some_and(Reply::is_refused);
            self.test_refusals(is_shared_refusal).await?;
            let rest = self.read(inquiry.rest(&replies, self.accounts))?;
            for InquiryChain { inquiry, replies, next } in rest.into_iter().rev() {
                if let Some(request) = next {
                    self.count(|p| p.apart += 1);
                    open.push(Job { inquiry, replies, request });
                }
            }
        }
        Ok(is_settled)
    }

    /// Makes a request as [`Self::attempt_claimed`] does, once nobody else makes the same request. A reply that somebody else
    /// has got is taken from the store.
    async fn attempt(
        &self,
        inquiry: &dyn Inquiry<'a>,
        replies: &mut Vec<Reply>,
        request: &JudgeRequest,
    ) -> Result<bool, RecorderStopped> {
        while !self.has_stopped() {
            match self.recorder.claim(&request.key).await? {
                ClaimResult::Theirs => self.pause(TICK).await,
                ClaimResult::Answered => {
                    let Some(reply) = self.read(self.accounts.reply(&request.key))? else { continue };
                    replies.push(reply);
                    self.count(|p| p.from_store += 1);
                    return Ok(true);
                }
                ClaimResult::Ours => {
                    let is_answered = self.attempt_claimed(inquiry, replies, request).await?;
                    if !is_answered {
                        self.recorder.give_back(&request.key)?;
                    }
                    return Ok(is_answered);
                }
            }
        }
        Ok(false)
    }

    /// Makes a request until it is answered, refused, out of attempts, or asking has stopped. Returns whether there is a reply, which
    /// is then stored and the last of `replies`.
    async fn attempt_claimed(
        &self,
        inquiry: &dyn Inquiry<'a>,
        replies: &mut Vec<Reply>,
        request: &JudgeRequest,
    ) -> Result<bool, RecorderStopped> {
        self.retries_left.set((self.retries_left.get() + RETRIES_A_REQUEST).min(10.0 * RETRIES_AT_FIRST));
        let kinship = inquiry.kinship();
        let (mut failures, mut waits, mut refusals) = (0, 0, 0);
        let mut first_failure = None;
        while !self.has_stopped() {
            // The pass is held until the answer is durable, so that a kill costs no more answers than may be in flight.
            let Some((reservation, pass)) = self.admit(request, kinship).await? else { break };
            let client = &self.clients[pass.lane()];
            let begun = self.clocks.borrow_mut()[pass.lane()].begin(Instant::now());
            let (status, attempt) = client.attempt(request.body.clone()).await;
            self.note_outcome(status, &attempt);
            let share = self.clocks.borrow_mut()[pass.lane()].end(Instant::now(), begun);
            let millis = pass.elapsed().as_millis() as u64;
            let failed =
                |amount| RequestOutcome { state: RequestState::Failed, status, amount, usage: None, millis };
            match attempt {
                AttemptResult::Answered(reply, empty_reason) => {
                    pass.was_answered();
                    self.left_out.borrow_mut().remove(client.base());
                    if let Some(usage) = reply.usage {
                        self.server_time.borrow_mut().add(share, usage, request.input_tokens.1);
                    }
                    let outcome = RequestOutcome { usage: reply.usage, ..failed(reservation.amount()) };
                    replies.push(reply);
                    return self
                        .answered(inquiry, replies, request, reservation, outcome, empty_reason)
                        .await;
                }
                AttemptResult::TooLong(why) => {
                    self.trouble_since.set(None);
                    let reply = Reply::too_long(self.config.model.clone(), why);
                    replies.push(reply.clone());
                    self.store(request, Vec::new(), reply, reservation, failed(CALL)).await?;
                    return Ok(true);
                }
                // An endpoint that has never answered may refuse every request: another endpoint is asked first.
                AttemptResult::Refused(Refusal { words, .. })
                    if !pass.is_let_in() && refusals + 1 < self.clients.len() =>
                {
                    refusals += 1;
                    pass.was_too_much(None);
                    self.left_out.borrow_mut().insert(client.base().to_owned(), words);
                    self.spend(reservation, failed(CALL))?;
                    continue;
                }
                AttemptResult::Refused(Refusal { words, usage, .. }) => {
                    let amount = usage.map_or(CALL, |usage| self.config.price.of(usage));
                    let outcome = RequestOutcome { usage, ..failed(amount) };
                    return self.refused(inquiry, replies, request, reservation, outcome, words).await;
                }
                // The server let other requests in, so it refuses this one for what it holds.
                AttemptResult::DeadEnd(words) if status == FORBIDDEN && pass.is_let_in() => {
                    return self.refused(inquiry, replies, request, reservation, failed(CALL), words).await;
                }
                AttemptResult::DeadEnd(why) => {
                    self.spend(reservation, failed(CALL))?;
                    if pass.give_up() {
                        self.left_out.borrow_mut().insert(client.base().to_owned(), why);
                        continue;
                    }
                    self.stop(match status {
                        0 => StopReason::Unreachable(why),
                        _ => StopReason::Refuses { status, words: why },
                    });
                    return Ok(false);
                }
                AttemptResult::NotSent(why) => {
                    pass.was_too_much(None);
                    self.release(reservation)?;
                    waits += 1;
                    self.note_trouble(&pass, why, false);
                }
                AttemptResult::Busy(why, wait) => {
                    pass.was_too_much(wait.map(|w| w.min(MAX_WAIT).min(self.config.pace.patience)));
                    self.spend(reservation, failed(CALL))?;
                    waits += 1;
                    self.note_trouble(&pass, why, true);
                }
                AttemptResult::Failed(why) => {
                    pass.was_too_much(None);
                    // What the request cost is not known: all that was reserved stays spent.
                    let all = failed(reservation.amount());
                    self.spend(reservation, all)?;
                    failures += 1;
                    self.retries_left.set(self.retries_left.get() - 1.0);
                    self.note_trouble(&pass, why, true);
                }
            }
            drop(pass);
            // A busy server says nothing about this request, unless it has time for all others.
            let is_singled_out =
                first_failure.get_or_insert_with(Instant::now).elapsed() > self.config.pace.patience;
            if failures > self.config.pace.max_retries || self.retries_left.get() < 0.0 || is_singled_out {
                if !self.has_stopped() {
                    self.count(|p| p.failed += 1);
                    let (why, was_reached) = self.last_failure.borrow().clone();
                    self.count_in_a_row(&self.failed_in_a_row, MAX_FAILED, || unavailable(why, was_reached));
                }
                break;
            }
            self.pause(jittered(failures + waits - 1)).await;
        }
        Ok(false)
    }

    /// Stores the last of the replies, with its cost and whether it says anything. A reply that holds nothing is taken out of
    /// `replies`; where what it is about is to be asked apart, a note is left in its place. Returns whether there is a reply.
    async fn answered(
        &self,
        inquiry: &dyn Inquiry<'a>,
        replies: &mut Vec<Reply>,
        request: &JudgeRequest,
        reservation: Reservation,
        mut outcome: RequestOutcome,
        empty_reason: Option<EmptyReplyReason>,
    ) -> Result<bool, RecorderStopped> {
        self.trouble_since.set(None);
        self.failed_in_a_row.set(0);
        self.refused_in_a_row.set(0);
        let Some(reply) = replies.last().cloned() else { return Ok(false) };
        if reply.model != self.config.model && self.other_models.borrow().len() < MAX_MODELS {
            self.other_models.borrow_mut().insert(reply.model.clone());
        }
        let says_nothing = inquiry.is_unanswered_by(replies);
        outcome.state = if says_nothing { RequestState::Unparseable } else { RequestState::Answered };
        if let Some(usage) = reply.usage {
            outcome.amount = self.config.price.of(usage);
        }
        // In the label form one token is the whole answer, so that no limit can cut it off.
        let empty_reason = empty_reason.filter(|why| *why != EmptyReplyReason::Cut || request.max_tokens > 1);
        if let (true, Some(why)) = (says_nothing, empty_reason) {
            replies.pop();
            let note = Reply::empty(reply.model, inquiry.describe_empty(why).to_owned());
            if inquiry.is_divided_where_empty() {
                replies.push(note.clone());
            }
            self.store(request, Vec::new(), note, reservation, outcome).await?;
            self.count(|p| p.empty += 1);
            *self.empty.borrow_mut().entry(why).or_default() += 1;
            if self.progress.get().answered == 0 {
                self.count_in_a_row(&self.empty_in_a_row, MAX_EMPTY_AT_FIRST, || StopReason::Silent(why));
            }
            return Ok(false);
        }
        self.keep_early_refusals()?;
        self.store(request, inquiry.turn_keys(), reply, reservation, outcome).await?;
        self.count(|p| {
            p.answered += 1;
            p.unparseable += u64::from(says_nothing);
        });
        Ok(true)
    }
}

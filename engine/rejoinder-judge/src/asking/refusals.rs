//! What a refusal means: a question that the server does not answer, or a server that refuses every request.

use rejoinder_ledger::{Reply, RequestOutcome, RequestState, Reservation};

use super::costs::CALL;
use super::dispatcher::Dispatcher;
use super::inquiry::Inquiry;
use super::recorder::RecorderStopped;
use super::report::StopReason;
use crate::client::{AttemptResult, Refusal};
use crate::mask::mask_numbers;
use crate::request::JudgeRequest;

/// After so many refused requests about one question in a row, the server is asked about the example. The number is larger than
/// [`super::trouble::MAX_FAILED`]: a few neighbours may well hold what a server refuses.
const MAX_REFUSED: u32 = 32;
/// The same number before the server has answered anything.
const MAX_REFUSED_AT_FIRST: u32 = 10;
/// The number of different words of refusals that are kept.
const MAX_REASONS: usize = 8;

impl<'a> Dispatcher<'a> {
    /// Whether the judge is known to answer some requests.
    pub(super) fn answers_others(&self) -> bool {
        self.progress.get().answered > 0 || self.answers_example.get() || self.has_stored_answers()
    }

    /// Asks about the example once the server seems to refuse every request: it refused many requests about one question in a row, or,
    /// before its first answer, one whose refusal alone is in doubt: a request about several questions, or the last one of all.
    /// Asking stops if the server refuses the example, too.
    pub(super) async fn test_refusals(&self, is_in_doubt: bool) -> Result<(), RecorderStopped> {
        let is_doubtful = || match self.answers_others() {
            true => self.refused_in_a_row.get() >= MAX_REFUSED,
            false => is_in_doubt || self.refused_in_a_row.get() >= MAX_REFUSED_AT_FIRST,
        };
        if !is_doubtful() {
            return Ok(());
        }
        let _alone = self.example_turn.lock().await;
        if self.has_stopped() || !is_doubtful() {
            return Ok(());
        }
        let Some(request) = self.refusal_test.example.clone() else { return Ok(()) };
        let Some((reservation, pass)) = self.admit(&request, 0).await? else { return Ok(()) };
        let (status, attempt) = self.clients[pass.lane()].attempt(request.body).await;
        self.note_outcome(status, &attempt);
        let millis = pass.elapsed().as_millis() as u64;
        let (mut state, mut amount, mut usage) = (RequestState::Failed, CALL, None);
        match attempt {
            AttemptResult::Answered(reply, _) => {
                (state, usage) = (RequestState::Answered, reply.usage);
                amount = usage.map_or(reservation.amount(), |usage| self.config.price.of(usage));
                self.answers_example.set(true);
                self.refused_in_a_row.set(0);
                self.keep_early_refusals()?;
            }
            AttemptResult::DeadEnd(why) if pass.give_up() => {
                self.left_out.borrow_mut().insert(self.clients[pass.lane()].base().to_owned(), why);
            }
            AttemptResult::Refused(Refusal { words, .. }) | AttemptResult::DeadEnd(words) => {
                self.stop(StopReason::Refuses { status, words });
            }
            AttemptResult::NotSent(_) => return self.release(reservation),
            AttemptResult::Failed(_) => amount = reservation.amount(),
            AttemptResult::Busy(..) | AttemptResult::TooLong(_) => {}
        }
        self.spend(reservation, RequestOutcome { state, status, amount, usage, millis })
    }

    /// Stores the refusals from before it was known that the server answers other requests.
    pub(super) fn keep_early_refusals(&self) -> Result<(), RecorderStopped> {
        self.early_refusals.take().into_iter().try_for_each(|(key, reply)| self.recorder.keep(key, reply))
    }

    /// Handles a refused request. A refusal about several questions is stored, so that the questions are asked apart from now on. A
    /// refusal about one question is stored, with the server's words, once the server has answered other requests. Returns whether
    /// the refusal was stored.
    pub(super) async fn refused(
        &self,
        inquiry: &dyn Inquiry<'a>,
        replies: &mut Vec<Reply>,
        request: &JudgeRequest,
        reservation: Reservation,
        outcome: RequestOutcome,
        words: String,
    ) -> Result<bool, RecorderStopped> {
        self.trouble_since.set(None);
        let status = outcome.status;
        let reply = Reply::refused(self.config.model.clone(), words.clone());
        let answers_others = self.answers_others();
        let is_shared = inquiry.is_shared();
        if !is_shared {
            self.count(|p| p.refused += 1);
            self.refused_in_a_row.set(self.refused_in_a_row.get() + 1);
            let kind = mask_numbers(&words);
            let mut refusals = self.refusals.borrow_mut();
            if refusals.len() < MAX_REASONS || refusals.contains_key(&kind) {
                refusals.entry(kind).or_insert_with(|| (words.clone(), 0)).1 += 1;
            }
        }
        self.last_refusal.replace(Some((status, words)));
        if is_shared || answers_others {
            replies.push(reply.clone());
            self.store(request, Vec::new(), reply, reservation, outcome).await?;
            return Ok(true);
        }
        self.early_refusals.borrow_mut().push((request.key.clone(), reply));
        self.spend(reservation, outcome)?;
        Ok(false)
    }
}

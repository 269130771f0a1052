//! What requests cost: reserved before they are sent, settled once they have ended.

use rejoinder_ledger::{Reply, RequestOutcome, Reservation, Spending, TokenUsage};

use super::dispatcher::Dispatcher;
use super::gate::TICK;
use super::recorder::RecorderStopped;
use super::report::StopReason;
use crate::question::Question;
use crate::request::JudgeRequest;

/// An HTTP request that took no tokens.
pub(super) const CALL: Spending = Spending { calls: 1, tokens: 0, money: 0, gpu: 0 };

impl Dispatcher<'_> {
    /// Reserves a request; `None` where the request would pass the budget even after all others are settled. Waiting for these pays,
    /// for most requests cost less than is reserved for them.
    pub(super) async fn reserve(
        &self,
        request: &JudgeRequest,
    ) -> Result<Option<Reservation>, RecorderStopped> {
        loop {
            // Everything that was settled by now is written before this reservation.
            let was_alone = self.reserved.get() == 0;
            self.reserved.set(self.reserved.get() + 1);
            if let Some(reservation) = self.recorder.reserve(&request.key, request.most).await? {
                return Ok(Some(reservation));
            }
            self.reserved.set(self.reserved.get() - 1);
            let are_all_settled = self.reserved.get() == 0;
            if was_alone && are_all_settled {
                self.stop(StopReason::Budget);
            }
            if self.has_stopped() {
                return Ok(None);
            }
            if !are_all_settled {
                // The next settled request ends the wait; so does the timeout, to see whether asking has stopped.
                let _ = tokio::time::timeout(TICK, self.settled.notified()).await;
            }
        }
    }

    pub(super) fn release(&self, reservation: Reservation) -> Result<(), RecorderStopped> {
        self.recorder.release(reservation)?;
        self.count_settled();
        Ok(())
    }

    fn count_settled(&self) {
        self.reserved.set(self.reserved.get() - 1);
        self.settled.notify_one();
    }

    /// Stores a reply about `questions` (none where it answers nothing), waits until it is durable, and notes the cost of its request.
    pub(super) async fn store(
        &self,
        request: &JudgeRequest,
        questions: &[Question],
        reply: Reply,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        let (amount, usage) = (outcome.amount, outcome.usage);
        let turns = self.form.turn_keys(questions);
        self.recorder.store(request.key.clone(), reply, turns, reservation, outcome).await?;
        self.count_spent(amount, usage);
        Ok(())
    }

    /// Notes the cost of a request without an answer.
    pub(super) fn spend(
        &self,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        let (amount, usage) = (outcome.amount, outcome.usage);
        self.recorder.settle(reservation, outcome)?;
        self.count_spent(amount, usage);
        Ok(())
    }

    fn count_spent(&self, amount: Spending, usage: Option<TokenUsage>) {
        self.count_settled();
        self.count(|p| {
            p.attempts += 1;
            p.spent += amount;
            p.usage += usage.unwrap_or_default();
        });
    }
}

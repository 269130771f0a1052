//! What requests cost: reserved before they are sent, settled once they have ended.

use rejoinder_ledger::{Reply, RequestOutcome, Reservation, Spending, TokenUsage};

use super::dispatcher::Dispatcher;
use super::gate::TICK;
use super::recorder::RecorderStopped;
use super::report::StopReason;
use crate::request::JudgeRequest;

/// An HTTP request that took no tokens.
pub(super) const CALL: Spending = Spending { calls: 1, tokens: 0, money: 0, gpu: 0 };

impl Dispatcher<'_> {
    /// The right to make a request; `None` where it would pass the budget, also once all others are settled, for most take less
    /// than is reserved for them.
    pub(super) async fn reserve(
        &self,
        request: &JudgeRequest,
    ) -> Result<Option<Reservation>, RecorderStopped> {
        loop {
            // Whatever was settled by now is written before this reservation.
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
                // Woken by the next one that is settled; once in a while to see whether it is over.
                let _ = tokio::time::timeout(TICK, self.settled.notified()).await;
            }
        }
    }

    pub(super) fn release(&self, reservation: Reservation) -> Result<(), RecorderStopped> {
        self.recorder.release(reservation)?;
        self.is_settled();
        Ok(())
    }

    fn is_settled(&self) {
        self.reserved.set(self.reserved.get() - 1);
        self.settled.notify_one();
    }

    /// Stores a reply, waits until it is durable, and notes what it cost.
    pub(super) async fn store(
        &self,
        request: &JudgeRequest,
        reply: Reply,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        let (amount, usage) = (outcome.amount, outcome.usage);
        self.recorder.store(request.key.clone(), reply, reservation, outcome).await?;
        self.is_spent(amount, usage);
        Ok(())
    }

    /// Notes what a request without an answer cost.
    pub(super) fn spend(
        &self,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        let (amount, usage) = (outcome.amount, outcome.usage);
        self.recorder.settle(reservation, outcome)?;
        self.is_spent(amount, usage);
        Ok(())
    }

    fn is_spent(&self, amount: Spending, usage: Option<TokenUsage>) {
        self.is_settled();
        self.count(|p| {
            p.attempts += 1;
            p.spent += amount;
            p.usage += usage.unwrap_or_default();
        });
    }
}

//! What requests cost: reserved before they are sent, settled once they have ended.

use std::time::Duration;

use rejoinder_ledger::{Reply, RequestOutcome, Reservation, Spending, TokenUsage};

use super::dispatcher::Dispatcher;
use super::gate::{Pass, TICK};
use super::recorder::RecorderStopped;
use super::report::StopReason;
use crate::accounts::Grant;
use crate::request::JudgeRequest;

/// An HTTP request that took no tokens.
pub(super) const CALL: Spending = Spending { calls: 1, tokens: 0, money: 0, gpu: 0 };

impl Dispatcher<'_> {
    /// Reserves a request and lets it through the gate; `None` where asking has stopped before. Where the accounts hold the pace, the
    /// reservation is the time to send, and comes last.
    pub(super) async fn admit(
        &self,
        request: &JudgeRequest,
        kinship: u64,
    ) -> Result<Option<(Reservation, Pass<'_>)>, RecorderStopped> {
        let tokens = request.input_tokens.1 + u64::from(request.max_tokens);
        let enter = || self.gate.enter(kinship, tokens, || self.has_stopped());
        let (reservation, pass) = match self.accounts.holds_pace() {
            true => {
                let Some(pass) = enter().await else { return Ok(None) };
                let Some(reservation) = self.reserve(request).await? else { return Ok(None) };
                pass.begin();
                (reservation, Some(pass).filter(|_| !self.has_stopped()))
            }
            false => {
                let Some(reservation) = self.reserve(request).await? else { return Ok(None) };
                (reservation, enter().await)
            }
        };
        let Some(pass) = pass else {
            self.release(reservation)?;
            return Ok(None);
        };
        Ok(Some((reservation, pass)))
    }

    /// Reserves a request; `None` where the request would pass the budget even after all others are settled. Waiting for these pays,
    /// for most requests cost less than is reserved for them.
    async fn reserve(&self, request: &JudgeRequest) -> Result<Option<Reservation>, RecorderStopped> {
        loop {
            // Everything that was settled by now is written before this reservation.
            let was_alone = self.reserved.get() == 0;
            self.reserved.set(self.reserved.get() + 1);
            let grant = self.recorder.reserve(&request.key, request.most).await?;
            if let Grant::Given { reservation, wait_ms } = grant {
                if wait_ms > 0 {
                    self.pause(Duration::from_millis(wait_ms)).await;
                }
                return Ok(Some(reservation));
            }
            self.reserved.set(self.reserved.get() - 1);
            if let Grant::Later(wait_ms) = grant {
                // Those that wait together come back one after the other.
                self.pause(Duration::from_millis(wait_ms).mul_f64(1.0 + fastrand::f64() / 2.0)).await;
                if self.has_stopped() {
                    return Ok(None);
                }
                continue;
            }
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

    /// Stores a reply, with the keys of the `turns` that share it, waits until it is durable, and notes the cost of its request.
    pub(super) async fn store(
        &self,
        request: &JudgeRequest,
        turns: Vec<String>,
        reply: Reply,
        reservation: Reservation,
        outcome: RequestOutcome,
    ) -> Result<(), RecorderStopped> {
        let (amount, usage) = (outcome.amount, outcome.usage);
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

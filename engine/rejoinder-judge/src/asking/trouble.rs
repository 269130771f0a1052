//! Endpoints that do not answer: how long they are waited for, and when they are given up.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use super::dispatcher::Dispatcher;
use super::gate::{Pass, TICK};
use super::report::StopReason;

/// The longest wait between two attempts.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(60);
/// The ceiling of the first wait, doubled with every attempt; the real wait is drawn between nothing and the ceiling ("full
/// jitter").
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// After so many requests in a row whose attempts all failed, the judge is taken for dead.
pub(super) const MAX_FAILED: u32 = 8;
/// The number of retries that are allowed from the start.
pub(super) const RETRIES_AT_FIRST: f64 = 32.0;

impl Dispatcher<'_> {
    /// Notes that an endpoint did not answer. Asking stops where no endpoint has answered for longer than the config's patience.
    pub(super) fn note_trouble(&self, pass: &Pass<'_>, mut why: String, mut was_reached: bool) {
        let now = Instant::now();
        if self.clients.len() > 1 {
            let base = self.clients[pass.lane()].base();
            if !pass.is_let_in() {
                self.left_out.borrow_mut().insert(base.to_owned(), why.clone());
            }
            why = format!("{base}: {why}");
            was_reached |= self.trouble_since.get().is_some() && self.last_failure.borrow().1;
        }
        let since = self.trouble_since.get().unwrap_or(now);
        self.trouble_since.set(Some(since));
        if now - since >= self.config.pace.patience {
            self.stop(unavailable(why.clone(), was_reached));
        }
        self.last_failure.replace((why, was_reached));
    }

    /// Waits until the time is over or asking has stopped.
    pub(super) async fn pause(&self, wait: Duration) {
        let end = Instant::now() + wait;
        while !self.has_stopped()
            && let Some(rest) = end.checked_duration_since(Instant::now())
        {
            tokio::time::sleep(rest.min(TICK)).await;
        }
    }

    /// Counts one more request without an answer in a row. Asking stops once the count reaches the limit.
    pub(super) fn count_in_a_row(&self, in_a_row: &Cell<u32>, limit: u32, why: impl FnOnce() -> StopReason) {
        in_a_row.set(in_a_row.get() + 1);
        if in_a_row.get() >= limit {
            self.stop(why());
        }
    }
}

pub(super) fn unavailable(why: String, was_reached: bool) -> StopReason {
    if was_reached { StopReason::Unavailable(why) } else { StopReason::Unreachable(why) }
}

pub(super) fn jittered(attempt: u32) -> Duration {
    let ceiling = FIRST_WAIT.saturating_mul(1 << attempt.min(8)).min(MAX_WAIT);
    ceiling.mul_f64(fastrand::f64())
}

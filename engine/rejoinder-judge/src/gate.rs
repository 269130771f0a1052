//! How many requests may be in flight, which follows from how the server takes them; and how many a minute.
//!
//! Additive increase, multiplicative decrease: each answer lets the limit grow, by one an answer until the server first has
//! enough (so that it doubles with every round trip), by one a round trip after that. A server that is busy, fails, or
//! takes more than half the time that it is waited for, halves it, once for all that were in flight together.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::Pace;

/// Where the limit begins.
const FIRST_LIMIT: usize = 16;
/// The longest time without a look at whether to go on.
pub(crate) const TICK: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct Gate {
    most: f64,
    slow: Duration,
    limit: Cell<f64>,
    in_flight: Cell<usize>,
    has_had_enough: Cell<bool>,
    last_cut: Cell<Instant>,
    closed_until: Cell<Instant>,
    /// The time of one request, and when the next one is due.
    request_pace: Option<(Duration, Cell<Instant>)>,
    token_pace: Option<(Duration, Cell<Instant>)>,
    freed: Notify,
}

/// The right to have one request in flight; given back when dropped.
pub(crate) struct Pass<'g> {
    gate: &'g Gate,
    begun: Instant,
}

impl Gate {
    pub(crate) fn new(pace: &Pace) -> Self {
        let now = Instant::now();
        let each = |a_minute: Option<f64>| a_minute.map(|n| (MINUTE.div_f64(n), Cell::new(now)));
        Self {
            most: pace.max_in_flight as f64,
            slow: pace.timeout / 2,
            limit: Cell::new(pace.max_in_flight.min(FIRST_LIMIT) as f64),
            in_flight: Cell::new(0),
            has_had_enough: Cell::new(false),
            last_cut: Cell::new(now),
            closed_until: Cell::new(now),
            request_pace: each(pace.requests_per_minute),
            token_pace: each(pace.tokens_per_minute),
            freed: Notify::new(),
        }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.get()
    }

    /// How many may be in flight now.
    pub(crate) fn limit(&self) -> usize {
        self.limit.get() as usize
    }

    /// Waits until a request of so many tokens may go out; `None` if `is_over` says first that none shall.
    pub(crate) async fn enter(&self, tokens: u64, is_over: impl Fn() -> bool) -> Option<Pass<'_>> {
        let due = |pace: &Option<(Duration, Cell<Instant>)>, count: f64| {
            let now = Instant::now();
            let Some((each, next)) = pace else { return now };
            let due = next.get().max(now);
            next.set(due + each.mul_f64(count));
            due
        };
        let due = due(&self.request_pace, 1.0).max(due(&self.token_pace, tokens as f64));
        loop {
            if is_over() {
                return None;
            }
            let now = Instant::now();
            let opens = due.max(self.closed_until.get());
            if opens > now {
                tokio::time::sleep(TICK.min(opens - now)).await;
            } else if self.in_flight.get() < self.limit() {
                self.in_flight.set(self.in_flight.get() + 1);
                return Some(Pass { gate: self, begun: now });
            } else {
                // Woken by whoever comes out; once in a while to see whether it is over.
                let _ = tokio::time::timeout(TICK, self.freed.notified()).await;
            }
        }
    }

    fn grow(&self) {
        let limit = self.limit.get();
        let step = if self.has_had_enough.get() { 1.0 / limit } else { 1.0 };
        self.limit.set((limit + step).min(self.most));
        // Room for more than the one who comes out.
        if self.limit() > self.in_flight.get() {
            self.freed.notify_one();
        }
    }
}

impl Pass<'_> {
    /// How long it has been out.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The server has answered.
    pub(crate) fn was_answered(&self) {
        if self.elapsed() > self.gate.slow { self.was_too_much(None) } else { self.gate.grow() }
    }

    /// The server has enough, and perhaps asks to be left alone for a while.
    pub(crate) fn was_too_much(&self, leave_alone: Option<Duration>) {
        let gate = self.gate;
        let now = Instant::now();
        if let Some(wait) = leave_alone {
            gate.closed_until.set(gate.closed_until.get().max(now + wait));
        }
        gate.has_had_enough.set(true);
        if self.begun >= gate.last_cut.get() {
            gate.limit.set((gate.limit.get() / 2.0).max(1.0));
            gate.last_cut.set(now);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.in_flight.set(self.gate.in_flight.get() - 1);
        self.gate.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace {
            max_in_flight: 64,
            requests_per_minute: None,
            tokens_per_minute: None,
            timeout: Duration::from_secs(60),
            patience: Duration::from_secs(60),
            max_retries: 3,
        }
    }

    fn run(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().unwrap().block_on(test);
    }

    async fn round(gate: &Gate, seconds: u64, is_well: bool) {
        let mut passes = Vec::new();
        while gate.in_flight() < gate.limit() {
            passes.push(gate.enter(1, || false).await.unwrap());
        }
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        for pass in &passes {
            if is_well { pass.was_answered() } else { pass.was_too_much(None) }
        }
    }

    #[test]
    fn the_limit_doubles_until_there_is_trouble_halves_once_for_it_and_creeps_up_after() {
        run(async {
            let gate = Gate::new(&pace());
            assert_eq!(gate.limit(), 16);
            round(&gate, 1, true).await;
            assert_eq!(gate.limit(), 32);
            round(&gate, 1, true).await;
            round(&gate, 1, true).await;
            assert_eq!(gate.limit(), 64, "never more than allowed");
            round(&gate, 1, false).await;
            assert_eq!(gate.limit(), 32, "one bad moment is one cut");
            round(&gate, 1, true).await;
            round(&gate, 1, true).await;
            assert!((33..=34).contains(&gate.limit()), "{}", gate.limit());
            round(&gate, 40, true).await;
            assert!(gate.limit() <= 18, "slow answers are the sign before timeouts: {}", gate.limit());
            for _ in 0..9 {
                round(&gate, 1, false).await;
            }
            assert_eq!(gate.limit(), 1, "one always may");
        });
    }

    #[test]
    fn requests_and_tokens_keep_their_pace_and_a_wait_that_was_asked_for() {
        run(async {
            let begun = Instant::now();
            let gate = Gate::new(&Pace { requests_per_minute: Some(600.0), ..pace() });
            for _ in 0..50 {
                gate.enter(1, || false).await.unwrap();
            }
            assert!(
                begun.elapsed() >= Duration::from_millis(4_900) && begun.elapsed() < Duration::from_secs(6)
            );
            let begun = Instant::now();
            let gate = Gate::new(&Pace { tokens_per_minute: Some(60_000.0), ..pace() });
            for _ in 0..4 {
                gate.enter(1_000, || false).await.unwrap().was_too_much(None);
            }
            assert!(begun.elapsed() >= Duration::from_secs(3) && begun.elapsed() < Duration::from_secs(4));
            let gate = Gate::new(&pace());
            let begun = Instant::now();
            gate.enter(1, || false).await.unwrap().was_too_much(Some(Duration::from_secs(7)));
            gate.enter(1, || false).await.unwrap();
            assert!(begun.elapsed() >= Duration::from_secs(7));
            gate.enter(1, || false).await.unwrap().was_too_much(Some(Duration::from_secs(7)));
            assert!(gate.enter(1, || true).await.is_none(), "nobody waits for what is over");
        });
    }
}

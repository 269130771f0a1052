//! How many requests may be in flight, which follows from how the endpoints take them, and how many may go out in a minute.
//!
//! Each endpoint has a lane of its own, with a limit (additive increase, multiplicative decrease). The limit grows by one with each
//! answer until the endpoint first has enough, so that the limit doubles with every round trip; after that, the limit grows by one
//! with every round trip. An endpoint that is busy, fails, or takes more than half of the longest wait halves its limit, once for
//! all requests that were in flight together.
//!
//! Requests of one conversation keep to one lane, whose endpoint has computed their common beginning before. They take another lane
//! where their own is closed, or where their own is full and the other has room that no request waits for.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::Pace;

/// A lane's first limit.
const FIRST_LIMIT: usize = 16;
/// The longest time between two looks at whether to go on.
pub(super) const TICK: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_secs(60);
/// How long an endpoint in trouble rests where there are other endpoints. The rest doubles each time that the endpoint is in trouble
/// again.
const FIRST_REST: Duration = Duration::from_secs(1);
const MAX_REST: Duration = Duration::from_secs(60);

pub(super) struct Gate {
    most: f64,
    slow: Duration,
    lanes: Vec<Lane>,
}

struct Lane {
    limit: Cell<f64>,
    in_flight: Cell<usize>,
    /// The number of requests that wait for this lane.
    waiting: Cell<usize>,
    has_had_enough: Cell<bool>,
    has_answered: Cell<bool>,
    last_cut: Cell<Instant>,
    closed_until: Cell<Instant>,
    /// The number of rests since the endpoint's last answer.
    rests: Cell<u32>,
    is_given_up: Cell<bool>,
    /// The time between two requests, and when the next request is due.
    request_pace: Option<(Duration, Cell<Instant>)>,
    token_pace: Option<(Duration, Cell<Instant>)>,
    freed: Notify,
}

/// The right to have one request in flight. The right ends when the pass is dropped.
pub(super) struct Pass<'g> {
    gate: &'g Gate,
    lane: usize,
    begun: Cell<Instant>,
}

impl Gate {
    pub(super) fn new(pace: &Pace, lanes: usize) -> Self {
        Self {
            most: pace.max_in_flight as f64,
            slow: pace.timeout / 2,
            lanes: (0..lanes).map(|_| Lane::new(pace)).collect(),
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.lanes.iter().map(|lane| lane.in_flight.get()).sum()
    }

    /// The number of requests that may be in flight now.
    pub(super) fn limit(&self) -> usize {
        self.open_lanes().map(|(_, lane)| lane.limit()).sum()
    }

    /// The lanes that are not given up.
    fn open_lanes(&self) -> impl Iterator<Item = (usize, &Lane)> {
        self.lanes.iter().enumerate().filter(|(_, lane)| !lane.is_given_up.get())
    }

    /// Waits until a request of so many tokens may go out; `None` if `is_over` becomes true before that. Requests of equal `kinship`
    /// take the same lane where they can.
    pub(super) async fn enter(
        &self,
        kinship: u64,
        tokens: u64,
        is_over: impl Fn() -> bool,
    ) -> Option<Pass<'_>> {
        let count = self.lanes.len();
        let distance = |lane: usize| (lane + count - (kinship % count as u64) as usize) % count;
        loop {
            if is_over() {
                return None;
            }
            let now = Instant::now();
            let (own, home) =
                self.open_lanes().min_by_key(|(i, lane)| (lane.closed_until.get().max(now), distance(*i)))?;
            let has_room = |(i, lane): &(usize, &Lane)| {
                let awaited = if *i == own { 0 } else { lane.waiting.get() };
                lane.opens() <= now && lane.in_flight.get() + awaited < lane.limit()
            };
            let found = Some((own, home)).filter(has_room).or_else(|| self.open_lanes().find(has_room));
            if let Some((index, lane)) = found {
                lane.take(tokens, now);
                return Some(Pass { gate: self, lane: index, begun: Cell::new(now) });
            }
            // A request that comes out ends the wait; so does the timeout, to see whether asking is over.
            let opens = home.opens();
            let wait = if opens > now { TICK.min(opens - now) } else { TICK };
            home.waiting.set(home.waiting.get() + 1);
            let _ = tokio::time::timeout(wait, home.freed.notified()).await;
            home.waiting.set(home.waiting.get() - 1);
        }
    }
}

impl Lane {
    fn new(pace: &Pace) -> Self {
        let now = Instant::now();
        let each = |a_minute: Option<f64>| a_minute.map(|n| (MINUTE.div_f64(n), Cell::new(now)));
        Self {
            limit: Cell::new(pace.max_in_flight.min(FIRST_LIMIT) as f64),
            in_flight: Cell::new(0),
            waiting: Cell::new(0),
            has_had_enough: Cell::new(false),
            has_answered: Cell::new(false),
            last_cut: Cell::new(now),
            closed_until: Cell::new(now),
            rests: Cell::new(0),
            is_given_up: Cell::new(false),
            request_pace: each(pace.requests_per_minute),
            token_pace: each(pace.tokens_per_minute),
            freed: Notify::new(),
        }
    }

    fn limit(&self) -> usize {
        self.limit.get() as usize
    }

    fn paces(&self) -> impl Iterator<Item = &(Duration, Cell<Instant>)> {
        self.request_pace.iter().chain(&self.token_pace)
    }

    /// When the lane lets the next request in, if it has room.
    fn opens(&self) -> Instant {
        self.paces().map(|(_, next)| next.get()).fold(self.closed_until.get(), Instant::max)
    }

    fn take(&self, tokens: u64, now: Instant) {
        self.in_flight.set(self.in_flight.get() + 1);
        let later = |pace: &Option<(Duration, Cell<Instant>)>, count: f64| {
            if let Some((each, next)) = pace {
                next.set(next.get().max(now) + each.mul_f64(count));
            }
        };
        later(&self.request_pace, 1.0);
        later(&self.token_pace, tokens as f64);
    }
}

impl Pass<'_> {
    /// The index of the endpoint that takes the request.
    pub(super) const fn lane(&self) -> usize {
        self.lane
    }

    /// How long the request has been in flight.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.get().elapsed()
    }

    /// Notes that the request is in flight from now on.
    pub(super) fn begin(&self) {
        self.begun.set(Instant::now());
    }

    /// Notes that the endpoint has answered.
    pub(super) fn was_answered(&self) {
        let lane = self.own();
        lane.has_answered.set(true);
        lane.rests.set(0);
        if self.elapsed() > self.gate.slow { self.cut() } else { self.grow() }
    }

    /// Whether the endpoint has ever answered, or is the only one, which was tried before.
    pub(super) fn is_let_in(&self) -> bool {
        self.own().has_answered.get() || self.gate.lanes.len() == 1
    }

    /// Notes that the endpoint has enough, or fails, and perhaps asks to be left alone for a while. Where there are other endpoints,
    /// this one rests in any case, and the others take its requests.
    pub(super) fn was_too_much(&self, leave_alone: Option<Duration>) {
        let lane = self.own();
        let is_first = self.begun.get() >= lane.last_cut.get();
        let mut wait = leave_alone.unwrap_or_default();
        if is_first && self.gate.open_lanes().count() > 1 {
            wait = wait.max(FIRST_REST.saturating_mul(1 << lane.rests.get().min(8)).min(MAX_REST));
            lane.rests.set(lane.rests.get() + 1);
        }
        lane.closed_until.set(lane.closed_until.get().max(Instant::now() + wait));
        self.cut();
    }

    /// Gives the endpoint up, if there is another one. Returns whether there is.
    pub(super) fn give_up(&self) -> bool {
        let has_other = self.gate.open_lanes().any(|(lane, _)| lane != self.lane);
        self.own().is_given_up.set(has_other);
        has_other
    }

    fn own(&self) -> &Lane {
        &self.gate.lanes[self.lane]
    }

    fn cut(&self) {
        let lane = self.own();
        lane.has_had_enough.set(true);
        if self.begun.get() >= lane.last_cut.get() {
            lane.limit.set((lane.limit.get() / 2.0).max(1.0));
            lane.last_cut.set(Instant::now());
        }
    }

    fn grow(&self) {
        let lane = self.own();
        let limit = lane.limit.get();
        let step = if lane.has_had_enough.get() { 1.0 / limit } else { 1.0 };
        lane.limit.set((limit + step).min(self.gate.most));
        // The limit has room for more than the request that comes out.
        if lane.limit() > lane.in_flight.get() {
            self.wake();
        }
    }

    /// Wakes a request that waits for this lane, or if there is none, a request that waits for another lane.
    fn wake(&self) {
        let lanes = &self.gate.lanes;
        let awaited = std::iter::once(self.own()).chain(lanes).find(|lane| lane.waiting.get() > 0);
        awaited.unwrap_or(self.own()).freed.notify_one();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let lane = self.own();
        lane.in_flight.set(lane.in_flight.get() - 1);
        self.wake();
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
            passes.push(gate.enter(0, 1, || false).await.unwrap());
        }
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        for pass in &passes {
            if is_well { pass.was_answered() } else { pass.was_too_much(None) }
        }
    }

    #[test]
    fn the_limit_doubles_until_there_is_trouble_halves_once_for_it_and_creeps_up_after() {
        run(async {
            let gate = Gate::new(&pace(), 1);
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
            let gate = Gate::new(&Pace { requests_per_minute: Some(600.0), ..pace() }, 1);
            for _ in 0..50 {
                gate.enter(0, 1, || false).await.unwrap();
            }
            assert!(
                begun.elapsed() >= Duration::from_millis(4_900) && begun.elapsed() < Duration::from_secs(6)
            );
            let begun = Instant::now();
            let gate = Gate::new(&Pace { tokens_per_minute: Some(60_000.0), ..pace() }, 1);
            for _ in 0..4 {
                gate.enter(0, 1_000, || false).await.unwrap().was_too_much(None);
            }
            assert!(begun.elapsed() >= Duration::from_secs(3) && begun.elapsed() < Duration::from_secs(4));
            let gate = Gate::new(&pace(), 1);
            let begun = Instant::now();
            gate.enter(0, 1, || false).await.unwrap().was_too_much(Some(Duration::from_secs(7)));
            gate.enter(0, 1, || false).await.unwrap();
            assert!(begun.elapsed() >= Duration::from_secs(7));
            gate.enter(0, 1, || false).await.unwrap().was_too_much(Some(Duration::from_secs(7)));
            assert!(gate.enter(0, 1, || true).await.is_none(), "nobody waits for what is over");
        });
    }

    #[test]
    fn kindred_requests_keep_to_a_lane_unless_it_rests_or_is_full() {
        run(async {
            let gate = Gate::new(&Pace { max_in_flight: 2, ..pace() }, 2);
            assert_eq!(gate.limit(), 4);
            let enter = |kinship| gate.enter(kinship, 1, || false);
            let lanes = |passes: &[Pass<'_>]| passes.iter().map(Pass::lane).collect::<Vec<_>>();
            let mut passes = Vec::new();
            for kinship in [7, 7, 4, 7] {
                passes.push(enter(kinship).await.unwrap());
            }
            assert_eq!(lanes(&passes), [1, 1, 0, 0], "a full lane's requests go where there is room");
            passes.remove(0).was_too_much(None);
            drop(passes);
            let begun = Instant::now();
            let pass = enter(7).await.unwrap();
            assert_eq!((pass.lane(), begun.elapsed()), (0, Duration::ZERO), "a lane in trouble rests");
            drop(pass);
            tokio::time::sleep(FIRST_REST).await;
            assert_eq!(enter(7).await.unwrap().lane(), 1, "and is tried again");
            assert!(enter(7).await.unwrap().give_up());
            let last = enter(7).await.unwrap();
            assert_eq!((last.lane(), gate.limit()), (0, 2));
            assert!(!last.give_up(), "the last one is not given up");
        });
    }

    #[test]
    fn a_lane_that_others_wait_for_is_not_taken_from_them() {
        run(async {
            let gate = Gate::new(&Pace { max_in_flight: 1, ..pace() }, 2);
            let [first, second] = [0, 1].map(|kinship| gate.enter(kinship, 1, || false));
            let (first, second) = (first.await.unwrap(), second.await.unwrap());
            let wait = async |kinship| gate.enter(kinship, 1, || false).await.unwrap();
            let free = async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                drop(second);
                tokio::time::sleep(Duration::from_millis(10)).await;
                drop(first);
            };
            let (third, fourth, ()) = tokio::join!(wait(0), wait(1), free);
            assert_eq!((third.lane(), fourth.lane()), (0, 1));
        });
    }
}

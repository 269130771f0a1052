//! The pace of a whole job: how many requests and tokens go out in a minute, whoever sends them.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
/// No request is let in that would have to wait longer: what waits at a client that dies is lost to the others.
const AHEAD: Duration = Duration::from_secs(1);

/// When the next request may go out.
#[derive(Clone)]
pub(super) struct Pacer {
    /// The time that each request takes of the pace.
    request: Option<Duration>,
    /// The time that each token takes of the pace.
    token: Option<Duration>,
    next_request: Instant,
    next_token: Instant,
}

impl Pacer {
    /// A pace of so many requests and tokens a minute.
    pub(super) fn new(
        requests_per_minute: Option<f64>,
        tokens_per_minute: Option<f64>,
        now: Instant,
    ) -> Self {
        let each = |a_minute: Option<f64>| {
            let usable = a_minute.filter(|n| n.is_finite() && *n > 0.0);
            usable.map(|n| Duration::try_from_secs_f64(MINUTE.as_secs_f64() / n).unwrap_or(Duration::MAX))
        };
        Self {
            request: each(requests_per_minute),
            token: each(tokens_per_minute),
            next_request: now,
            next_token: now,
        }
    }

    /// How long a request has to wait now.
    ///
    /// # Errors
    /// With the time after which to try again, where the request would have to wait for long.
    pub(super) fn wait(&self, now: Instant) -> Result<Duration, Duration> {
        let due = match (self.request, self.token) {
            (None, None) => now,
            (Some(_), None) => self.next_request,
            (None, Some(_)) => self.next_token,
            (Some(_), Some(_)) => self.next_request.max(self.next_token),
        };
        let wait = due.saturating_duration_since(now);
        if wait > AHEAD { Err(AHEAD.max(wait / 2).min(4 * AHEAD)) } else { Ok(wait) }
    }

    /// Notes that a request of so many tokens goes out after its wait.
    pub(super) fn take(&mut self, tokens: u64, now: Instant) {
        let step = |next: &mut Instant, each: Option<Duration>, count: f64| {
            if let Some(each) = each {
                let time = Duration::try_from_secs_f64(each.as_secs_f64() * count).unwrap_or(MINUTE * 60);
                *next = (*next).max(now) + time.min(MINUTE * 60);
            }
        };
        step(&mut self.next_request, self.request, 1.0);
        step(&mut self.next_token, self.token, tokens as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_tokens_are_spread_over_the_minute_and_far_ones_come_again() {
        let begun = Instant::now();
        let mut pacer = Pacer::new(Some(120.0), None, begun);
        let mut let_in = || {
            let wait = pacer.wait(begun);
            if wait.is_ok() {
                pacer.take(1_000_000, begun);
            }
            wait
        };
        assert_eq!([let_in(), let_in(), let_in()], [0, 500, 1_000].map(|ms| Ok(Duration::from_millis(ms))));
        assert_eq!(let_in(), Err(Duration::from_secs(1)), "1.5 s are too far ahead");
        let mut pacer = Pacer::new(Some(6_000.0), Some(60_000.0), begun);
        pacer.take(500, begun);
        assert_eq!(pacer.wait(begun), Ok(Duration::from_millis(500)));
        pacer.take(u64::MAX, begun);
        assert!(pacer.wait(begun).is_err());
        assert_eq!(Pacer::new(None, Some(f64::NAN), begun).wait(begun), Ok(Duration::ZERO));
    }
}

//! How long a server works for what it is asked.
//!
//! Requests that are open at once share the server: the time that passes is divided evenly among them, so that the shares add up to
//! the time in which the server was asked anything at all. The shares of many requests, beside their tokens, give the seconds that a
//! token of input and one of output take (least squares, no rate below zero, scaled so that the total is the measured one).

use std::ops::AddAssign;

use rejoinder_ledger::TokenUsage;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// Sums over requests that a server answered: seconds of the server beside new input tokens and output tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerTime {
    /// The number of requests.
    pub requests: u64,
    /// The seconds of the server.
    pub seconds: f64,
    /// The input tokens that the server had not computed before.
    pub input: f64,
    /// The output tokens.
    pub output: f64,
    /// All input tokens, as they were counted or estimated before the server was asked.
    pub planned_input: f64,
    input_squared: f64,
    output_squared: f64,
    input_output: f64,
    input_seconds: f64,
    output_seconds: f64,
}

/// What tokens take, in seconds of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ServerRates {
    /// Seconds for a million new input tokens.
    pub input: f64,
    /// Seconds for a million output tokens.
    pub output: f64,
}

const MILLION: f64 = 1e6;
/// Rates are worked out from so many requests on.
const ENOUGH: u64 = 8;

impl ServerTime {
    /// Adds a request: its share of the server's time, in seconds, its tokens, and the input tokens that were expected.
    pub(crate) fn add(&mut self, seconds: f64, usage: TokenUsage, planned_input: u64) {
        let input = usage.prompt_tokens.saturating_sub(usage.cached_tokens) as f64;
        let output = usage.completion_tokens as f64;
        *self += Self {
            requests: 1,
            seconds,
            input,
            output,
            planned_input: planned_input as f64,
            input_squared: input * input,
            output_squared: output * output,
            input_output: input * output,
            input_seconds: input * seconds,
            output_seconds: output * seconds,
        };
    }

    /// The rates that the requests show; `None` where they are too few.
    pub fn rates(&self) -> Option<ServerRates> {
        if self.requests < ENOUGH || self.seconds <= 0.0 || self.input + self.output <= 0.0 {
            return None;
        }
        let alone = |products: f64, squares: f64| if squares > 0.0 { products / squares } else { 0.0 };
        let determinant = self.input_squared * self.output_squared - self.input_output * self.input_output;
        // Where input and output grow alike, nobody can tell them apart.
        let is_told_apart = determinant > 1e-9 * self.input_squared * self.output_squared;
        let both = is_told_apart.then(|| {
            let input = self.input_seconds * self.output_squared - self.output_seconds * self.input_output;
            let output = self.output_seconds * self.input_squared - self.input_seconds * self.input_output;
            (input / determinant, output / determinant)
        });
        let (input, output) = match both {
            Some((input, output)) if input >= 0.0 && output >= 0.0 => (input, output),
            Some((input, _)) if input < 0.0 => (0.0, alone(self.output_seconds, self.output_squared)),
            _ => (alone(self.input_seconds, self.input_squared), 0.0),
        };
        let scale = self.seconds / (input * self.input + output * self.output);
        Some(ServerRates { input: input * scale * MILLION, output: output * scale * MILLION })
    }
}

impl ServerTime {
    /// The rates for tokens as a plan counts them: by an estimate, perhaps, and without knowing what the server computes only once.
    /// They hold for requests of the form that was measured; `None` where the requests are too few.
    pub fn planned_rates(&self) -> Option<ServerRates> {
        let rates = self.rates()?;
        let computed = if self.planned_input > 0.0 { self.input / self.planned_input } else { 1.0 };
        Some(ServerRates { input: rates.input * computed, ..rates })
    }
}

impl AddAssign for ServerTime {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.seconds += other.seconds;
        self.input += other.input;
        self.output += other.output;
        self.planned_input += other.planned_input;
        self.input_squared += other.input_squared;
        self.output_squared += other.output_squared;
        self.input_output += other.input_output;
        self.input_seconds += other.input_seconds;
        self.output_seconds += other.output_seconds;
    }
}

/// The clock of one server, on which its requests share the time.
#[derive(Debug, Default)]
pub(crate) struct SharedClock {
    open: u32,
    /// The share of the time that a request has which was open all the time, in seconds.
    shared: f64,
    moved: Option<Instant>,
}

impl SharedClock {
    /// A request begins; returns what [`Self::end`] needs.
    pub(crate) fn begin(&mut self, now: Instant) -> f64 {
        self.go_on(now);
        self.open += 1;
        self.shared
    }

    /// A request has ended; returns its share of the server's time, in seconds.
    pub(crate) fn end(&mut self, now: Instant, begun: f64) -> f64 {
        self.go_on(now);
        self.open -= 1;
        self.shared - begun
    }

    fn go_on(&mut self, now: Instant) {
        if let (Some(moved), 1..) = (self.moved, self.open) {
            self.shared += now.saturating_duration_since(moved).as_secs_f64() / f64::from(self.open);
        }
        self.moved = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn open_requests_share_the_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut clock = SharedClock::default();
        let first = clock.begin(at(0));
        let second = clock.begin(at(4));
        let shares = [clock.end(at(8), first), clock.end(at(10), second)];
        assert_eq!(shares, [6.0, 4.0]);
        let third = clock.begin(at(100));
        assert!((clock.end(at(101), third) - 1.0).abs() < 1e-9, "an idle server takes no time");
    }

    fn measured(requests: &[(u64, u64)], input: f64, output: f64) -> ServerTime {
        let mut time = ServerTime::default();
        for &(prompt_tokens, completion_tokens) in requests {
            let seconds = (prompt_tokens as f64 * input + completion_tokens as f64 * output) / MILLION;
            time.add(
                seconds,
                TokenUsage { prompt_tokens, cached_tokens: 0, completion_tokens },
                prompt_tokens * 2,
            );
        }
        time
    }

    proptest! {
        #[test]
        fn rates_come_back_and_the_total_is_the_measured_one(
            requests in prop::collection::vec((1_u64..2_000, 1_u64..60), 8..60), input in 1.0_f64..500.0, output in 0.0_f64..20_000.0) {
            let time = measured(&requests, input, output);
            let rates = time.rates().unwrap();
            let total = (rates.input * time.input + rates.output * time.output) / MILLION;
            prop_assert!((total / time.seconds - 1.0).abs() < 1e-6);
            prop_assert!(rates.input >= 0.0 && rates.output >= 0.0);
            prop_assert!((time.planned_rates().unwrap().input * 2.0 - rates.input).abs() < 1e-9);
        }
    }

    #[test]
    fn where_input_and_output_cannot_be_told_apart_the_total_holds_all_the_same() {
        let time = measured(&[(100, 1); 20], 50.0, 3_000.0);
        let rates = time.rates().unwrap();
        assert!((rates.input * 100.0 + rates.output - 8_000.0).abs() < 1e-6);
        assert_eq!(measured(&[(100, 1); 7], 50.0, 3_000.0).rates(), None);
    }
}

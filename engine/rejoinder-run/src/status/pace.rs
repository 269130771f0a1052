//! How fast something goes on now: by what was done in the last minute.

use std::collections::VecDeque;
use std::time::Duration;

/// The time that a pace is measured over.
const WINDOW: Duration = Duration::from_secs(60);
/// A pace measured over less than this says nothing.
const MIN_PACE: Duration = Duration::from_millis(500);

/// What was done at which time, over the last minute.
#[derive(Debug, Default)]
pub(super) struct Pace(VecDeque<(Duration, u64)>);

impl Pace {
    /// Notes how much is done `now` (any clock that only goes forward). Less than before is a new beginning.
    pub(super) fn note(&mut self, now: Duration, done: u64) {
        if self.0.back().is_some_and(|(_, before)| done < *before) {
            self.0.clear();
        }
        self.0.push_back((now, done));
        while self.0.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW) {
            self.0.pop_front();
        }
    }

    /// How much is done in a second; `None` where nothing was done, or too little time has passed to say.
    pub(super) fn per_second(&self) -> Option<f64> {
        let ((begun, first), (now, last)) = (self.0.front()?, self.0.back()?);
        let elapsed = now.saturating_sub(*begun);
        (elapsed >= MIN_PACE)
            .then(|| (last - first) as f64 / elapsed.as_secs_f64())
            .filter(|&pace| pace > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_that_of_the_last_minute_and_begins_anew_with_the_count() {
        let mut pace = Pace::default();
        pace.note(Duration::ZERO, 100);
        assert_eq!(pace.per_second(), None);
        for second in 1..=60 {
            pace.note(Duration::from_secs(second), 100 + 2 * second);
        }
        assert_eq!(pace.per_second(), Some(2.0));
        for second in 61..=150 {
            pace.note(Duration::from_secs(second), 220);
        }
        assert_eq!((pace.per_second(), pace.0.len()), (None, 61), "it stands still");
        pace.note(Duration::from_secs(151), 0);
        pace.note(Duration::from_secs(153), 8);
        assert_eq!(pace.per_second(), Some(4.0));
    }
}

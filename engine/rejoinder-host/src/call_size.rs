//! How many candidates a plugin is asked about at once.

use std::ops::Range;

use crate::services::write_line;

/// The most candidates of a call; all of a batch at first.
#[derive(Clone, Copy, Debug)]
pub struct CallSize(usize);

impl Default for CallSize {
    fn default() -> Self {
        Self(usize::MAX)
    }
}

impl CallSize {
    /// The candidates of the next call, of so many candidates of a batch, after those before `start`.
    pub fn next(self, start: usize, candidates: usize) -> Range<usize> {
        let Self(most) = self;
        start..start.saturating_add(most).min(candidates)
    }

    /// To be called where a plugin did not answer about so many candidates in time, though it answered about each of them: it
    /// is too slow for calls of this size: each would take the whole timeout.
    pub fn shrink(&mut self, plugin: &str, late: usize) {
        let Self(most) = self;
        *most = (late / 2).max(1);
        write_line(&format!(
            "warning: plugin `{plugin}` did not answer about {late} turns at once in time, and answered about each of them alone: from \
             now on it is asked about {most} at once; a longer `timeout` in its [[plugin]] table leaves it more time"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_one_call_until_calls_of_its_size_are_too_slow() {
        let mut size = CallSize::default();
        assert_eq!([size.next(0, 5), size.next(5, 5)], [0..5, 5..5]);
        size.shrink("slow", 5);
        assert_eq!([size.next(0, 5), size.next(2, 5), size.next(4, 5)], [0..2, 2..4, 4..5]);
        size.shrink("slow", 2);
        size.shrink("slow", 1);
        assert_eq!([size.next(0, 2), size.next(1, 2)], [0..1, 1..2]);
    }
}

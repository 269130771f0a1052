//! Parts that the scan has committed, handed on to the judge while the scan goes on.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

/// A queue of part numbers with an end.
#[derive(Debug, Default)]
pub(super) struct CommittedParts {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    parts: VecDeque<u64>,
    has_ended: bool,
}

impl CommittedParts {
    pub(super) fn add(&self, part: u64) {
        self.change(|state| state.parts.push_back(part));
    }

    /// Says that no more parts will come.
    pub(super) fn end(&self) {
        self.change(|state| state.has_ended = true);
    }

    /// Waits for the next part; `None` at the end.
    pub(super) fn next(&self) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(part) = state.parts.pop_front() {
                return Some(part);
            }
            if state.has_ended {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn change(&self, change: impl FnOnce(&mut QueueState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

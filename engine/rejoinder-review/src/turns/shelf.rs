//! The pages that are made, and which are wanted: what the thread that makes pages shares with those that answer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::turn_page::TurnPage;

/// A page, or why there is none, in words.
pub(super) type MadePage = Result<Arc<TurnPage>, String>;

/// So many bytes of pages are kept; what does not fit is made again when it is asked for.
const MOST_BYTES: usize = 256 << 20;

/// The pages, shared.
#[derive(Default)]
pub(super) struct Shelf {
    state: Mutex<ShelfState>,
    changed: Condvar,
}

#[derive(Default)]
struct ShelfState {
    made: HashMap<usize, MadePage>,
    /// The pages that are kept, the oldest first.
    order: VecDeque<usize>,
    bytes: usize,
    wanted: VecDeque<usize>,
    /// Why no page is made any more.
    ended: Option<String>,
    is_closed: bool,
}

/// What the thread that makes pages does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextPage {
    /// Somebody waits for this page.
    Wanted(usize),
    /// Nobody waits for a page.
    Ahead,
    /// Nobody will ask any more.
    Closed,
}

impl Shelf {
    /// The page of a turn, waiting until it is made.
    pub(super) fn page(&self, number: usize) -> MadePage {
        let mut state = self.state();
        loop {
            if let Some(page) = state.made.get(&number) {
                return page.clone();
            }
            if let Some(why) = &state.ended {
                return Err(why.clone());
            }
            if !state.wanted.contains(&number) {
                state.wanted.push_back(number);
                self.changed.notify_all();
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What is to be done next. Where `has_more` is false there is nothing to be made ahead, and this waits until a page is wanted.
    pub(super) fn next(&self, has_more: bool) -> NextPage {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return NextPage::Closed;
            }
            if let Some(number) = state.wanted.pop_front() {
                return NextPage::Wanted(number);
            }
            if has_more && state.bytes < MOST_BYTES {
                return NextPage::Ahead;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether a page is there.
    pub(super) fn holds(&self, number: usize) -> bool {
        self.state().made.contains_key(&number)
    }

    /// Keeps a page for those who wait for it.
    pub(super) fn put(&self, number: usize, page: Result<TurnPage, String>) {
        let mut state = self.state();
        state.wanted.retain(|wanted| *wanted != number);
        if state.made.contains_key(&number) {
            return;
        }
        state.bytes += page.as_ref().map_or(0, TurnPage::bytes);
        state.made.insert(number, page.map(Arc::new));
        state.order.push_back(number);
        while state.bytes > MOST_BYTES && state.order.len() > 1 {
            let oldest = state.order.pop_front().unwrap_or(number);
            let gone = state.made.remove(&oldest).and_then(Result::ok);
            state.bytes = state.bytes.saturating_sub(gone.map_or(0, |page| page.bytes()));
        }
        self.changed.notify_all();
    }

    /// From now on no page is made; why.
    pub(super) fn end(&self, why: &str) {
        self.state().ended.get_or_insert_with(|| why.to_owned());
        self.changed.notify_all();
    }

    /// Nobody will ask any more.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, ShelfState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

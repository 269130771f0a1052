//! Which prompts need not be asked for once more.

use std::collections::{HashSet, VecDeque};

use super::finder::AHEAD;

/// The prompts that need not be asked for once more, in memory that does not grow with the corpus: those under way, those
/// without an answer, and those answered since the finder looked them up. The finder is at most [`AHEAD`] and a few ahead.
#[derive(Default)]
pub(super) struct KnownPrompts {
    /// The number of prompts that were opened.
    opened: usize,
    keys: HashSet<String>,
    /// When each answered prompt was closed, in `opened`.
    closed: VecDeque<(usize, String)>,
}

impl KnownPrompts {
    /// Notes that a prompt is to be asked; `false` where it is asked or given up already.
    pub(super) fn open(&mut self, key: &str) -> bool {
        self.opened += 1;
        while self.closed.front().is_some_and(|(at, _)| *at + AHEAD + 2 < self.opened)
            && let Some((_, key)) = self.closed.pop_front()
        {
            self.keys.remove(&key);
        }
        self.keys.insert(key.to_owned())
    }

    pub(super) fn close(&mut self, key: String, is_answered: bool) {
        if is_answered {
            self.closed.push_back((self.opened, key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_long_ago_is_forgotten_and_what_was_not_is_kept() {
        let mut known = KnownPrompts::default();
        for i in 0..10_000 {
            let key = format!("{}", i / 2);
            assert_eq!(known.open(&key), i % 2 == 0);
            if i % 2 == 0 {
                known.close(key, i != 100);
            }
        }
        assert!(known.keys.len() < AHEAD + 8, "{}", known.keys.len());
        assert!(known.keys.contains("50"));
    }
}

//! Which clients are at work: those that were heard of lately.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a client that has nothing else to say is heard of, unless it is told otherwise.
pub(super) const RENEWAL: Duration = Duration::from_secs(2);
/// The number of clients from which on those that are gone are forgotten.
const MANY: usize = 1024;

/// When clients were heard of last.
pub(super) struct Leases {
    /// How long the claims of a silent client last.
    lease: Duration,
    heard: Mutex<Heard>,
}

struct Heard {
    clients: HashMap<String, Instant>,
    last: Instant,
}

impl Leases {
    /// The leases of these clients, as if all of them had been heard of now.
    pub(super) fn of(clients: Vec<String>, lease: Duration, now: Instant) -> Self {
        let clients = clients.into_iter().map(|client| (client, now)).collect();
        Self { lease, heard: Mutex::new(Heard { clients, last: now }) }
    }

    /// Notes that a client was heard of.
    ///
    /// Where nobody was heard of for longer than a renewal takes, the keeper itself may have stood still while clients waited for it:
    /// that time ends no lease.
    pub(super) fn hear(&self, client: &str, now: Instant) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let still = now.saturating_duration_since(heard.last).saturating_sub(RENEWAL);
        if !still.is_zero() {
            heard.clients.values_mut().for_each(|last| *last += still);
        }
        heard.last = now;
        if heard.clients.len() >= MANY && !heard.clients.contains_key(client) {
            heard.clients.retain(|_, last| now.saturating_duration_since(*last) < self.lease);
        }
        heard.clients.insert(client.to_owned(), now);
    }

    /// Whether a client is at work.
    pub(super) fn is_held(&self, client: &str, now: Instant) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.clients.get(client).is_some_and(|last| now.saturating_duration_since(*last) < self.lease)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_client_is_gone_after_its_lease_and_a_keeper_that_stood_still_ends_none() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let leases = Leases::of(vec!["before".to_owned()], Duration::from_secs(10), begun);
        leases.hear("silent", begun);
        for second in (0..=8).step_by(2) {
            leases.hear("loud", at(second));
        }
        assert!(leases.is_held("before", at(9)) && leases.is_held("silent", at(9)));
        leases.hear("loud", at(10));
        assert!(!leases.is_held("before", at(10)) && !leases.is_held("silent", at(10)));
        assert!(leases.is_held("loud", at(10)) && !leases.is_held("never", at(10)));
        // Nobody is heard of for a minute, which no client can have wanted.
        leases.hear("new", at(70));
        assert!(leases.is_held("loud", at(71)));
        leases.hear("new", at(72));
        leases.hear("new", at(74));
        leases.hear("new", at(76));
        leases.hear("new", at(78));
        assert!(!leases.is_held("loud", at(79)));
    }
}

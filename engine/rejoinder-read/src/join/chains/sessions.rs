//! Chains of one session, and sessions that hold one call each.

use std::collections::HashMap;

use super::alignment::overlap;
use super::index::{Chain, Chains, NOWHERE, two};
use super::parts::{Part, cut};

impl Chains {
    /// Some programs make a new session for each call: where hardly any goes on, the content tells. Two sessions that say the
    /// same are still two.
    pub(super) fn merge_lone_sessions(&mut self) {
        let mut calls: HashMap<u64, u32> = HashMap::new();
        for chain in &self.chains {
            if let Some(session) = chain.session {
                *calls.entry(session).or_default() += 1;
            }
        }
        let lone = calls.values().filter(|calls| **calls == 1).count();
        if 10 * lone < 9 * calls.len() {
            return;
        }
        let mut seen: HashMap<u32, u32> = HashMap::new();
        self.taken.iter().filter(|at| **at != NOWHERE).for_each(|at| *seen.entry(*at).or_default() += 1);
        for at in 0..self.chains.len() {
            let chain = &self.chains[at];
            let is_lone = chain.session.is_some_and(|session| calls.get(&session) == Some(&1));
            if !is_lone || chain.keys.len() < 2 || seen.get(&(at as u32)) != Some(&1) {
                continue;
            }
            let lone = Chain { session: None, ..chain.clone() };
            let scope = two(2, lone.scope, 2);
            let goes_on = |other: u32| self.chains[other as usize].keys != lone.keys;
            match self.find(scope, &lone).filter(|(other, _)| goes_on(*other)) {
                Some((other, found)) if self.merge(scope, other, found, &lone, false) => {
                    // Where it has gone stands in its `front`.
                    let gone = &mut self.chains[at];
                    (gone.is_gone, gone.front) = (true, i64::from(other));
                }
                _ => self.reindex(scope, at as u32, 0, usize::MAX),
            }
        }
    }

    /// Merges chains of one session that have messages in common since others have grown.
    pub(super) fn rejoin(&mut self, of_session: &[u32]) {
        if of_session.len() < 2 {
            return;
        }
        for &at in of_session {
            let own = self.chains[at as usize].clone();
            let Some(session) = own.session else { continue };
            let scope = two(1, session, 1);
            self.chains[at as usize].is_gone = true;
            let merged = match self.find(scope, &own) {
                Some((other, found)) if self.merge(scope, other, found, &own, true) => Some(other),
                _ => None,
            };
            let chain = &mut self.chains[at as usize];
            match merged {
                Some(other) => chain.front = i64::from(other),
                None => {
                    chain.is_gone = false;
                    self.reindex(scope, at, 0, usize::MAX);
                }
            }
        }
    }

    /// Settles the chains of one session, which have no message in common and stand in the order of time.
    pub(super) fn settle(&mut self, of_session: &[u32], helps: &mut [bool]) {
        if of_session.len() < 2 {
            return;
        }
        let is_chat = |chains: &Self, at: u32| chains.chains[at as usize].users > 1;
        let kinds: Vec<u64> = of_session
            .iter()
            .filter(|at| is_chat(self, **at))
            .map(|at| self.chains[*at as usize].kind)
            .collect();
        let has_chat = !kinds.is_empty();
        let all_help = of_session.iter().all(|at| self.chains[*at as usize].is_helper);
        // The chat that goes on, in time.
        let mut current: Option<u32> = None;
        for &at in of_session {
            let own = self.chains[at as usize].clone();
            let common = current.map_or(0, |before| overlap(&self.chains[before as usize].keys, &own.keys));
            if own.users > 1 && !own.sums_up && common == 0 {
                current = Some(at);
                continue;
            }
            let is_aside = own.users <= 1
                && has_chat
                && !own.sums_up
                && (!kinds.contains(&own.kind) || own.times.is_none());
            if !all_help && own.users <= 1 && (own.is_helper || is_aside) {
                helps[at as usize] = true;
                continue;
            }
            match current {
                Some(before) => {
                    // What sums up was never said.
                    let from = if own.sums_up && own.keys.len() > 1 { 1 } else { common };
                    let parts: Vec<Part> = cut(&own, from).collect();
                    let known = &mut self.chains[before as usize];
                    known.parts.extend(parts);
                    known.keys.extend_from_slice(&own.keys[from..]);
                    known.users = known.users.max(own.users);
                    let gone = &mut self.chains[at as usize];
                    (gone.is_gone, gone.front) = (true, i64::from(before));
                }
                None => current = Some(at),
            }
        }
    }
}

//! The hits of rules that build on other rules.

use std::collections::{BTreeSet, HashMap};

use rejoinder_core::Hit;

use crate::compile::RuleSet;

/// The hits in one turn so far.
pub(super) struct FoundHits<'s> {
    pub(super) set: &'s RuleSet,
    /// Hits that stand.
    pub(super) hits: &'s mut Vec<Hit>,
    /// Hits that wait for facts.
    pub(super) pending: &'s mut Vec<Hit>,
    /// Hits of rules that serve others alone.
    pub(super) serving: &'s mut Vec<Hit>,
}

impl FoundHits<'_> {
    /// Adds the hits of the rules that build on those that hit. `hit` gives the hit of a rule whose conditions on other rules hold, if
    /// its own words and conditions hold as well; it is told the first of the rule's named rules that hits.
    pub(super) fn build(&mut self, mut hit: impl FnMut(u32, Hit) -> Option<Hit>) {
        let building = &self.set.building;
        let mut places = BTreeSet::new();
        // Each hit with whether it stands.
        let mut known: HashMap<u32, (Hit, bool)> = HashMap::new();
        let certain = self.hits.iter().chain(&*self.serving).map(|&hit| (hit, true));
        for (found, stands) in certain.chain(self.pending.iter().map(|&hit| (hit, false))) {
            if building.note_dependents(found.rule, &mut places) {
                known.insert(found.rule, (found, stands));
            }
        }
        let standing = self.hits.len();
        while let Some(place) = places.pop_first() {
            let rule = building.rule_at(place);
            let Some(first) = building.first_hit(rule, |base| known.get(&base).map(|&(hit, _)| hit)) else {
                continue;
            };
            let Some(built) = hit(rule, first) else { continue };
            // Facts can only take hits away: what is the same without the pending ones stands.
            let certain = |base: u32| known.get(&base).filter(|(_, stands)| *stands).map(|&(hit, _)| hit);
            let stands = building.first_hit(rule, certain) == Some(first) && !self.set.asks_facts(rule);
            self.push(built, stands);
            if building.note_dependents(rule, &mut places) {
                known.insert(rule, (built, stands));
            }
        }
        if self.hits.len() > standing {
            self.hits.sort_unstable_by_key(|hit| hit.rule);
        }
        if !self.pending.is_empty() {
            self.keep_needed();
        }
    }

    /// Adds a hit, which waits for facts unless it stands.
    pub(super) fn push(&mut self, hit: Hit, stands: bool) {
        let hits = if !stands {
            &mut *self.pending
        } else if self.set.only_serves(hit.rule) {
            &mut *self.serving
        } else {
            &mut *self.hits
        };
        hits.push(hit);
    }

    /// Leaves among the pending hits those of rules in force, and puts the hits of rules that serve alone beside them that they need.
    fn keep_needed(&mut self) {
        let set = self.set;
        let in_force = |hit: &&Hit| !set.only_serves(hit.rule);
        let needed = set.building.foundations(self.pending.iter().filter(in_force).map(|hit| hit.rule));
        self.pending.retain(|hit| !set.only_serves(hit.rule) || needed.contains(&hit.rule));
        self.pending.extend(self.serving.iter().filter(|hit| needed.contains(&hit.rule)));
        self.pending.sort_unstable_by_key(|hit| hit.rule);
    }
}

//! Which rules are responsible for a change of a turn.

use std::collections::HashMap;

use rejoinder_core::Hit;
use rejoinder_rules::Rule;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn, Voter};

use super::standing::Standing;

/// The rules of two engines, matched by their ids.
#[derive(Clone, Debug)]
pub struct RulePairs {
    /// By number of a rule before: the number of the rule after with the same id, if a hit of both says the same.
    after: Vec<Option<u32>>,
    /// By number of a rule after: the number of the rule before, likewise.
    before: Vec<Option<u32>>,
}

/// A turn as one engine has scanned it.
#[derive(Clone, Copy)]
pub(super) struct TurnOnSide<'s, 'c> {
    pub(super) engine: &'s Engine,
    pub(super) scanned: &'s ScannedBatch<'c>,
    pub(super) conversation: &'s ScannedConversation<'c>,
    pub(super) turn: &'s ScannedTurn,
}

impl RulePairs {
    /// Matches the rules of two engines.
    pub fn new(before: &Engine, after: &Engine) -> Self {
        let (old, new) = (before.rules.rules(), after.rules.rules());
        let number: HashMap<&str, u32> = (0..).zip(new).map(|(at, rule)| (rule.id.as_str(), at)).collect();
        let same = |rule: &Rule| {
            let at = *number.get(rule.id.as_str())?;
            let other = &new[at as usize];
            let says_the_same = rule.route == other.route
                && rule.category == other.category
                && rule.weight.to_bits() == other.weight.to_bits();
            says_the_same.then_some(at)
        };
        let forth: Vec<Option<u32>> = old.iter().map(same).collect();
        let mut back = vec![None; new.len()];
        for (at, pair) in (0..).zip(&forth) {
            if let Some(pair) = pair {
                back[*pair as usize] = Some(at);
            }
        }
        Self { after: forth, before: back }
    }

    /// The rules that are responsible for a change: by number those before that hit no longer, and those after that hit newly. Where
    /// some of them alone would bring the change about, these.
    pub(super) fn responsible(
        &self,
        before: TurnOnSide<'_, '_>,
        after: TurnOnSide<'_, '_>,
    ) -> (Vec<u32>, Vec<u32>) {
        let (old, new) = (before.scanned.hits(before.turn), after.scanned.hits(after.turn));
        (lone(before, new, &self.after), lone(after, old, &self.before))
    }
}

/// The rules that hit the turn on this side and not on the other, as far as the decision depends on them.
fn lone(side: TurnOnSide<'_, '_>, other: &[Hit], pair: &[Option<u32>]) -> Vec<u32> {
    let mut rules: Vec<u32> = Vec::new();
    for hit in side.scanned.hits(side.turn) {
        let hits_there = pair[hit.rule as usize].is_some_and(|pair| other.iter().any(|hit| hit.rule == pair));
        if !hits_there {
            rules.push(hit.rule);
        }
    }
    let decides = |rule: &u32| {
        let without =
            side.scanned.ground_without(side.engine, side.conversation, side.turn, Voter::Rule(*rule));
        Standing::of(without) != Standing::of(side.turn.ground)
    };
    let deciding: Vec<u32> = rules.iter().copied().filter(decides).collect();
    if deciding.is_empty() { rules } else { deciding }
}

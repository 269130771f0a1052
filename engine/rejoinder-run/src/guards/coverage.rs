//! Which guards cover which turns.

use rejoinder_cascade::Decision;
use rejoinder_core::Category;
use rejoinder_rules::Route;
use rejoinder_scan::{Engine, ScannedBatch, ScannedTurn};
use serde::{Deserialize, Serialize};

/// That a guard covers a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardCoverage {
    /// The number of the guard among those in force.
    pub guard: u32,
    /// What the guard's rules that accept or hit the turn take the turn for, each category once.
    pub categories: Vec<Category>,
}

/// The guards that cover a turn, in the order of their numbers.
pub(crate) fn coverage(
    engine: &Engine,
    scanned: &ScannedBatch<'_>,
    turn: &ScannedTurn,
) -> Vec<GuardCoverage> {
    let guards = engine.rules.guards();
    let mut coverage: Vec<GuardCoverage> = Vec::new();
    if guards.all().is_empty() {
        return coverage;
    }
    for hit in scanned.hits(turn) {
        let rule = engine.rules.rule(hit.rule);
        let Some(category) = rule.category else { continue };
        let is_covered = match turn.decision() {
            Decision::Undecided => true,
            Decision::Accepted(accepted) => rule.route == Route::Accept && category == accepted,
            Decision::Rejected => false,
        };
        for guard in guards.of_rule(hit.rule).filter(|_| is_covered) {
            let guard = guard as u32;
            match coverage.iter_mut().find(|one| one.guard == guard) {
                Some(one) if one.categories.contains(&category) => {}
                Some(one) => one.categories.push(category),
                None => coverage.push(GuardCoverage { guard, categories: vec![category] }),
            }
        }
    }
    coverage.sort_by_key(|one| one.guard);
    coverage
}

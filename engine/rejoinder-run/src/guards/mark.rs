//! Which turns count for which guards.

use rejoinder_cascade::Decision;
use rejoinder_core::Category;
use rejoinder_rules::Route;
use rejoinder_scan::{Engine, ScannedBatch, ScannedTurn};
use serde::{Deserialize, Serialize};

/// That a guard's rules mark a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardMark {
    /// The number of the guard among those in force.
    pub guard: u32,
    /// What the rules that mark the turn take it for, each category once.
    pub categories: Vec<Category>,
}

/// The guards whose rules mark a turn, in the order of their numbers.
pub(crate) fn marks(engine: &Engine, scanned: &ScannedBatch<'_>, turn: &ScannedTurn) -> Vec<GuardMark> {
    let guards = engine.rules.guards();
    let mut marks: Vec<GuardMark> = Vec::new();
    if guards.all().is_empty() {
        return marks;
    }
    for hit in scanned.hits(turn) {
        let rule = engine.rules.rule(hit.rule);
        let Some(category) = rule.category else { continue };
        let is_marking = match turn.decision() {
            Decision::Undecided => true,
            Decision::Accepted(accepted) => rule.route == Route::Accept && category == accepted,
            Decision::Rejected => false,
        };
        for guard in guards.of_rule(hit.rule).filter(|_| is_marking) {
            let guard = guard as u32;
            match marks.iter_mut().find(|mark| mark.guard == guard) {
                Some(mark) if mark.categories.contains(&category) => {}
                Some(mark) => mark.categories.push(category),
                None => marks.push(GuardMark { guard, categories: vec![category] }),
            }
        }
    }
    marks.sort_by_key(|mark| mark.guard);
    marks
}

//! Which turns are wanted.

use rejoinder_core::Category;
use rejoinder_rules::{Route, RuleSet};

use crate::outcome::TurnOutcome;

/// Which turns are wanted; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnFilter {
    /// Turns that rules and plugins accepted. Where none of the four kinds is named, all are wanted.
    pub accepted: bool,
    /// Turns that rules and plugins rejected, or never marked.
    pub rejected: bool,
    /// Turns that wait for the judge.
    pub waiting: bool,
    /// Turns that the judge settled.
    pub judged: bool,
    /// Feedback of these categories alone; empty where the category does not matter.
    pub categories: Vec<Category>,
    /// Turns that one of the rules with these ids hit; empty where rules do not matter.
    pub rules: Vec<String>,
}

impl TurnFilter {
    /// Whether a turn with an outcome is wanted, whatever rules hit the turn.
    pub fn fits(&self, outcome: TurnOutcome) -> bool {
        let all = !(self.accepted || self.rejected || self.waiting || self.judged);
        let kind = match outcome {
            TurnOutcome::Accepted(_) => self.accepted,
            TurnOutcome::Rejected => self.rejected,
            TurnOutcome::Undecided => self.waiting,
            TurnOutcome::Judged(_) => self.judged,
        };
        let category = || outcome.category().is_some_and(|category| self.categories.contains(&category));
        (all || kind) && (self.categories.is_empty() || category())
    }

    /// Whether turns that wait are wanted, or turns that waited for the judge.
    pub(super) fn wants_spooled(&self) -> bool {
        let all = !(self.accepted || self.rejected || self.waiting || self.judged);
        all || self.waiting || self.judged
    }

    /// Whether turns without a row in the run's folder may be wanted.
    pub(super) fn wants_unmarked(&self, rules: &RuleSet) -> bool {
        // A turn that an accept rule hit is accepted or waits: never rejected.
        let may_be_rejected =
            |id: &String| rules.rules().iter().any(|rule| rule.id == *id && rule.route != Route::Accept);
        self.fits(TurnOutcome::Rejected) && (self.rules.is_empty() || self.rules.iter().any(may_be_rejected))
    }

    /// Whether one of the wanted rules is among these.
    pub(super) fn wants_hit(&self, hits: &[impl AsRef<str>]) -> bool {
        self.rules.is_empty() || hits.iter().any(|hit| self.rules.iter().any(|rule| rule == hit.as_ref()))
    }
}

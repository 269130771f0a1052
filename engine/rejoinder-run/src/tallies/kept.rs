//! The tallies of a run, as the ledger keeps them.

use super::disputes::{DisputedTurn, Disputes};
use super::examples::KeptExamples;
use super::groups::GroupTallies;
use super::judged::JudgedTallies;
use super::part::PartTallies;
use super::rules::RuleTallies;
use crate::error::RunError;
use crate::folder::{RunDir, from_json};
use crate::guards::GuardTallies;

/// Facts of the ledger with the tallies of a part begin so; the part's number follows.
const OF_PART: &str = "tallies:";
/// What the ledger calls what the judge adds.
const OF_JUDGE: &str = "judged tallies";

/// All tallies of a run: of its scan as far as it is committed, and of the judge's replies as last collected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunTallies {
    /// Feedback by groups of conversations.
    pub groups: GroupTallies,
    /// What each rule and each plugin does.
    pub rules: RuleTallies,
    /// Turns to show as examples.
    pub examples: KeptExamples,
    /// At most 200 turns that a rule or a plugin rejected although their score reaches the cut, the highest score first.
    pub disputes: Vec<DisputedTurn>,
    /// What is counted for guards.
    pub guards: GuardTallies,
}

impl RunDir {
    /// Whether the run has tallies of all that it has scanned: runs of earlier engines, and what was gathered over a data set, have none.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn has_tallies(&self) -> Result<bool, RunError> {
        for part in self.ledger.parts()? {
            if self.ledger.get(&name_of(part.index))?.is_none() {
                return Ok(false);
            }
        }
        Ok(self.manifest.gathered.is_none())
    }

    /// All tallies; of parts without tallies nothing.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn tallies(&self) -> Result<RunTallies, RunError> {
        let mut disputes = Disputes::default();
        let mut total = RunTallies::default();
        for part in self.ledger.parts()? {
            let Some(part) = self.part_tallies(part.index)? else { continue };
            total.groups += &part.groups;
            total.rules += &part.rules;
            total.examples += &part.examples;
            disputes.add(&part.disputes);
            total.guards += &part.guards;
        }
        total.disputes = disputes.turns;
        if let Some(judged) = self.judged_tallies()? {
            total.judge(&judged);
        }
        total.groups = total.groups.with_values();
        Ok(total)
    }

    /// Feedback by groups of conversations, with what the judge has found.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn group_tallies(&self) -> Result<GroupTallies, RunError> {
        Ok(self.tallies()?.groups)
    }

    /// What each rule and each plugin does, with what the judge says of the turns that rules hit.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn rule_tallies(&self) -> Result<RuleTallies, RunError> {
        Ok(self.tallies()?.rules)
    }

    /// Turns to show as examples, by stratum.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn examples(&self) -> Result<KeptExamples, RunError> {
        Ok(self.tallies()?.examples)
    }

    /// At most 200 turns that a rule or a plugin rejected although their score reaches the cut, the highest score first.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn disputes(&self) -> Result<Vec<DisputedTurn>, RunError> {
        Ok(self.tallies()?.disputes)
    }

    /// The tallies of a part; `None` for a part of an earlier engine.
    pub(crate) fn part_tallies(&self, index: u64) -> Result<Option<PartTallies>, RunError> {
        self.ledger.get(&name_of(index))?.map(|json| from_json(&json)).transpose()
    }

    /// Keeps the tallies of a part that is about to be committed.
    pub(crate) fn keep_part_tallies(&self, index: u64, tallies: &PartTallies) -> Result<(), RunError> {
        let json = serde_json::to_string(tallies).expect("tallies are plain data");
        Ok(self.ledger.put(&name_of(index), &json)?)
    }

    /// Forgets the tallies of parts that were not committed; the scan makes them anew.
    pub(super) fn forget_uncommitted_tallies(&self) -> Result<(), RunError> {
        let committed: Vec<String> = self.ledger.parts()?.iter().map(|part| name_of(part.index)).collect();
        let kept = self.ledger.facts(OF_PART)?.into_iter().map(|(name, _)| name);
        let mut uncommitted = kept.filter(|name| !committed.contains(name));
        uncommitted.try_for_each(|name| Ok(self.ledger.remove(&name)?))
    }

    /// The groups that the scan has counted, without what the judge adds.
    pub(crate) fn scanned_groups(&self) -> Result<GroupTallies, RunError> {
        let mut groups = GroupTallies::default();
        for part in self.ledger.parts()? {
            if let Some(part) = self.part_tallies(part.index)? {
                groups += &part.groups;
            }
        }
        Ok(groups)
    }

    /// What the judge adds, as last collected; `None` where nothing was collected.
    pub(super) fn judged_tallies(&self) -> Result<Option<JudgedTallies>, RunError> {
        self.ledger.get(OF_JUDGE)?.map(|json| from_json(&json)).transpose()
    }

    /// Keeps what the judge adds, as last collected.
    pub(crate) fn keep_judged_tallies(&self, tallies: &JudgedTallies) -> Result<(), RunError> {
        let json = serde_json::to_string(tallies).expect("tallies are plain data");
        Ok(self.ledger.put(OF_JUDGE, &json)?)
    }
}

fn name_of(part: u64) -> String {
    format!("{OF_PART}{part}")
}

impl RunTallies {
    /// Adds what the judge says.
    fn judge(&mut self, judged: &JudgedTallies) {
        self.groups += &judged.groups;
        for (name, division) in &judged.groups.divisions {
            let Some(own) = self.groups.divisions.get_mut(name) else { continue };
            let settled = |gain: &super::GroupTally| gain.feedback.total() + gain.no_feedback;
            own.other.settle(settled(&division.other));
            own.unknown.settle(settled(&division.unknown));
            for (value, gain) in &division.values {
                if let Some(group) = own.values.get_mut(value) {
                    group.settle(settled(gain));
                }
            }
        }
        for (id, tally) in &judged.rules {
            *self.rules.rules.entry(id.clone()).or_default() += *tally;
        }
        for (guard, answers) in &judged.guards {
            if let Some(tally) = self.guards.tallies.get_mut(*guard as usize) {
                tally.judge.waiting += *answers;
            }
        }
        // Of the turns that waited after the scan some are settled by now.
        self.examples.strata.retain(|stratum, _| !stratum.starts_with(&super::examples::waiting("")));
        self.examples += &judged.examples;
    }
}

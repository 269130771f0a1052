//! Taking conversations out of the tallies.

use std::collections::{BTreeMap, BTreeSet};

use rejoinder_core::RecordId;

use super::examples::KeptExamples;
use super::groups::{DivisionTally, GroupTallies};
use crate::error::RunError;
use crate::folder::RunDir;

impl RunDir {
    /// Takes the turns of conversations out of the examples and the disputes of all tallies, and moves the values of groups that only
    /// these `conversations` have, which are among `texts`, to the other values. What was counted stays.
    ///
    /// # Errors
    /// If the ledger cannot be read or written.
    pub(crate) fn forget_in_tallies(
        &self,
        is_forgotten: &dyn Fn(RecordId) -> bool,
        conversations: u64,
        texts: &BTreeSet<String>,
    ) -> Result<(), RunError> {
        let rare = rare_values(&self.scanned_groups()?, conversations, texts);
        for part in self.ledger.parts()? {
            let Some(mut tallies) = self.part_tallies(part.index)? else { continue };
            let before = tallies.clone();
            tallies.examples.remove(is_forgotten);
            tallies.disputes.turns.retain(|turn| !is_forgotten(turn.id));
            tallies.groups.merge_values(&rare);
            if tallies != before {
                self.keep_part_tallies(part.index, &tallies)?;
            }
        }
        if let Some(mut judged) = self.judged_tallies()? {
            judged.examples.remove(is_forgotten);
            judged.groups.merge_values(&rare);
            self.keep_judged_tallies(&judged)?;
        }
        Ok(())
    }
}

/// The values that no more than so many conversations have and that are, or begin, one of the texts, by division.
fn rare_values(
    groups: &GroupTallies,
    conversations: u64,
    texts: &BTreeSet<String>,
) -> BTreeMap<String, Vec<String>> {
    let of_division = |(name, division): (&String, &DivisionTally)| {
        let rare = division.values.iter().filter(|(_, tally)| tally.conversations <= conversations);
        let is_text = |value: &str| texts.iter().any(|text| text.trim().starts_with(value));
        let rare = rare.map(|(value, _)| value.clone()).filter(|value| is_text(value));
        (name.clone(), rare.collect())
    };
    groups.divisions.iter().map(of_division).collect()
}

impl KeptExamples {
    fn remove(&mut self, is_forgotten: &dyn Fn(RecordId) -> bool) {
        self.strata.values_mut().for_each(|turns| turns.retain(|id| !is_forgotten(*id)));
        self.strata.retain(|_, turns| !turns.is_empty());
    }
}

impl GroupTallies {
    /// Moves values to the other ones.
    fn merge_values(&mut self, values: &BTreeMap<String, Vec<String>>) {
        for (name, division) in &mut self.divisions {
            for value in values.get(name).into_iter().flatten() {
                if let Some(tally) = division.values.remove(value) {
                    division.other += tally;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tallies::GroupTally;

    #[test]
    fn a_value_that_nobody_else_has_is_counted_among_the_others() {
        let tally =
            |conversations| GroupTally { conversations, turns: 2 * conversations, ..GroupTally::default() };
        let values = [("ann@example.org", tally(1)), ("gpt", tally(7)), ("other", tally(1))];
        let values = values.map(|(value, tally)| (value.to_owned(), tally)).into();
        let division = DivisionTally { values, ..DivisionTally::default() };
        let mut groups = GroupTallies { divisions: [("user".to_owned(), division)].into() };
        let (before, texts) =
            (groups.divisions["user"].total(), ["ann@example.org", "gpt"].map(str::to_owned));
        let rare = rare_values(&groups, 1, &texts.into());
        groups.merge_values(&rare);
        let after = &groups.divisions["user"];
        assert_eq!(after.values.keys().collect::<Vec<_>>(), ["gpt", "other"]);
        assert_eq!((after.total(), after.other.conversations), (before, 1));
    }
}

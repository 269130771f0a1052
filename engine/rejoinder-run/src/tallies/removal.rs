//! Taking conversations out of the tallies.

use std::collections::{BTreeMap, BTreeSet};

use rejoinder_core::RecordId;
use rejoinder_read::Provenance;

use super::examples::KeptExamples;
use super::groups::{DivisionTally, GroupTallies, GroupTally};
use super::row_standing::RowStanding;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::spool_row::SpoolRow;

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
        self.forget_uncommitted_tallies()?;
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

    /// Counts anew how many turns of each group wait, by all rows of a part that are left; not where rows of an earlier engine do not
    /// tell their groups.
    pub(crate) fn recount_waiting(&self, part: u64, rows: &[SpoolRow]) -> Result<(), RunError> {
        let standing: Option<Vec<(&RowStanding, u64)>> =
            rows.iter().map(|row| Some((row.standing.as_ref()?, row.turns.len() as u64))).collect();
        if let (Some(mut tallies), Some(standing)) = (self.part_tallies(part)?, standing) {
            tallies.groups.recount_waiting(&standing);
            self.keep_part_tallies(part, &tallies)?;
        }
        Ok(())
    }
}

/// The values that no more than so many conversations have and that are one of the texts, or its beginning, by division.
fn rare_values(
    groups: &GroupTallies,
    conversations: u64,
    texts: &BTreeSet<String>,
) -> BTreeMap<String, Vec<String>> {
    let of_division = |(name, division): (&String, &DivisionTally)| {
        let rare = division.values.iter().filter(|(_, tally)| tally.conversations <= conversations);
        let is_cut = |value: &str| value.chars().count() >= Provenance::MOST_CHARS;
        let is_of = |value: &str, text: &str| text == value || is_cut(value) && text.starts_with(value);
        let is_text = |value: &str| texts.iter().any(|text| is_of(value, text.trim()));
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

    /// Counts how many turns of each group wait, by rows with so many turns each.
    fn recount_waiting(&mut self, rows: &[(&RowStanding, u64)]) {
        for (name, division) in &mut self.divisions {
            let (mut waiting, mut unknown) = (BTreeMap::new(), 0);
            for (standing, turns) in rows {
                match standing.groups.get(name) {
                    Some(value) => *waiting.entry(value.as_str()).or_default() += turns,
                    None => unknown += turns,
                }
            }
            for (value, tally) in &mut division.values {
                tally.set_waiting(waiting.remove(value.as_str()).unwrap_or(0));
            }
            division.other.set_waiting(waiting.into_values().sum());
            division.unknown.set_waiting(unknown);
        }
    }
}

impl GroupTally {
    fn set_waiting(&mut self, waiting: u64) {
        self.turns = self.turns + waiting - self.waiting;
        self.waiting = waiting;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn waiting_turns_are_counted_by_the_rows_that_are_left() {
        let tally = |turns, waiting| GroupTally { turns, waiting, ..GroupTally::default() };
        let values = [("a".to_owned(), tally(9, 3)), ("b".to_owned(), tally(5, 1))].into();
        let division = DivisionTally { values, other: tally(4, 2), unknown: tally(7, 7) };
        let mut groups = GroupTallies { divisions: [("model".to_owned(), division)].into() };
        let standing = |value: Option<&str>| RowStanding {
            groups: value.map(|value| ("model".to_owned(), value.to_owned())).into_iter().collect(),
            grounds: Vec::new(),
        };
        let rows = [Some("a"), Some("c"), None].map(standing);
        groups.recount_waiting(&[(&rows[0], 2), (&rows[1], 2), (&rows[2], 6)]);
        let DivisionTally { values, other, unknown } = &groups.divisions["model"];
        assert_eq!((values["a"], values["b"]), (tally(8, 2), tally(4, 0)));
        assert_eq!((*other, *unknown), (tally(4, 2), tally(6, 6)));
    }
}

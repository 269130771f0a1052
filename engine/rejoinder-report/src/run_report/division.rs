//! Feedback by groups of conversations.

use std::collections::BTreeMap;

use rejoinder_core::Category;
use rejoinder_run::tallies::{DivisionTally, GroupTally};
use schemars::JsonSchema;
use serde::Serialize;

use super::cut::cut_text;
use super::share::Share;

/// Rows of a division.
const ROWS: usize = 30;
/// Rows of a division by months: five years.
const MONTHS: usize = 60;
/// Units of a value.
const VALUE_UNITS: usize = 80;

/// Feedback by the values of a column.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Division {
    /// `language`, `model`, `source`, `month`, or a column that `[report] by` names.
    pub name: String,
    /// The groups: months in their order, all others by their later turns, the most first.
    pub groups: Vec<GroupRow>,
    /// The values that have no row of their own, together; absent where each value has one.
    pub others: Option<GroupRow>,
    /// Conversations without a value; absent where each has one.
    pub unknown: Option<GroupRow>,
}

/// The figures of a group of conversations.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GroupRow {
    /// The value.
    pub value: String,
    /// Conversations.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Later turns that wait for the judge.
    pub waiting: u64,
    /// Turns with feedback, by category.
    pub by_category: BTreeMap<&'static str, u64>,
    /// Turns with feedback, as a share of the later turns.
    pub feedback: Share,
    /// Conversations with feedback.
    pub with_feedback: Share,
}

impl GroupRow {
    pub(super) fn new(value: &str, tally: &GroupTally) -> Self {
        let by_category = Category::ALL.map(|category| (category.code(), tally.feedback.get(category)));
        Self {
            value: cut_text(value, VALUE_UNITS),
            conversations: tally.conversations,
            turns: tally.turns,
            waiting: tally.waiting,
            by_category: by_category.into_iter().collect(),
            feedback: Share::of_turns(
                tally.feedback.total(),
                tally.turns,
                tally.squares_all,
                tally.conversations,
            ),
            with_feedback: Share::of_independent(tally.with_feedback, tally.conversations),
        }
    }
}

impl Division {
    pub(super) fn new(name: &str, tally: &DivisionTally) -> Self {
        let is_month = name == "month";
        let most = if is_month { MONTHS } else { ROWS };
        let mut groups: Vec<(&str, &GroupTally)> =
            tally.values.iter().map(|(value, group)| (value.as_str(), group)).collect();
        groups.sort_by(|(a, a_group), (b, b_group)| b_group.turns.cmp(&a_group.turns).then(a.cmp(b)));
        let beyond = groups.split_off(most.min(groups.len()));
        if is_month {
            groups.sort_by_key(|(value, _)| *value);
        }
        let mut others = tally.other;
        beyond.iter().for_each(|(_, group)| others += **group);
        let words = match tally.other.conversations {
            0 => format!("{} further values", beyond.len()),
            _ => "further values".to_owned(),
        };
        let row =
            |value: &str, group: &GroupTally| (group.conversations > 0).then(|| GroupRow::new(value, group));
        Self {
            name: name.to_owned(),
            groups: groups.iter().map(|(value, group)| GroupRow::new(value, group)).collect(),
            others: row(&words, &others),
            unknown: row("not known", &tally.unknown),
        }
    }

    /// The same with numbers in place of values: they are texts of the corpus, which may name people.
    pub(super) fn without_values(mut self) -> Self {
        let name = self.name.clone();
        self.groups.iter_mut().zip(1..).for_each(|(group, number)| group.value = format!("{name} {number}"));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(values: &[(&str, u64)]) -> DivisionTally {
        let group = |turns| GroupTally { conversations: 1, turns, rejected: turns, ..GroupTally::default() };
        let values = values.iter().map(|(value, turns)| ((*value).to_owned(), group(*turns)));
        DivisionTally { values: values.collect(), ..DivisionTally::default() }
    }

    #[test]
    fn the_largest_groups_come_first_and_months_in_their_order() {
        let division = Division::new("model", &tally(&[("a", 1), ("b", 3), ("c", 2)]));
        assert_eq!(division.groups.iter().map(|g| g.value.as_str()).collect::<Vec<_>>(), ["b", "c", "a"]);
        let months = Division::new("month", &tally(&[("2024-03", 1), ("2024-01", 3)]));
        assert_eq!(months.groups[0].value, "2024-01");
        assert!(division.others.is_none() && division.unknown.is_none());
    }

    #[test]
    fn what_has_no_row_is_counted_together() {
        let names: Vec<String> = (0..50).map(|number| format!("value {number}")).collect();
        let values: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 2)).collect();
        let division = Division::new("source", &tally(&values));
        let others = division.others.expect("there are more values than rows");
        assert_eq!((division.groups.len(), others.conversations, others.turns), (30, 20, 40));
        assert_eq!(others.value, "20 further values");
    }
}

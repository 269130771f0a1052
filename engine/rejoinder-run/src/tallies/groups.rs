//! Feedback by groups of conversations: those in one language, with one model, from one source, of one month.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::AddAssign;

use rejoinder_cascade::Decision;
use rejoinder_core::Category;
use rejoinder_scan::ScannedTurn;
use serde::{Deserialize, Serialize};

use crate::stats::ByCategory;

/// The values of a division that are told apart.
pub(super) const MOST_VALUES: usize = 200;

/// The counts of a group of conversations. Turns are later turns: those with feedback, rejected, waiting, and those without feedback by the
/// judge's word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupTally {
    /// Conversations.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Turns that wait for the judge.
    pub waiting: u64,
    /// Turns that rules and plugins rejected, or did not look at.
    pub rejected: u64,
    /// Turns that hold no feedback, as the judge says.
    pub no_feedback: u64,
    /// Conversations with at least one turn with feedback.
    pub with_feedback: u64,
    /// Turns with feedback, by category: accepted, or found by the judge.
    pub feedback: ByCategory,
    /// The sum over the conversations of the squared number of turns with feedback of a category. Turns of one conversation are not
    /// independent: the variance of a share of turns follows from these squares.
    pub squares: ByCategory,
    /// The sum over the conversations of the squared number of turns with feedback of any category.
    pub squares_all: u64,
}

/// The groups by one column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DivisionTally {
    /// By value, for at most 200 values: the first ones of the input. A value has at most 80 characters, and is foreign text.
    pub values: BTreeMap<String, GroupTally>,
    /// All other values together.
    pub other: GroupTally,
    /// Conversations without a value.
    pub unknown: GroupTally,
}

/// Feedback by groups: of `language`, `model`, `source`, `month`, and of each column that `[report] by` names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupTallies {
    /// By the name of the division. A division in which no conversation has a value is not there.
    pub divisions: BTreeMap<String, DivisionTally>,
}

/// The turns with feedback of one conversation, by category.
pub(super) type FeedbackCounts = [u64; 5];

impl GroupTally {
    /// The counts of one conversation.
    pub(super) fn of(turns: &[ScannedTurn]) -> Self {
        let mut tally = Self { conversations: 1, turns: turns.len() as u64, ..Self::default() };
        let mut found = FeedbackCounts::default();
        for turn in turns {
            match turn.decision() {
                Decision::Accepted(category) => found[category.index()] += 1,
                Decision::Rejected => tally.rejected += 1,
                Decision::Undecided => tally.waiting += 1,
            }
        }
        tally.gain(&FeedbackCounts::default(), &found);
        tally
    }

    /// Takes turns that the judge has settled from those that wait.
    pub(super) fn settle(&mut self, turns: u64) {
        self.waiting = self.waiting.saturating_sub(turns);
    }

    /// Adds turns with feedback of a conversation that has had some `before`.
    pub(super) fn gain(&mut self, before: &FeedbackCounts, more: &FeedbackCounts) {
        let squares_gained = |before: u64, more: u64| (before + more).pow(2) - before.pow(2);
        for (category, (before, more)) in Category::ALL.into_iter().zip(before.iter().zip(more)) {
            self.feedback.add(category, *more);
            self.squares.add(category, squares_gained(*before, *more));
        }
        let (before, more): (u64, u64) = (before.iter().sum(), more.iter().sum());
        self.squares_all += squares_gained(before, more);
        self.with_feedback += u64::from(before == 0 && more > 0);
    }
}

impl AddAssign for GroupTally {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.turns += other.turns;
        self.waiting += other.waiting;
        self.rejected += other.rejected;
        self.no_feedback += other.no_feedback;
        self.with_feedback += other.with_feedback;
        self.feedback += other.feedback;
        self.squares += other.squares;
        self.squares_all += other.squares_all;
    }
}

impl DivisionTally {
    /// All groups, those of other and of unknown values too.
    pub fn groups(&self) -> impl Iterator<Item = &GroupTally> {
        self.values.values().chain([&self.other, &self.unknown])
    }

    /// The sum of all groups, which is that of the run.
    pub fn total(&self) -> GroupTally {
        self.groups().fold(GroupTally::default(), |mut sum, group| {
            sum += *group;
            sum
        })
    }

    /// The group of a value that a conversation has, or lacks.
    pub(super) fn of(&mut self, value: Option<&str>) -> &mut GroupTally {
        match value {
            None => &mut self.unknown,
            Some(value) if self.values.contains_key(value) => {
                self.values.get_mut(value).expect("the value is there")
            }
            Some(_) => &mut self.other,
        }
    }
}

impl AddAssign<&Self> for DivisionTally {
    fn add_assign(&mut self, other: &Self) {
        for (value, tally) in &other.values {
            match self.values.get_mut(value) {
                Some(known) => *known += *tally,
                None => drop(self.values.insert(value.clone(), *tally)),
            }
        }
        self.other += other.other;
        self.unknown += other.unknown;
    }
}

impl AddAssign<&Self> for GroupTallies {
    fn add_assign(&mut self, other: &Self) {
        for (name, division) in &other.divisions {
            *self.divisions.entry(name.clone()).or_default() += division;
        }
    }
}

impl GroupTallies {
    /// The same, without divisions in which no conversation has a value.
    pub(super) fn with_values(mut self) -> Self {
        self.divisions.retain(|_, division| !division.values.is_empty());
        self
    }
}

/// The groups of one division in a chunk: all values, in the order of the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChunkDivision {
    /// Where each value stands, while the chunk is counted.
    #[serde(skip)]
    places: HashMap<String, usize>,
    values: Vec<(String, GroupTally)>,
    unknown: GroupTally,
}

impl ChunkDivision {
    pub(super) fn add(&mut self, value: Option<&str>, tally: GroupTally) {
        let Some(value) = value else {
            self.unknown += tally;
            return;
        };
        match self.places.get(value) {
            Some(place) => self.values[*place].1 += tally,
            None => {
                self.places.insert(value.to_owned(), self.values.len());
                self.values.push((value.to_owned(), tally));
            }
        }
    }

    /// Adds the groups to a part's, by the values that the run tells apart: `known` ones, and further ones as long as there is room.
    pub(super) fn add_to(self, part: &mut DivisionTally, known: &mut HashSet<String>) {
        for (value, tally) in self.values {
            let is_told_apart =
                known.contains(&value) || known.len() < MOST_VALUES && known.insert(value.clone());
            match is_told_apart {
                true => *part.values.entry(value).or_default() += tally,
                false => part.other += tally,
            }
        }
        part.unknown += self.unknown;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The groups of conversations that are cut into chunks, and the chunks into parts, at these places.
    fn summed(conversations: &[(Option<u16>, u64)], chunk: usize, part: usize) -> DivisionTally {
        let mut known = HashSet::new();
        let mut sum = DivisionTally::default();
        for part in conversations.chunks(part) {
            let mut of_part = DivisionTally::default();
            for chunk in part.chunks(chunk) {
                let mut of_chunk = ChunkDivision::default();
                for (value, turns) in chunk {
                    let tally = GroupTally { conversations: 1, turns: *turns, ..GroupTally::default() };
                    of_chunk.add(value.map(|value| value.to_string()).as_deref(), tally);
                }
                of_chunk.add_to(&mut of_part, &mut known);
            }
            sum += &of_part;
        }
        sum
    }

    proptest! {
        #[test]
        fn groups_do_not_depend_on_where_the_input_is_cut(
            conversations in prop::collection::vec((prop::option::weighted(0.9, 0_u16..300), 0_u64..9), 1..900),
            chunk in 1_usize..50,
            part in 1_usize..300,
        ) {
            let whole = summed(&conversations, conversations.len(), conversations.len());
            prop_assert_eq!(&summed(&conversations, chunk, part), &whole);
            prop_assert!(whole.values.len() <= MOST_VALUES);
            let total = whole.total();
            prop_assert_eq!(total.conversations, conversations.len() as u64);
            prop_assert_eq!(total.turns, conversations.iter().map(|(_, turns)| turns).sum::<u64>());
        }

        #[test]
        fn what_the_judge_finds_later_adds_up_to_what_was_found_at_once(
            accepted in prop::array::uniform5(0_u64..9),
            judged in prop::array::uniform5(0_u64..9),
        ) {
            let nothing = FeedbackCounts::default();
            let mut later = GroupTally::default();
            later.gain(&nothing, &accepted);
            later.gain(&accepted, &judged);
            let both: Vec<u64> = accepted.iter().zip(&judged).map(|(a, b)| a + b).collect();
            let mut at_once = GroupTally::default();
            at_once.gain(&nothing, &both.clone().try_into().unwrap());
            prop_assert_eq!(later, at_once);
            prop_assert_eq!(at_once.squares_all, both.iter().sum::<u64>().pow(2));
        }
    }
}

//! Decisions before and after a change, beside what labels or a judge say of the turns.

use std::collections::BTreeMap;

use rejoinder_core::{Category, Purpose};
use rejoinder_export::labels::selection::TurnSelection;
use serde::Serialize;

use super::paired::{FigureCounts, PairedCounts, PairedShare};
use super::standing::{Standing, StandingKind, Transition};

/// A turn of which somebody says what it holds, and how it stands before and after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelledChange {
    /// The number of the turn's conversation.
    pub conversation: u32,
    /// What the turn holds; `None` = no feedback.
    pub label: Option<Category>,
    /// How the turn stands before and after the change.
    pub transition: Transition,
    /// How the turn was chosen to be looked at.
    pub drawn: TurnSelection,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelFigure {
    /// Among the accepted turns, those with feedback that is wanted (of a category: with feedback of that category).
    Precision,
    /// Among the accepted turns with feedback, those that are accepted as the right category.
    RightCategory,
    /// Among the turns with feedback that is wanted (of a category: of that category), those that are accepted (as that category).
    Recall,
    /// Among the turns with feedback that is wanted, those that are rejected or not looked at.
    Lost,
}

/// A figure before and after a change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureChange {
    /// What is counted.
    pub figure: LabelFigure,
    /// The category; `None` where all that are wanted count.
    pub category: Option<Category>,
    /// The figure before and after the change.
    #[serde(flatten)]
    pub share: PairedShare,
}

/// What is known of the turns with one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangedLabels {
    /// Turns of which somebody says what they hold.
    pub labelled: u64,
    /// Turns among them with feedback that is wanted.
    pub feedback: u64,
    /// Turns among them that are accepted as the right category before the change.
    pub right_before: u64,
    /// Turns among them that are accepted as the right category after the change.
    pub right_after: u64,
}

/// Decisions before and after a change beside what is known of the turns.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelComparison {
    /// Turns of which somebody says what they hold.
    pub turns: u64,
    /// Their conversations.
    pub conversations: u64,
    /// Conversations that do not count, since the score learned from them.
    pub left_out: u64,
    /// The turns by how they were chosen.
    pub drawn: BTreeMap<&'static str, u64>,
    /// The figures that follow from the way in which the turns were chosen.
    pub figures: Vec<FigureChange>,
    /// What is known of the changed turns, by what has changed.
    pub changed: BTreeMap<Transition, ChangedLabels>,
}

impl LabelComparison {
    /// Compares turns, those of a conversation side by side; feedback is wanted for `purpose`, and the intervals follow from the seed.
    pub fn of(turns: &[LabelledChange], left_out: u64, purpose: Purpose, seed: u64) -> Self {
        let mut drawn: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut changed: BTreeMap<Transition, ChangedLabels> = BTreeMap::new();
        for turn in turns {
            *drawn.entry(turn.drawn.name()).or_default() += 1;
            if turn.transition.is_change() {
                let label = turn.wanted(purpose);
                let is_right = |standing: Standing| label.is_some() && standing.found(purpose) == label;
                let row = changed.entry(turn.transition).or_default();
                row.labelled += 1;
                row.feedback += u64::from(label.is_some());
                row.right_before += u64::from(is_right(turn.transition.before));
                row.right_after += u64::from(is_right(turn.transition.after));
            }
        }
        let conversations = turns.chunk_by(|one, other| one.conversation == other.conversation).count();
        let all =
            [LabelFigure::Precision, LabelFigure::RightCategory, LabelFigure::Recall, LabelFigure::Lost];
        let of_category = [LabelFigure::Precision, LabelFigure::Recall];
        let wanted = all.into_iter().map(|figure| (figure, None));
        let by_category =
            purpose.categories().flat_map(|category| of_category.map(|figure| (figure, Some(category))));
        let (named, counts): (Vec<_>, Vec<_>) = wanted
            .chain(by_category)
            .filter_map(|(figure, category)| {
                Some(((figure, category), figure.paired(turns, category, purpose)?))
            })
            .unzip();
        let figures = named
            .into_iter()
            .zip(PairedShare::of_each(&counts, seed))
            .map(|((figure, category), share)| FigureChange { figure, category, share });
        Self {
            turns: turns.len() as u64,
            conversations: conversations as u64,
            left_out,
            drawn,
            figures: figures.collect(),
            changed,
        }
    }

    /// A figure of the turns with feedback of any category.
    pub fn figure(&self, figure: LabelFigure) -> Option<&PairedShare> {
        let found = self.figures.iter().find(|one| one.figure == figure && one.category.is_none());
        found.map(|found| &found.share)
    }
}

impl LabelledChange {
    fn wanted(&self, purpose: Purpose) -> Option<Category> {
        self.label.filter(|category| purpose.wants(*category))
    }
}

impl LabelFigure {
    /// What conversations add to the figure before and after a change; `None` where the turns were chosen in a way that it does not
    /// follow from. Of turns that a run has found no figure follows either: changed rules accept others, which nobody has looked at.
    fn paired(
        self,
        turns: &[LabelledChange],
        category: Option<Category>,
        purpose: Purpose,
    ) -> Option<FigureCounts> {
        let mut conversations = FigureCounts::new();
        let mut follows = false;
        let of_each = turns.chunk_by(|one, other| one.conversation == other.conversation);
        for (number, of_one) in (0..).zip(of_each) {
            let mut counts = PairedCounts::default();
            for turn in of_one.iter().filter(|turn| turn.drawn == TurnSelection::Independent) {
                follows = true;
                let label = turn.wanted(purpose);
                let sides = [
                    (&mut counts.before, turn.transition.before),
                    (&mut counts.after, turn.transition.after),
                ];
                for (counts, standing) in sides {
                    let (is_in, is_right) = self.counts(label, standing, category, purpose);
                    counts[0] += u64::from(is_in && is_right);
                    counts[1] += u64::from(is_in);
                }
            }
            if counts != PairedCounts::default() {
                conversations.push((number, counts));
            }
        }
        follows.then_some(conversations)
    }

    /// Whether a turn is one of those that the figure is a share of, and one of those that it counts.
    fn counts(
        self,
        label: Option<Category>,
        standing: Standing,
        category: Option<Category>,
        purpose: Purpose,
    ) -> (bool, bool) {
        let found = standing.found(purpose);
        match (self, category) {
            (Self::Precision, None) => (found.is_some(), label.is_some()),
            (Self::Precision, Some(_)) => (found == category, label == category),
            (Self::RightCategory, _) => (found.is_some() && label.is_some(), found == label),
            (Self::Recall, None) => (label.is_some(), found.is_some()),
            (Self::Recall, Some(_)) => (label == category, found == category),
            // What is accepted as something that nobody wants is lost like what is rejected.
            (Self::Lost, _) => (label.is_some(), found.is_none() && standing.kind() != StandingKind::Waiting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Standing::{Accepted, Rejected, Waiting};

    const UR5: Standing = Accepted(Category::Ur5);

    fn turn(conversation: u32, label: Option<Category>, before: Standing, after: Standing) -> LabelledChange {
        let transition = Transition { before, after };
        LabelledChange { conversation, label, transition, drawn: TurnSelection::Independent }
    }

    fn share(comparison: &LabelComparison, figure: LabelFigure) -> ([u64; 2], [u64; 2]) {
        let share = comparison.figure(figure).expect("the figure follows");
        (share.before, share.after)
    }

    #[test]
    fn each_figure_counts_what_it_says() {
        let (ur5, ur2) = (Some(Category::Ur5), Some(Category::Ur2));
        let turns = [
            turn(0, ur5, Waiting, UR5),
            turn(0, ur2, Waiting, UR5),
            turn(1, None, Rejected, UR5),
            turn(2, ur5, UR5, Rejected),
            turn(3, None, Waiting, Waiting),
        ];
        let found = LabelComparison::of(&turns, 2, Purpose::ALL, 1);
        assert_eq!((found.turns, found.conversations, found.left_out), (5, 4, 2));
        assert_eq!(share(&found, LabelFigure::Precision), ([1, 1], [2, 3]));
        assert_eq!(share(&found, LabelFigure::RightCategory), ([1, 1], [1, 2]));
        assert_eq!(share(&found, LabelFigure::Recall), ([1, 3], [2, 3]));
        assert_eq!(share(&found, LabelFigure::Lost), ([0, 3], [1, 3]));
        let newly = found.changed[&Transition { before: Waiting, after: UR5 }];
        assert_eq!(newly, ChangedLabels { labelled: 2, feedback: 2, right_before: 0, right_after: 1 });
    }

    #[test]
    fn turns_that_were_chosen_give_no_share_of_the_rest() {
        let chosen = LabelledChange { drawn: TurnSelection::Chosen, ..turn(0, None, Waiting, UR5) };
        let found = LabelComparison::of(&[chosen], 0, Purpose::ALL, 1);
        assert!(found.figures.is_empty(), "{found:?}");
        assert_eq!(found.changed.len(), 1);
        let found_by_run = LabelledChange { drawn: TurnSelection::FoundByRun, ..chosen };
        let found = LabelComparison::of(&[found_by_run], 0, Purpose::ALL, 1);
        // What a run has found says nothing of turns that it passed over and changed rules accept.
        assert!(found.figures.is_empty(), "{found:?}");
    }

    #[test]
    fn what_is_not_wanted_is_no_feedback() {
        let turns = [turn(0, Some(Category::Ur1), UR5, Rejected), turn(1, Some(Category::Ur5), Waiting, UR5)];
        let found = LabelComparison::of(&turns, 0, Purpose::SFT, 1);
        assert_eq!(share(&found, LabelFigure::Recall), ([0, 1], [1, 1]));
        assert_eq!(share(&found, LabelFigure::Precision), ([0, 1], [1, 1]));
    }
}

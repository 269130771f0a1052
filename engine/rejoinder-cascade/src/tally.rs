//! What became of each turn, counted into the claims that an audit certifies.
//!
//! Guarantees per category would cost too much (UR3 is under 2 % of what the judge finds), so rare ones are pooled: [`CategoryGroup`].
//! A category counts only where the purpose wants it; to the audit, the others are no feedback.

use rejoinder_core::Category;

use crate::audit::{Claim, SampledPart};

/// Categories that are certified together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryGroup {
    /// UR1.
    Repeat,
    /// UR2 and UR3.
    Error,
    /// UR4.
    Clarification,
    /// UR5.
    Praise,
}

impl CategoryGroup {
    /// All groups, in the order of their categories.
    pub const ALL: [Self; 4] = [Self::Repeat, Self::Error, Self::Clarification, Self::Praise];

    /// The group of a category.
    pub const fn of(category: Category) -> Self {
        match category {
            Category::Ur1 => Self::Repeat,
            Category::Ur2 | Category::Ur3 => Self::Error,
            Category::Ur4 => Self::Clarification,
            Category::Ur5 => Self::Praise,
        }
    }
}

/// What the audit says of a turn that the judge was not asked about during the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAnswer {
    /// The turn was not drawn.
    NotDrawn,
    /// The turn was drawn, and the judge finds no feedback in it.
    Nothing,
    /// The turn was drawn, and the judge finds feedback of this category.
    Feedback(Category),
    /// The turn was drawn, and the judge's answer cannot be read: the worst is assumed of the turn.
    Unreadable,
}

/// Turns that the judge was not asked about, and what their sample holds.
#[derive(Clone, Copy, Debug, Default)]
struct UnaskedTurns {
    units: u64,
    sampled: u64,
    /// By group.
    positive: [u64; 4],
    unreadable: u64,
}

impl UnaskedTurns {
    fn plus(self, other: Self) -> Self {
        let positive = std::array::from_fn(|g| self.positive[g] + other.positive[g]);
        let unreadable = self.unreadable + other.unreadable;
        Self { units: self.units + other.units, sampled: self.sampled + other.sampled, positive, unreadable }
    }

    /// The part in a claim about `groups` that counts its positives as found: an unreadable answer confirms nothing.
    fn found(self, groups: &[CategoryGroup]) -> SampledPart {
        let positive = groups.iter().map(|&g| self.positive[g as usize]).sum();
        SampledPart { units: self.units, sampled: self.sampled, positive }
    }

    /// The part in a claim about `groups` that counts its positives as missed: an unreadable answer counts as one of them.
    fn missed(self, groups: &[CategoryGroup]) -> SampledPart {
        let found = self.found(groups);
        SampledPart { positive: found.positive + self.unreadable, ..found }
    }
}

/// Counts of turns by what became of them. Every later turn of the corpus is counted once.
///
/// The draw must be uniform over all accepted turns, over all rejected turns, and over all undecided turns. Within the
/// accepted turns the draw may not favour a category, as claims count them by category.
#[derive(Clone, Debug)]
pub struct Tally {
    /// By position in [`Category::ALL`].
    wanted: [bool; 5],
    judged: [u64; 4],
    accepted: [UnaskedTurns; 4],
    /// Accepted as a category that the purpose does not want.
    unwanted: UnaskedTurns,
    rejected: UnaskedTurns,
    undecided: UnaskedTurns,
}

impl Tally {
    /// An empty tally for what will be used: the categories of the purpose.
    pub fn new(purpose: &[Category]) -> Self {
        let none = UnaskedTurns::default();
        let mut wanted = [false; 5];
        purpose.iter().for_each(|c| wanted[c.index()] = true);
        let judged = [0; 4];
        Self { wanted, judged, accepted: [none; 4], unwanted: none, rejected: none, undecided: none }
    }

    /// Counts a turn that the judge was asked about during the run, by the category that the judge found.
    pub fn judged(&mut self, found: Option<Category>) {
        if let Some(group) = found.and_then(|c| self.group(c)) {
            self.judged[group as usize] += 1;
        }
    }

    /// Counts a turn that was accepted locally as `category`.
    pub fn accepted(&mut self, category: Category, audited: AuditAnswer) {
        let group = self.group(category);
        self.count(audited, |tally| group.map_or(&mut tally.unwanted, |g| &mut tally.accepted[g as usize]));
    }

    /// Counts a turn that was rejected, by a rule or by its score.
    pub fn rejected(&mut self, audited: AuditAnswer) {
        self.count(audited, |tally| &mut tally.rejected);
    }

    /// Counts a turn that was still undecided when the budget ended.
    pub fn undecided(&mut self, audited: AuditAnswer) {
        self.count(audited, |tally| &mut tally.undecided);
    }

    /// Counts turns that were accepted locally as `category`, and that were not drawn.
    pub fn accepted_undrawn(&mut self, category: Category, turns: u64) {
        let group = self.group(category);
        group.map_or(&mut self.unwanted, |g| &mut self.accepted[g as usize]).units += turns;
    }

    /// Counts turns that were rejected and not drawn.
    pub const fn rejected_undrawn(&mut self, turns: u64) {
        self.rejected.units += turns;
    }

    /// Counts turns that were still undecided when the budget ended, and that were not drawn.
    pub const fn undecided_undrawn(&mut self, turns: u64) {
        self.undecided.units += turns;
    }

    fn group(&self, category: Category) -> Option<CategoryGroup> {
        self.wanted[category.index()].then(|| CategoryGroup::of(category))
    }

    fn count(&mut self, audited: AuditAnswer, part: impl Fn(&mut Self) -> &mut UnaskedTurns) {
        let group = match audited {
            AuditAnswer::Feedback(category) => self.group(category),
            _ => None,
        };
        let part = part(self);
        part.units += 1;
        part.sampled += u64::from(audited != AuditAnswer::NotDrawn);
        part.unreadable += u64::from(audited == AuditAnswer::Unreadable);
        if let Some(group) = group {
            part.positive[group as usize] += 1;
        }
    }

    /// The claims for [`crate::audit::certify`]: first about all wanted categories, then about each group if there are several.
    ///
    /// A turn accepted as one group that belongs to another counts as found for the whole, for its group as missed.
    pub fn claims(&self) -> Vec<Claim> {
        let wanted: Vec<CategoryGroup> =
            CategoryGroup::ALL.into_iter().filter(|&g| !self.categories(&[g]).is_empty()).collect();
        let mut claims = vec![self.claim(&wanted)];
        if wanted.len() > 1 {
            claims.extend(wanted.iter().map(|&g| self.claim(&[g])));
        }
        claims
    }

    /// Wanted categories of `groups`.
    fn categories(&self, groups: &[CategoryGroup]) -> Vec<Category> {
        let in_groups = |c: &Category| self.group(*c).is_some_and(|g| groups.contains(&g));
        Category::ALL.into_iter().filter(in_groups).collect()
    }

    fn claim(&self, groups: &[CategoryGroup]) -> Claim {
        let (mut accepted, mut elsewhere) = (UnaskedTurns::default(), self.unwanted);
        for group in CategoryGroup::ALL {
            let part = if groups.contains(&group) { &mut accepted } else { &mut elsewhere };
            *part = part.plus(self.accepted[group as usize]);
        }
        let others = [
            ("accepted as something else", elsewhere),
            ("rejected", self.rejected),
            ("undecided", self.undecided),
        ];
        Claim {
            name: self.categories(groups).iter().map(|c| c.code()).collect::<Vec<_>>().join("+"),
            confirmed: groups.iter().map(|&g| self.judged[g as usize]).sum(),
            accepted: accepted.found(groups),
            others: others.map(|(name, part)| (name.to_owned(), part.missed(groups))).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use Category::{Ur1, Ur2, Ur3, Ur4, Ur5};

    use super::*;

    fn tally(purpose: &[Category]) -> Tally {
        let mut tally = Tally::new(purpose);
        [Some(Ur1), Some(Ur2), Some(Ur3), Some(Ur5), None].into_iter().for_each(|c| tally.judged(c));
        tally.accepted(Ur5, AuditAnswer::Feedback(Ur5));
        tally.accepted(Ur5, AuditAnswer::Feedback(Ur3));
        tally.accepted(Ur5, AuditAnswer::NotDrawn);
        tally.accepted(Ur4, AuditAnswer::Feedback(Ur5));
        tally.rejected(AuditAnswer::Nothing);
        tally.rejected(AuditAnswer::Feedback(Ur4));
        tally.undecided(AuditAnswer::NotDrawn);
        tally
    }

    fn seen(claim: &Claim) -> (u64, [u64; 3], Vec<[u64; 3]>) {
        let numbers = |p: &SampledPart| [p.units, p.sampled, p.positive];
        let others = claim.others.iter().map(|(_, part)| numbers(part)).collect();
        (claim.confirmed, numbers(&claim.accepted), others)
    }

    #[test]
    fn counts_turns_into_claims() {
        let claims = tally(&Category::ALL).claims();
        let names: Vec<&str> = claims.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["UR1+UR2+UR3+UR4+UR5", "UR1", "UR2+UR3", "UR4", "UR5"]);
        assert_eq!(seen(&claims[0]), (4, [4, 3, 3], vec![[0, 0, 0], [2, 2, 1], [1, 0, 0]]));
        assert_eq!(seen(&claims[2]), (2, [0, 0, 0], vec![[4, 3, 1], [2, 2, 0], [1, 0, 0]]));
        assert_eq!(seen(&claims[4]), (1, [3, 2, 1], vec![[1, 1, 1], [2, 2, 0], [1, 0, 0]]));
    }

    #[test]
    fn of_an_unreadable_answer_the_worst_is_assumed() {
        let mut tally = tally(&Category::ALL);
        tally.accepted(Ur5, AuditAnswer::Unreadable);
        tally.rejected(AuditAnswer::Unreadable);
        let claims = tally.claims();
        assert_eq!(seen(&claims[0]), (4, [5, 4, 3], vec![[0, 0, 0], [3, 3, 2], [1, 0, 0]]));
        assert_eq!(seen(&claims[1]), (1, [0, 0, 0], vec![[5, 4, 1], [3, 3, 1], [1, 0, 0]]));
    }

    #[test]
    fn many_turns_that_were_not_drawn_count_as_one_by_one() {
        for purpose in [&Category::ALL[..], &[Ur5]] {
            let (mut together, mut singly) = (tally(purpose), tally(purpose));
            together.accepted_undrawn(Ur4, 2);
            together.accepted_undrawn(Ur5, 3);
            together.rejected_undrawn(4);
            together.undecided_undrawn(5);
            (0..2).for_each(|_| singly.accepted(Ur4, AuditAnswer::NotDrawn));
            (0..3).for_each(|_| singly.accepted(Ur5, AuditAnswer::NotDrawn));
            (0..4).for_each(|_| singly.rejected(AuditAnswer::NotDrawn));
            (0..5).for_each(|_| singly.undecided(AuditAnswer::NotDrawn));
            assert_eq!(together.claims(), singly.claims());
        }
    }

    #[test]
    fn what_the_purpose_does_not_want_is_no_feedback() {
        let claims = tally(&[Ur5]).claims();
        assert_eq!(claims.len(), 1, "a single group is the whole");
        assert_eq!(seen(&claims[0]), (1, [3, 2, 1], vec![[1, 1, 1], [2, 2, 0], [1, 0, 0]]));
        assert_eq!(tally(&[Ur2, Ur5]).claims()[1].name, "UR2");
    }
}

//! What became of each turn, counted into the claims that an audit certifies.
//!
//! Guarantees per category would cost too much (UR3 is under 2 % of what the judge finds), so rare ones are pooled: [`Group`].
//! A category counts only where the purpose wants it; to the audit, the others are no feedback.

use rejoinder_core::Category;

use crate::audit::{Claim, Sampled};

/// Categories that are certified together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// UR1.
    Repeat,
    /// UR2 and UR3.
    Error,
    /// UR4.
    Clarification,
    /// UR5.
    Praise,
}

impl Group {
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

/// What the audit learned of a turn that the judge was not asked about during the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audited {
    /// It was not drawn.
    NotDrawn,
    /// It was drawn, and the judge finds no feedback in it.
    Nothing,
    /// It was drawn, and the judge finds this.
    Feedback(Category),
    /// It was drawn, and the judge's answer says nothing: the worst is assumed of it.
    Unreadable,
}

/// Turns that the judge was not asked about, and what their sample holds.
#[derive(Clone, Copy, Debug, Default)]
struct Unasked {
    units: u64,
    sampled: u64,
    /// By group.
    positive: [u64; 4],
    unreadable: u64,
}

impl Unasked {
    fn plus(self, other: Self) -> Self {
        let positive = std::array::from_fn(|g| self.positive[g] + other.positive[g]);
        let unreadable = self.unreadable + other.unreadable;
        Self { units: self.units + other.units, sampled: self.sampled + other.sampled, positive, unreadable }
    }

    /// As seen by a claim about `groups` that counts it as found: an unreadable answer confirms nothing.
    fn found(self, groups: &[Group]) -> Sampled {
        let positive = groups.iter().map(|&g| self.positive[g as usize]).sum();
        Sampled { units: self.units, sampled: self.sampled, positive }
    }

    /// As seen by a claim about `groups` that counts it as missed: an unreadable answer may be one of them.
    fn missed(self, groups: &[Group]) -> Sampled {
        let found = self.found(groups);
        Sampled { positive: found.positive + self.unreadable, ..found }
    }
}

/// Counts of turns by what became of them. Every later turn of the corpus is counted once.
///
/// The draw must be uniform over all accepted turns, over all rejected turns, and over all undecided ones; within the accepted it
/// may not favour a category, as their strata are taken apart and put together again.
#[derive(Clone, Debug)]
pub struct Tally {
    /// By position in [`Category::ALL`].
    wanted: [bool; 5],
    judged: [u64; 4],
    accepted: [Unasked; 4],
    /// Accepted as a category that the purpose does not want.
    unwanted: Unasked,
    rejected: Unasked,
    undecided: Unasked,
}

impl Tally {
    /// An empty tally for what will be used: the categories of the purpose.
    pub fn new(purpose: &[Category]) -> Self {
        let none = Unasked::default();
        let mut wanted = [false; 5];
        purpose.iter().for_each(|c| wanted[c.index()] = true);
        let judged = [0; 4];
        Self { wanted, judged, accepted: [none; 4], unwanted: none, rejected: none, undecided: none }
    }

    /// A turn that the judge was asked about during the run, and the category that it found.
    pub fn judged(&mut self, found: Option<Category>) {
        if let Some(group) = found.and_then(|c| self.group(c)) {
            self.judged[group as usize] += 1;
        }
    }

    /// A turn accepted locally as `category`.
    pub fn accepted(&mut self, category: Category, audited: Audited) {
        let group = self.group(category);
        self.count(audited, |tally| group.map_or(&mut tally.unwanted, |g| &mut tally.accepted[g as usize]));
    }

    /// A turn rejected, by a rule or by its score.
    pub fn rejected(&mut self, audited: Audited) {
        self.count(audited, |tally| &mut tally.rejected);
    }

    /// A turn left undecided when the budget ended.
    pub fn undecided(&mut self, audited: Audited) {
        self.count(audited, |tally| &mut tally.undecided);
    }

    fn group(&self, category: Category) -> Option<Group> {
        self.wanted[category.index()].then(|| Group::of(category))
    }

    fn count(&mut self, audited: Audited, part: impl Fn(&mut Self) -> &mut Unasked) {
        let group = match audited {
            Audited::Feedback(category) => self.group(category),
            _ => None,
        };
        let part = part(self);
        part.units += 1;
        part.sampled += u64::from(audited != Audited::NotDrawn);
        part.unreadable += u64::from(audited == Audited::Unreadable);
        if let Some(group) = group {
            part.positive[group as usize] += 1;
        }
    }

    /// The claims for [`crate::audit::certify`]: everything wanted, then each group by itself if there is more than one.
    ///
    /// A turn accepted as one group that belongs to another counts as found for the whole, for its group as missed.
    pub fn claims(&self) -> Vec<Claim> {
        let wanted: Vec<Group> =
            Group::ALL.into_iter().filter(|&g| !self.categories(&[g]).is_empty()).collect();
        let mut claims = vec![self.claim(&wanted)];
        if wanted.len() > 1 {
            claims.extend(wanted.iter().map(|&g| self.claim(&[g])));
        }
        claims
    }

    /// Wanted categories of `groups`.
    fn categories(&self, groups: &[Group]) -> Vec<Category> {
        let in_groups = |c: &Category| self.group(*c).is_some_and(|g| groups.contains(&g));
        Category::ALL.into_iter().filter(in_groups).collect()
    }

    fn claim(&self, groups: &[Group]) -> Claim {
        let (mut accepted, mut elsewhere) = (Unasked::default(), self.unwanted);
        for group in Group::ALL {
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
        tally.accepted(Ur5, Audited::Feedback(Ur5));
        tally.accepted(Ur5, Audited::Feedback(Ur3));
        tally.accepted(Ur5, Audited::NotDrawn);
        tally.accepted(Ur4, Audited::Feedback(Ur5));
        tally.rejected(Audited::Nothing);
        tally.rejected(Audited::Feedback(Ur4));
        tally.undecided(Audited::NotDrawn);
        tally
    }

    fn seen(claim: &Claim) -> (u64, [u64; 3], Vec<[u64; 3]>) {
        let numbers = |p: &Sampled| [p.units, p.sampled, p.positive];
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
        tally.accepted(Ur5, Audited::Unreadable);
        tally.rejected(Audited::Unreadable);
        let claims = tally.claims();
        assert_eq!(seen(&claims[0]), (4, [5, 4, 3], vec![[0, 0, 0], [3, 3, 2], [1, 0, 0]]));
        assert_eq!(seen(&claims[1]), (1, [0, 0, 0], vec![[5, 4, 1], [3, 3, 1], [1, 0, 0]]));
    }

    #[test]
    fn what_the_purpose_does_not_want_is_no_feedback() {
        let claims = tally(&[Ur5]).claims();
        assert_eq!(claims.len(), 1, "a single group is the whole");
        assert_eq!(seen(&claims[0]), (1, [3, 2, 1], vec![[1, 1, 1], [2, 2, 0], [1, 0, 0]]));
        assert_eq!(tally(&[Ur2, Ur5]).claims()[1].name, "UR2");
    }
}

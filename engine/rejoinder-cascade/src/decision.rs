//! How one later turn is decided from what rules and plugins say of it.

use rejoinder_core::{Category, Verdict};

/// What became of a later turn before the judge is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is feedback of this category.
    Accepted(Category),
    /// It is none.
    Rejected,
    /// It waits for the judge.
    Undecided,
}

/// The scores between which the judge is asked; probabilities of what is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuts {
    /// Below it a turn is rejected.
    pub reject_below: f64,
    /// From it on a turn is accepted.
    pub accept_at: f64,
}

/// How a turn's learned score stands to the cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Below both.
    Low,
    /// Between them.
    Between,
    /// Above both; the likeliest category.
    High(Category),
}

impl Cuts {
    /// Where a score stands; a high one speaks for `likeliest`.
    pub fn standing(&self, score: f64, likeliest: Category) -> Standing {
        match score {
            _ if score >= self.accept_at => Standing::High(likeliest),
            _ if score < self.reject_below => Standing::Low,
            _ => Standing::Between,
        }
    }
}

/// The verdicts on one turn, counted as they come in; in any order they lead to the same decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ballot {
    accepted: [bool; 5],
    rejected: bool,
    faulted: bool,
}

impl Ballot {
    /// Counts a verdict.
    pub fn cast(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accept(category) => self.accepted[category.index()] = true,
            Verdict::Reject => self.rejected = true,
            Verdict::Abstain | Verdict::Escalate => {}
        }
    }

    /// Notes that a plugin failed on the turn.
    pub fn fault(&mut self) {
        self.faulted = true;
    }
}

/// Why a turn was decided as it was: the line of the list that applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Line 1: an explicit reject and no accept.
    Rejected,
    /// Line 2: accept of exactly one category and no reject.
    Accepted(Category),
    /// Line 3: accept against reject.
    AcceptAgainstReject,
    /// Line 3: two categories accepted.
    TwoCategories,
    /// Line 4: a plugin failed on it.
    Faulted,
    /// Line 5: the score is below the cuts.
    LowScore,
    /// Line 5: the score is between the cuts.
    MiddleScore,
    /// Line 5: the score is above the cuts.
    HighScore(Category),
    /// Line 6: a candidate, without a score.
    Candidate,
    /// Line 6: no candidate, without a score.
    Unmarked,
    /// Line 6: no candidate, without a score, and in a language that no rule in force reads.
    NotLookedAt,
    /// None of them: as [`Self::NotLookedAt`], and the judge is asked about such turns.
    AskedUnread,
    /// None of them: the judge is asked about every turn, as the paper does.
    AskedAnyway,
    /// None of them: the judge was asked about it before the scan, and what it said is used.
    AskedBefore,
}

impl Ground {
    /// What it leads to.
    pub const fn decision(self) -> Decision {
        match self {
            Self::Accepted(category) | Self::HighScore(category) => Decision::Accepted(category),
            Self::Rejected | Self::LowScore | Self::Unmarked | Self::NotLookedAt => Decision::Rejected,
            Self::AcceptAgainstReject
            | Self::TwoCategories
            | Self::Faulted
            | Self::MiddleScore
            | Self::Candidate
            | Self::AskedUnread
            | Self::AskedAnyway
            | Self::AskedBefore => Decision::Undecided,
        }
    }

    /// For people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Rejected => "rejected: an explicit reject and no accept",
            Self::Accepted(_) => "accepted: accept of exactly one category and no reject",
            Self::AcceptAgainstReject => "waits for the judge: accept stands against reject",
            Self::TwoCategories => "waits for the judge: two categories were accepted",
            Self::Faulted => "waits for the judge: a plugin failed on it",
            Self::LowScore => "rejected: its score is below `reject-below`",
            Self::MiddleScore => {
                "waits for the judge: its score is not below `reject-below` and below `accept-at`"
            }
            Self::HighScore(_) => "accepted: its score reaches `accept-at`",
            Self::Candidate => "waits for the judge: a rule marked it, and nothing settled it",
            Self::Unmarked => "rejected: no rule marked it",
            Self::NotLookedAt => "not looked at: no rule pack in force is for its language",
            Self::AskedUnread => "waits for the judge: no rule pack in force is for its language",
            Self::AskedAnyway => "waits for the judge: it is asked about every turn",
            Self::AskedBefore => {
                "the judge was asked about it before: in a sample, or so that the score might learn"
            }
        }
    }
}

/// Decides a turn; the first line that applies:
///
/// 1. an explicit reject and no accept: rejected
/// 2. accept of exactly one category and no reject: accepted
/// 3. accept against reject, or two categories accepted: undecided
/// 4. a plugin failed on it: undecided
/// 5. there is a learned score: rejected, undecided or accepted, as it stands to the cuts
/// 6. a candidate is undecided, any other turn rejected
///
/// A candidate is a turn that some rule other than a reject rule marked.
pub fn decide(ballot: &Ballot, is_candidate: bool, score: Option<Standing>) -> Ground {
    let mut accepted = Category::ALL.into_iter().filter(|c| ballot.accepted[c.index()]);
    match (accepted.next(), accepted.next(), ballot.rejected) {
        (None, _, true) => Ground::Rejected,
        (Some(category), None, false) => Ground::Accepted(category),
        (Some(_), _, true) => Ground::AcceptAgainstReject,
        (Some(_), Some(_), false) => Ground::TwoCategories,
        (None, _, false) if ballot.faulted => Ground::Faulted,
        (None, _, false) => match score {
            Some(Standing::Low) => Ground::LowScore,
            Some(Standing::Between) => Ground::MiddleScore,
            Some(Standing::High(category)) => Ground::HighScore(category),
            None if is_candidate => Ground::Candidate,
            None => Ground::Unmarked,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decided(verdicts: &[Verdict], faulted: bool, is_candidate: bool) -> Decision {
        let mut ballot = Ballot::default();
        verdicts.iter().for_each(|&v| ballot.cast(v));
        if faulted {
            ballot.fault();
        }
        decide(&ballot, is_candidate, None).decision()
    }

    #[test]
    fn follows_the_list_line_by_line() {
        use Category::{Ur2, Ur5};
        use Verdict::{Abstain, Accept, Escalate, Reject};
        assert_eq!(decided(&[Reject, Escalate], false, true), Decision::Rejected);
        assert_eq!(decided(&[Accept(Ur5), Escalate, Accept(Ur5)], false, true), Decision::Accepted(Ur5));
        assert_eq!(decided(&[Accept(Ur5), Reject], false, true), Decision::Undecided);
        assert_eq!(decided(&[Accept(Ur5), Accept(Ur2)], false, true), Decision::Undecided);
        assert_eq!(decided(&[Reject], true, true), Decision::Rejected, "line 1 comes before line 4");
        assert_eq!(
            decided(&[Accept(Ur2)], true, true),
            Decision::Accepted(Ur2),
            "line 2 comes before line 4"
        );
        assert_eq!(decided(&[Abstain], true, false), Decision::Undecided);
        assert_eq!(decided(&[Escalate], false, true), Decision::Undecided);
        assert_eq!(decided(&[], false, false), Decision::Rejected);
    }

    #[test]
    fn a_score_decides_where_nothing_above_it_does() {
        let cuts = Cuts { reject_below: 0.2, accept_at: 0.9 };
        let stands = |score| Some(cuts.standing(score, Category::Ur5));
        let decided = |verdict, score| {
            let mut ballot = Ballot::default();
            ballot.cast(verdict);
            decide(&ballot, true, stands(score)).decision()
        };
        let ur5 = Decision::Accepted(Category::Ur5);
        let by_score = [0.1, 0.2, 0.89, 0.9].map(|score| decided(Verdict::Escalate, score));
        assert_eq!(by_score, [Decision::Rejected, Decision::Undecided, Decision::Undecided, ur5]);
        assert_eq!(decided(Verdict::Reject, 1.0), Decision::Rejected);
        assert_eq!(decided(Verdict::Accept(Category::Ur2), 0.0), Decision::Accepted(Category::Ur2));
    }

    proptest! {
        #[test]
        fn the_order_of_votes_does_not_matter(votes in prop::collection::vec(0_u8..8, 0..8), is_candidate: bool) {
            let verdicts: Vec<Verdict> = votes.iter().map(|&v| match v {
                0 => Verdict::Abstain,
                6 => Verdict::Reject,
                7 => Verdict::Escalate,
                c => Verdict::Accept(Category::from_number(c).unwrap()),
            }).collect();
            let reversed: Vec<Verdict> = verdicts.iter().rev().copied().collect();
            prop_assert_eq!(decided(&verdicts, false, is_candidate), decided(&reversed, false, is_candidate));
        }
    }
}

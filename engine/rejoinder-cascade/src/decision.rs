//! How one later turn is decided from what rules, plugins and the learned score say of it.

use rejoinder_core::{Category, Verdict};
use serde::{Deserialize, Serialize};

/// What became of a later turn before the judge is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The turn is feedback of this category.
    Accepted(Category),
    /// The turn is no feedback.
    Rejected,
    /// The turn waits for the judge.
    Undecided,
}

/// The scores between which the judge is asked. A score is the probability that a turn holds feedback of a wanted category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuts {
    /// Turns with a lower score are rejected.
    pub reject_below: f64,
    /// By category: turns with this score or a higher one are accepted, where the category is the likeliest.
    pub accept_at: [f64; 5],
}

/// Where a turn's learned score lies between the cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreBand {
    /// The score is below `reject_below`.
    Low,
    /// The score is between the cuts.
    Between,
    /// The score reaches `accept_at` of this category, which is the likeliest.
    High(Category),
}

impl Cuts {
    /// The band that a score lies in; a high score speaks for `likeliest`.
    pub fn band(&self, score: f64, likeliest: Category) -> ScoreBand {
        match score {
            _ if score >= self.accept_at[likeliest.index()] => ScoreBand::High(likeliest),
            _ if score < self.reject_below => ScoreBand::Low,
            _ => ScoreBand::Between,
        }
    }
}

/// The verdicts of all voters on one turn. Verdicts may be added in any order; the decision is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnVerdicts {
    accepted: [bool; 5],
    rejected: bool,
    escalated: bool,
    faulted: bool,
}

impl TurnVerdicts {
    /// Adds a voter's verdict.
    pub fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accept(category) => self.accepted[category.index()] = true,
            Verdict::Reject => self.rejected = true,
            Verdict::Escalate => self.escalated = true,
            Verdict::Abstain => {}
        }
    }

    /// Notes that a plugin failed on the turn.
    pub fn add_fault(&mut self) {
        self.faulted = true;
    }
}

/// Why a turn was decided as it was: the line of the list at [`decide`] that applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionReason {
    /// Line 1: an explicit reject and no accept.
    Rejected,
    /// Line 2: accept of exactly one category and no reject.
    Accepted(Category),
    /// Line 3: accept against reject.
    AcceptAgainstReject,
    /// Line 3: two categories accepted.
    TwoCategories,
    /// Line 4: a plugin failed on the turn.
    Faulted,
    /// Line 5: the score is below the cuts.
    LowScore,
    /// Line 5: the score is between the cuts.
    MiddleScore,
    /// Line 5: the score reaches the upper cut.
    HighScore(Category),
    /// Line 6: a rule marked the turn, and there is no score.
    Candidate,
    /// Line 6: a voter escalated the turn, which no rule marked, and there is no score.
    Escalated,
    /// Line 6: no rule marked the turn, no voter escalated it, and there is no score.
    Unmarked,
    /// Line 6: no rule marked the turn, there is no score, and no rule in force reads the turn's language.
    NotLookedAt,
    /// No line: no rule in force reads the turn's language, and the judge is asked about such turns.
    AskedUnread,
    /// No line: the judge is asked about every turn, as the paper does.
    AskedAnyway,
    /// No line: the judge was asked about the turn before the scan, and its answer is used.
    AskedBefore,
}

impl DecisionReason {
    /// The decision that the reason leads to.
    pub const fn decision(self) -> Decision {
        match self {
            Self::Accepted(category) | Self::HighScore(category) => Decision::Accepted(category),
            Self::Rejected | Self::LowScore | Self::Unmarked | Self::NotLookedAt => Decision::Rejected,
            Self::AcceptAgainstReject
            | Self::TwoCategories
            | Self::Faulted
            | Self::MiddleScore
            | Self::Candidate
            | Self::Escalated
            | Self::AskedUnread
            | Self::AskedAnyway
            | Self::AskedBefore => Decision::Undecided,
        }
    }

    /// The reason as one word, as JSON has it, without the category.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Accepted(_) => "accepted",
            Self::AcceptAgainstReject => "accept-against-reject",
            Self::TwoCategories => "two-categories",
            Self::Faulted => "faulted",
            Self::LowScore => "low-score",
            Self::MiddleScore => "middle-score",
            Self::HighScore(_) => "high-score",
            Self::Candidate => "candidate",
            Self::Escalated => "escalated",
            Self::Unmarked => "unmarked",
            Self::NotLookedAt => "not-looked-at",
            Self::AskedUnread => "asked-unread",
            Self::AskedAnyway => "asked-anyway",
            Self::AskedBefore => "asked-before",
        }
    }

    /// The reason in words, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Rejected => "rejected: an explicit reject and no accept",
            Self::Accepted(_) => "accepted: accept of exactly one category and no reject",
            Self::AcceptAgainstReject => "waits for the judge: accept stands against reject",
            Self::TwoCategories => "waits for the judge: two categories were accepted",
            Self::Faulted => "waits for the judge: a plugin failed on it",
            Self::LowScore => "rejected: its score is below the cut",
            Self::MiddleScore => "waits for the judge: its score is between the cuts",
            Self::HighScore(_) => "accepted: its score reaches the cut",
            Self::Candidate => "waits for the judge: a rule marked it, and nothing settled it",
            Self::Escalated => "waits for the judge: a plugin asks for it, and no rule marked it",
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

/// Decides a turn by the first line of this list that applies:
///
/// 1. an explicit reject and no accept: rejected
/// 2. accept of exactly one category and no reject: accepted
/// 3. accept against reject, or two categories accepted: undecided
/// 4. a plugin failed on the turn: undecided
/// 5. there is a learned score: rejected, undecided or accepted, by the band that the score lies in
/// 6. a candidate (some rule other than a reject rule marked the turn), or a turn that a voter escalated, is undecided; any other
///    turn is rejected
pub fn decide(verdicts: &TurnVerdicts, is_candidate: bool, score: Option<ScoreBand>) -> DecisionReason {
    let mut accepted = Category::ALL.into_iter().filter(|c| verdicts.accepted[c.index()]);
    match (accepted.next(), accepted.next(), verdicts.rejected) {
        (None, _, true) => DecisionReason::Rejected,
        (Some(category), None, false) => DecisionReason::Accepted(category),
        (Some(_), _, true) => DecisionReason::AcceptAgainstReject,
        (Some(_), Some(_), false) => DecisionReason::TwoCategories,
        (None, _, false) if verdicts.faulted => DecisionReason::Faulted,
        (None, _, false) => match score {
            Some(ScoreBand::Low) => DecisionReason::LowScore,
            Some(ScoreBand::Between) => DecisionReason::MiddleScore,
            Some(ScoreBand::High(category)) => DecisionReason::HighScore(category),
            None if is_candidate => DecisionReason::Candidate,
            None if verdicts.escalated => DecisionReason::Escalated,
            None => DecisionReason::Unmarked,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decided(verdicts: &[Verdict], faulted: bool, is_candidate: bool) -> Decision {
        let mut on_turn = TurnVerdicts::default();
        verdicts.iter().for_each(|&v| on_turn.add(v));
        if faulted {
            on_turn.add_fault();
        }
        decide(&on_turn, is_candidate, None).decision()
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
        assert_eq!(decided(&[Escalate], false, false), Decision::Undecided, "a voter's candidate");
        assert_eq!(decided(&[Escalate, Reject], false, false), Decision::Rejected);
    }

    #[test]
    fn the_name_of_a_reason_is_the_word_that_json_has() {
        use DecisionReason as Reason;
        for reason in [
            Reason::Rejected,
            Reason::AcceptAgainstReject,
            Reason::TwoCategories,
            Reason::Faulted,
            Reason::LowScore,
            Reason::MiddleScore,
            Reason::Candidate,
            Reason::Escalated,
            Reason::Unmarked,
            Reason::NotLookedAt,
            Reason::AskedUnread,
            Reason::AskedAnyway,
            Reason::AskedBefore,
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
        for reason in [Reason::Accepted(Category::Ur2), Reason::HighScore(Category::Ur2)] {
            let json = serde_json::to_value(reason).unwrap();
            assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), [reason.name()]);
        }
    }

    #[test]
    fn a_score_decides_where_nothing_above_it_does() {
        let cuts = Cuts { reject_below: 0.2, accept_at: [0.9; 5] };
        let stands = |score| Some(cuts.band(score, Category::Ur5));
        let decided = |verdict, score| {
            let mut verdicts = TurnVerdicts::default();
            verdicts.add(verdict);
            decide(&verdicts, true, stands(score)).decision()
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

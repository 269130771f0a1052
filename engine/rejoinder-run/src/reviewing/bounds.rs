//! What so many labels can prove: bounds by the same arithmetic as an audit, of answers that are yet to come.

use rejoinder_cascade::interval::wilson;
use rejoinder_core::{Answer, Category, Purpose};
use serde::Serialize;

use crate::error::RunError;
use crate::outcome::TurnOutcome;
use crate::recall::audit::{CertificateTerms, OutcomeCounts, certificate_of};

/// How surely all bounds of an audit hold together.
pub(super) const CONFIDENCE: f64 = 0.95;
/// The recall that a suggested audit is to prove.
pub(super) const WANTED_RECALL: f64 = 0.8;
/// Numbers of accepted turns that a suggested audit may draw.
const ACCEPTED_SIZES: [u64; 9] = [50, 100, 150, 200, 300, 450, 700, 1_500, 3_000];

/// What the labels of a draw can prove of the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoundKind {
    /// An audit counts the labels into a certificate.
    Certificate,
    /// An evaluation gives intervals of recall and precision.
    Interval,
    /// An evaluation gives an interval of precision, and nothing is said of what was missed.
    PrecisionOnly,
    /// Nothing: the turns were chosen because of what the run thought of them.
    None,
}

/// Lower bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bounds {
    /// The share of what is wanted that the run has found is at least so high.
    pub recall: Option<f64>,
    /// The share of what the run has found that is wanted is at least so high.
    pub precision: Option<f64>,
}

/// What the labels of a draw can prove for one purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PurposeBounds {
    /// `all`, `kto` or `sft`.
    pub purpose: String,
    /// The bounds if all goes well: the readers find nothing among what the run passed over, and confirm what the run took.
    pub best: Bounds,
    /// The bounds by the labels so far, if the labels to come are as the run says; an unsure label counts as if the run were
    /// wrong. `None` before the first label.
    pub so_far: Option<Bounds>,
    /// The same in words.
    pub words: String,
}

/// An audit that would prove a recall.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SuggestedAudit {
    /// `all`, `kto` or `sft`.
    pub purpose: String,
    /// Passed-over turns to draw.
    pub rejected: u64,
    /// Accepted turns to draw.
    pub accepted: u64,
    /// Turns to read.
    pub turns: u64,
    /// How long reading takes.
    pub seconds: f64,
    /// The recall is at least so high if the readers find nothing that the run missed, and confirm what the run took.
    pub recall: f64,
    /// The same in words.
    pub words: String,
}

/// A drawn turn and what is or will be said of it.
pub(super) struct ReadTurn {
    pub(super) outcome: TurnOutcome,
    /// `None` of a turn without a label.
    pub(super) label: Option<Answer>,
}

impl ReadTurn {
    /// The label or, without one, what the run says.
    fn answer(&self) -> Answer {
        self.label.unwrap_or_else(|| self.outcome.category().into())
    }
}

/// The bounds that an audit's certificate has if turns without a label are as the run says.
pub(super) fn certified(
    outcomes: &OutcomeCounts,
    turns: impl Iterator<Item = ReadTurn>,
    purpose: Purpose,
    stage: Option<u32>,
) -> Result<Bounds, RunError> {
    let audited = turns.map(|turn| {
        let accepted = if let TurnOutcome::Accepted(category) = turn.outcome { Some(category) } else { None };
        (accepted, turn.answer())
    });
    let terms = CertificateTerms { confidence: CONFIDENCE, stage, lean: 0.0, uses_answers: false };
    let certificate = certificate_of(outcomes, audited, purpose, terms)?;
    let main = certificate.claims.first();
    Ok(Bounds {
        recall: main.map(|claim| claim.recall.at_least),
        precision: main.map(|claim| claim.precision.at_least),
    })
}

/// The lower ends of the intervals of an evaluation of labelled turns.
pub(super) fn evaluated<'t>(
    turns: impl Iterator<Item = &'t ReadTurn>,
    purpose: Purpose,
    gives_recall: bool,
) -> Bounds {
    let wants = |category: Option<Category>| category.is_some_and(|category| purpose.wants(category));
    let (mut positive, mut found, mut both) = (0, 0, 0);
    for turn in turns.filter(|turn| turn.label.is_some()) {
        let is_found = wants(turn.outcome.category());
        // Of a turn that a reader is unsure about, the worst is assumed.
        let is_positive = match turn.answer() {
            Answer::Unknown => !is_found,
            known => wants(known.category()),
        };
        positive += u64::from(is_positive);
        found += u64::from(is_found);
        both += u64::from(is_found && is_positive);
    }
    Bounds { recall: gives_recall.then(|| wilson(both, positive).0), precision: Some(wilson(both, found).0) }
}

/// The lower ends of the intervals if so many turns are expected to be what is wanted, and the run has found all of them.
pub(super) fn expected(turns: u64, gives_recall: bool) -> Bounds {
    let low = wilson(turns, turns).0;
    Bounds { recall: gives_recall.then_some(low), precision: Some(low) }
}

/// The smallest audit that proves [`WANTED_RECALL`] if all goes well: its passed-over and accepted turns, and the recall. `None` where
/// no audit can.
pub(super) fn smallest_audit(
    outcomes: &OutcomeCounts,
    purpose: Purpose,
) -> Result<Option<(u64, u64, f64)>, RunError> {
    let all_accepted = outcomes.accepted.iter().sum::<u64>();
    let mut sizes = ACCEPTED_SIZES.map(|size| size.min(all_accepted)).to_vec();
    sizes.dedup();
    let mut best: Option<(u64, u64, f64)> = None;
    for accepted in sizes {
        let recall = |rejected| best_recall(outcomes, purpose, rejected, accepted);
        if recall(outcomes.rejected)? < WANTED_RECALL {
            continue;
        }
        // The recall grows with the draw. `low` is too few, or none.
        let (mut low, mut high) = (0, outcomes.rejected);
        let mut step = 64;
        while step < high {
            if recall(step)? >= WANTED_RECALL {
                high = step;
            } else {
                low = step;
                step *= 2;
            }
        }
        while high - low > 1 + high / 100 {
            let middle = low + (high - low) / 2;
            if recall(middle)? >= WANTED_RECALL { high = middle } else { low = middle }
        }
        if best.is_none_or(|(rejected, taken, _)| high + accepted < rejected + taken) {
            best = Some((high, accepted, recall(high)?));
        }
    }
    Ok(best)
}

/// The recall that an audit of so many turns proves if all goes well.
fn best_recall(
    outcomes: &OutcomeCounts,
    purpose: Purpose,
    rejected: u64,
    accepted: u64,
) -> Result<f64, RunError> {
    let of_rejected = (0..rejected).map(|_| TurnOutcome::Rejected);
    let of_accepted = shared_out(accepted, outcomes.accepted).into_iter().zip(Category::ALL);
    let of_accepted =
        of_accepted.flat_map(|(count, category)| (0..count).map(move |_| TurnOutcome::Accepted(category)));
    let turns = of_rejected.chain(of_accepted).map(|outcome| ReadTurn { outcome, label: None });
    Ok(certified(outcomes, turns, purpose, None)?.recall.unwrap_or_default())
}

/// So many turns shared out among categories as an even draw does on average.
fn shared_out(turns: u64, among: [u64; 5]) -> [u64; 5] {
    let all: u64 = among.iter().sum();
    let mut before = 0_u64;
    let mut given = 0;
    among.map(|own| {
        before += own;
        // Up to this category so many in all: no category gets more than it has.
        let until =
            if all == 0 { 0 } else { (u128::from(turns) * u128::from(before) / u128::from(all)) as u64 };
        let share = until - given;
        given = until;
        share.min(own)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes() -> OutcomeCounts {
        let judged = [Some(Category::Ur2), Some(Category::Ur5), None].repeat(100);
        OutcomeCounts { judged, waiting: 0, accepted: [50, 100, 20, 10, 120], rejected: 8_000 }
    }

    #[test]
    fn the_smallest_audit_proves_the_recall_and_a_smaller_one_does_not() {
        for purpose in [Purpose::ALL, Purpose::KTO, Purpose::SFT] {
            let (rejected, accepted, recall) = smallest_audit(&outcomes(), purpose).unwrap().unwrap();
            assert!(recall >= WANTED_RECALL, "{recall}");
            assert!(best_recall(&outcomes(), purpose, rejected * 9 / 10, accepted).unwrap() < WANTED_RECALL);
        }
        let sizes = [Purpose::ALL, Purpose::SFT].map(|p| smallest_audit(&outcomes(), p).unwrap().unwrap().0);
        assert!(sizes[0] < sizes[1], "rare feedback takes more: {sizes:?}");
    }

    #[test]
    fn where_turns_wait_no_audit_may_be_enough() {
        let waiting = OutcomeCounts { waiting: 5_000, ..outcomes() };
        assert_eq!(smallest_audit(&waiting, Purpose::ALL).unwrap(), None);
        let nothing = OutcomeCounts { rejected: 0, ..outcomes() };
        assert_eq!(smallest_audit(&nothing, Purpose::ALL).unwrap().unwrap().0, 0);
    }

    #[test]
    fn turns_are_shared_out_as_the_categories_are_frequent() {
        assert_eq!(shared_out(30, [50, 100, 20, 10, 120]).iter().sum::<u64>(), 30);
        assert_eq!(shared_out(300, [50, 100, 20, 10, 120]), [50, 100, 20, 10, 120]);
        assert_eq!(shared_out(9, [0; 5]), [0; 5]);
    }

    #[test]
    fn of_a_turn_that_a_reader_is_unsure_about_the_worst_is_assumed() {
        let turn = |outcome, label| ReadTurn { outcome, label: Some(label) };
        let sure: Vec<ReadTurn> = (0..20)
            .map(|_| turn(TurnOutcome::Accepted(Category::Ur5), Answer::Feedback(Category::Ur5)))
            .collect();
        let doubt = [
            turn(TurnOutcome::Accepted(Category::Ur5), Answer::Unknown),
            turn(TurnOutcome::Rejected, Answer::Unknown),
        ];
        let without = evaluated(sure.iter(), Purpose::SFT, true);
        let with = evaluated(sure.iter().chain(&doubt), Purpose::SFT, true);
        assert!(with.recall < without.recall && with.precision < without.precision);
        assert_eq!(with.recall, Some(wilson(20, 21).0));
    }
}

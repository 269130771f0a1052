//! What is to be found, and how a judged uniform sample leads to the scores between which the judge is asked.

use rejoinder_cascade::threshold::{self, Cut, Threshold};
use rejoinder_cascade::{CascadeError, DecisionReason, accept};
use rejoinder_core::{Category, Purpose};

/// What feedback is wanted, how much of it must be found, and how surely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecallTarget {
    /// What the feedback is for.
    pub purpose: Purpose,
    /// Share of the wanted feedback that must be found.
    pub recall: f64,
    /// The probability with which that share must be found.
    pub confidence: f64,
}

/// Share of what is accepted without asking on which the judge must agree.
pub const AGREEMENT: f64 = 0.9;

impl RecallTarget {
    /// The usual target for a purpose: nine tenths of what is wanted, with a confidence of .95.
    pub const fn usual(purpose: Purpose) -> Self {
        Self { purpose, recall: 0.9, confidence: 0.95 }
    }

    /// Refuses a recall or a confidence that no cut can be made for.
    ///
    /// # Errors
    /// A recall or confidence outside (0, 1).
    pub fn check(&self) -> Result<(), CascadeError> {
        threshold::rank(0, self.recall, 1.0 - self.confidence).map(drop)
    }

    /// The error probability of each of two cuts by one sample: half of what may be.
    pub fn delta(&self) -> f64 {
        (1.0 - self.confidence) / 2.0
    }

    /// What a cut is compared with, as [`standing`] says.
    pub fn standing(&self, ground: DecisionReason, score: f32) -> f64 {
        standing(self.purpose, ground, score)
    }

    /// Whether a label is one of the wanted categories.
    pub fn is_positive(&self, label: Option<Category>) -> bool {
        label.is_some_and(|label| self.purpose.wants(label))
    }
}

/// What a cut is compared with where feedback is for `purpose`: the score, or an infinity where rules and votes have settled the
/// turn. A turn that is accepted as something unwanted is not asked about either.
pub fn standing(purpose: Purpose, ground: DecisionReason, score: f32) -> f64 {
    match ground {
        _ if is_open(ground) => f64::from(score),
        DecisionReason::Accepted(category) if !purpose.wants(category) => f64::NEG_INFINITY,
        DecisionReason::Rejected => f64::NEG_INFINITY,
        _ => f64::INFINITY,
    }
}

/// Whether rules and votes leave a turn to the score.
pub fn is_open(ground: DecisionReason) -> bool {
    matches!(ground, DecisionReason::Candidate | DecisionReason::Escalated | DecisionReason::Unmarked)
}

/// A turn of a sample, and what an oracle says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JudgedTurn {
    /// The standing of the turn, as [`RecallTarget::standing`] says.
    pub standing: f64,
    /// Whether rules and votes leave the turn to the score.
    pub is_open: bool,
    /// The category that the turn would be accepted as.
    pub likeliest: Category,
    /// What the oracle says; `None` = no feedback.
    pub label: Option<Category>,
}

/// The score from which on the judge is asked, for a config; `None` where the judge is asked about every turn. Where no
/// turn need be asked about, or all positives are accepted anyway, the highest probability there is.
pub fn reject_below(cut: Cut) -> Option<f64> {
    match cut {
        Cut::Everything => None,
        Cut::From(score) => Some(score.min(1.0)),
        Cut::Nothing => Some(1.0),
    }
}

/// The two cuts that follow from one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutPair {
    /// From which score on the judge is asked.
    pub threshold: Threshold,
    /// From which score on nobody need be asked.
    pub accept_at: Option<f64>,
}

/// Finds the cuts by a judged sample; `open` are the scores of all turns that rules and votes leave open, sampled or not.
///
/// # Errors
/// A recall or confidence outside (0, 1).
pub fn find_cuts(
    target: &RecallTarget,
    sample: &[JudgedTurn],
    open: &[f64],
) -> Result<CutPair, CascadeError> {
    let delta = target.delta();
    let positives = sample.iter().filter(|turn| target.is_positive(turn.label));
    let standings: Vec<f64> = positives.map(|turn| turn.standing).collect();
    let judged: Vec<(f64, bool)> = sample
        .iter()
        .filter(|turn| turn.is_open)
        .map(|turn| (turn.standing, turn.label == Some(turn.likeliest)))
        .collect();
    let sizes = accept::sizes(open.len() as u64, judged.len() as u64, AGREEMENT, delta)?;
    let walked = accept::walk(&accept::prefixes(open, &sizes)?, &judged, AGREEMENT, delta)?;
    Ok(CutPair {
        threshold: threshold::cut(&standings, target.recall, delta)?,
        accept_at: walked.accepted.map(|prefix| prefix.from),
    })
}

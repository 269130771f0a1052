//! `for` and `[cascade]`: what the feedback is for, and between which scores the judge is asked.

use rejoinder_cascade::Cuts;
use rejoinder_core::Purpose;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::KeyProblem;

/// `[cascade]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct CascadeSection {
    /// Turns whose probability of what `for` wants is lower are rejected, marked by a rule or not; without it the rules'
    /// marks say who is asked about.
    pub reject_below: Option<f64>,
    /// Turns whose probability is at least so high are accepted without asking.
    pub accept_at: Option<f64>,
    /// Accept by `accept-at` even where the corpus is unlike what the score was measured on; `calibrate` writes it, since it has
    /// asked about turns of the corpus.
    pub accept_unlike: bool,
    /// Share of what `for` wants that must be found: a run asks the judge about a sample first and cuts by it, and audits itself
    /// at its end.
    pub recall: Option<f64>,
    /// How surely.
    pub confidence: f64,
}

impl Default for CascadeSection {
    fn default() -> Self {
        Self { reject_below: None, accept_at: None, accept_unlike: false, recall: None, confidence: 0.95 }
    }
}

impl CascadeSection {
    /// The cuts, where the learned score is in force.
    pub fn cuts(&self) -> Option<Cuts> {
        let never = f64::INFINITY;
        match (self.reject_below, self.accept_at) {
            (None, None) => None,
            (below, at) => Some(Cuts { reject_below: below.unwrap_or(0.0), accept_at: at.unwrap_or(never) }),
        }
    }

    /// Whether a learned score is needed.
    pub fn is_scored(&self) -> bool {
        self.recall.is_some() || self.cuts().is_some()
    }

    /// Whether turns are accepted by a score that nobody has measured on this corpus.
    pub fn accepts_by_score_alone(&self) -> bool {
        self.accept_at.is_some() && self.recall.is_none() && !self.accept_unlike
    }

    /// Lets nothing be accepted by the score; returns the `accept-at` that was in force.
    pub fn set_accept_at_aside(&mut self) -> Option<f64> {
        // The score stays in force, as the cut below it says.
        self.reject_below.get_or_insert(0.0);
        self.accept_at.take()
    }

    /// Checks what the schema alone cannot say.
    pub(super) fn check(&self, purpose: Purpose) -> Result<(), KeyProblem> {
        let wrong = |key: &str, message: &str| Err(KeyProblem::new(key, message));
        for (key, cut) in
            [("/cascade/reject-below", self.reject_below), ("/cascade/accept-at", self.accept_at)]
        {
            if cut.is_some_and(|cut| !(0.0..=1.0).contains(&cut)) {
                return wrong(key, "a cut is a probability, from 0 to 1");
            }
        }
        if self.recall.is_some_and(|recall| !(recall > 0.0 && recall < 1.0)) {
            return wrong("/cascade/recall", "`recall` is a share between 0 and 1");
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return wrong("/cascade/confidence", "`confidence` is a share between 0 and 1");
        }
        match self.cuts() {
            None if purpose != Purpose::ALL && !self.is_scored() => wrong(
                "/for",
                "rules alone cannot tell what a purpose wants: it takes a learned score, and `recall` or `reject-below` in [cascade]",
            ),
            Some(cuts) if cuts.reject_below > cuts.accept_at => {
                wrong("/cascade/reject-below", "`reject-below` must not be greater than `accept-at`")
            }
            _ => Ok(()),
        }
    }
}

//! `for` and `[cascade]`: what the feedback is for, and between which scores the judge is asked.

use rejoinder_cascade::Cuts;
use rejoinder_core::Purpose;
use rejoinder_score::{CUT_PRECISIONS, CUT_RECALLS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KeyProblem, keys};

/// `[cascade]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct CascadeSection {
    /// Whether the learned score decides. Where nothing below says by which cut, a cut that ships with the score's model does: it
    /// kept `assumed-recall` of what `for` wants on the labels that it was measured on, an assumption about any other corpus.
    pub score: bool,
    /// The recall of the cut that ships: 0.8, 0.9 or 0.95.
    #[schemars(schema_with = "keys::shipped_recall_schema")]
    pub assumed_recall: f64,
    /// Turns whose probability of what `for` wants is lower are rejected, marked by a rule or not; without it the rules'
    /// marks say who is asked about.
    pub reject_below: Option<f64>,
    /// Turns whose probability is at least so high are accepted without asking.
    pub accept_at: Option<f64>,
    /// The same for the turns whose likeliest category this is.
    pub accept_at_category: CategoryCuts,
    /// Accept by `accept-at` even where the corpus is unlike what the score was measured on; `calibrate` writes it, since it has
    /// asked about turns of the corpus.
    pub accept_unlike: bool,
    /// Share of what `for` wants that must be found: a run asks the judge about a sample first and cuts by it, and audits itself
    /// at its end.
    pub recall: Option<f64>,
    /// How surely.
    pub confidence: f64,
    /// Nobody is to be asked: turns are accepted by `accept-at`, by `accept-at-category`, or else by cuts that ship with the score's
    /// model, and all that neither rules nor score accept is rejected.
    pub without_judge: bool,
    /// The share of what the score accepts that is right by the cuts that ship: 0.8, 0.85, 0.9 or 0.95.
    #[schemars(schema_with = "keys::shipped_precision_schema")]
    pub precision: f64,
}

/// A cut for each category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "UPPERCASE")]
pub struct CategoryCuts {
    /// Of UR1.
    pub ur1: Option<f64>,
    /// Of UR2.
    pub ur2: Option<f64>,
    /// Of UR3.
    pub ur3: Option<f64>,
    /// Of UR4.
    pub ur4: Option<f64>,
    /// Of UR5.
    pub ur5: Option<f64>,
}

impl CategoryCuts {
    /// The cuts in the order of the categories.
    pub const fn all(&self) -> [Option<f64>; 5] {
        let Self { ur1, ur2, ur3, ur4, ur5 } = *self;
        [ur1, ur2, ur3, ur4, ur5]
    }
}

impl Default for CascadeSection {
    fn default() -> Self {
        Self {
            score: true,
            assumed_recall: 0.9,
            reject_below: None,
            accept_at: None,
            accept_at_category: CategoryCuts::default(),
            accept_unlike: false,
            recall: None,
            confidence: 0.95,
            without_judge: false,
            precision: 0.85,
        }
    }
}

impl CascadeSection {
    /// Rules and plugins alone, no score.
    pub fn without_score() -> Self {
        Self { score: false, ..Self::default() }
    }

    /// The cuts that are said here, where any is.
    pub fn cuts(&self) -> Option<Cuts> {
        (self.reject_below.is_some() || self.accepts_from().is_some()).then(|| {
            let of_all = self.accept_at.unwrap_or(f64::INFINITY);
            let accept_at = self.accept_at_category.all().map(|at| at.unwrap_or(of_all));
            Cuts { reject_below: self.reject_below.unwrap_or(0.0), accept_at }
        })
    }

    /// The lowest score from which on turns are accepted, where any is said here.
    pub fn accepts_from(&self) -> Option<f64> {
        self.accept_at_category.all().into_iter().chain([self.accept_at]).flatten().reduce(f64::min)
    }

    /// Whether a learned score is needed.
    pub fn is_scored(&self) -> bool {
        self.score || self.is_told()
    }

    /// Whether it is said here how the score decides.
    pub fn is_told(&self) -> bool {
        self.recall.is_some() || self.cuts().is_some() || self.without_judge
    }

    /// Whether turns are accepted by a score that nobody has measured on this corpus, and the judge is asked about others.
    pub fn accepts_by_score_alone(&self) -> bool {
        self.accepts_from().is_some() && self.recall.is_none() && !self.accept_unlike && !self.without_judge
    }

    /// Lets nothing be accepted by the score; returns the lowest score from which on turns were accepted.
    pub fn set_accept_at_aside(&mut self) -> Option<f64> {
        // The score stays in force, as the cut below it says.
        self.reject_below.get_or_insert(0.0);
        let from = self.accepts_from();
        self.accept_at = None;
        self.accept_at_category = CategoryCuts::default();
        from
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
        let by_category = ["UR1", "UR2", "UR3", "UR4", "UR5"].into_iter().zip(self.accept_at_category.all());
        for (category, cut) in by_category {
            if cut.is_some_and(|cut| !(0.0..=1.0).contains(&cut)) {
                let key = format!("/cascade/accept-at-category/{category}");
                return wrong(&key, "a cut is a probability, from 0 to 1");
            }
        }
        let ships = |given: f64, shares: &[f32]| shares.iter().any(|share| is_about(*share, given));
        if !ships(self.assumed_recall, &CUT_RECALLS) {
            return wrong("/cascade/assumed-recall", "a cut ships for the recalls 0.8, 0.9 and 0.95");
        }
        if !ships(self.precision, &CUT_PRECISIONS) {
            return wrong("/cascade/precision", "cuts ship for the precisions 0.8, 0.85, 0.9 and 0.95");
        }
        if !self.score && self.is_told() {
            return wrong(
                "/cascade/score",
                "`score = false` stands beside what takes a score: a cut, `recall` or `without-judge`",
            );
        }
        if self.without_judge && (self.recall.is_some() || self.reject_below.is_some()) {
            return wrong(
                "/cascade/without-judge",
                "`without-judge` asks nobody, and `recall` and `reject-below` say about what the judge is asked: leave one out",
            );
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
                "rules alone cannot tell what a purpose wants: it takes a learned score, and [cascade] has `score = false`",
            ),
            Some(cuts) if cuts.accept_at.iter().any(|at| cuts.reject_below > *at) => {
                wrong("/cascade/reject-below", "`reject-below` must not be greater than `accept-at`")
            }
            _ => Ok(()),
        }
    }
}

/// Whether a written share is one that cuts ship for.
fn is_about(ships: f32, written: f64) -> bool {
    (f64::from(ships) - written).abs() < 1e-6
}

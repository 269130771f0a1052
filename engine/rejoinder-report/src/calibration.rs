//! The cuts that a calibration found, for people and as a piece of a config.

use std::fmt::Write as _;

use rejoinder_cascade::threshold::{labels_needed, positives_needed};
use rejoinder_run::recall::{AGREEMENT, Calibration, RecallTarget, reject_below};
use serde::Serialize;

use crate::numbers::{share, thousands};

/// What a calibration found, and the figures behind it.
#[derive(Clone, Debug, Serialize)]
pub struct CalibrationReport {
    /// Whose answers count as the truth.
    pub oracle: String,
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// The share of the feedback that must be found.
    pub recall: f64,
    /// The probability with which that share must be found.
    pub confidence: f64,
    /// What the draw depends on.
    pub seed: u64,
    /// Later turns of the corpus.
    pub turns: u64,
    /// Turns of the sample.
    pub sampled: usize,
    /// Sampled turns whose answer says nothing: such turns count as feedback that the score puts last.
    pub unreadable: usize,
    /// Sampled turns that hold wanted feedback.
    pub positives: u64,
    /// From which score on the judge is asked; `None`: about every turn, explicit rejects included.
    pub reject_below: Option<f64>,
    /// From which score on nobody need be asked.
    pub accept_at: Option<f64>,
    /// Turns that would be asked about.
    pub asked: u64,
    /// Positives without which nothing can be rejected.
    pub positives_needed: Option<u64>,
    /// The number of labels that hold so many positives in nine of ten draws.
    pub labels_needed: Option<u64>,
}

impl CalibrationReport {
    /// The report on a calibration.
    pub fn new(oracle: String, target: &RecallTarget, seed: u64, calibration: &Calibration) -> Self {
        let Calibration { sample, cuts, unknown } = calibration;
        let reject_below = reject_below(cuts.threshold.cut);
        let accept_at = cuts.accept_at;
        let positives = cuts.threshold.positives;
        let needed = positives_needed(target.recall, target.delta()).ok().flatten();
        let labels = |needed| labels_needed(needed, positives, sample.turns.len() as u64, 0.9).ok().flatten();
        Self {
            oracle,
            purpose: target.purpose.to_string(),
            recall: target.recall,
            confidence: target.confidence,
            seed,
            turns: sample.population,
            sampled: sample.turns.len(),
            unreadable: *unknown,
            positives,
            reject_below,
            accept_at,
            asked: sample.asked(reject_below, accept_at),
            positives_needed: needed,
            labels_needed: needed.and_then(labels),
        }
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "For `{}`, recall {} with confidence {}, by {}: {} of {} later turns drawn, {} of them wanted\n",
            self.purpose,
            self.recall,
            self.confidence,
            self.oracle,
            thousands(self.sampled as u64),
            thousands(self.turns),
            thousands(self.positives)
        );
        if self.unreadable > 0 {
            let _ = writeln!(out, "{} answers say nothing; the worst is assumed of them", self.unreadable);
        }
        match self.reject_below {
            Some(below) => {
                let _ = writeln!(
                    out,
                    "rejected below {below:.6}: {} turns are asked about, {} of all",
                    thousands(self.asked),
                    share(self.asked, self.turns)
                );
            }
            None => {
                let _ = writeln!(
                    out,
                    "nothing can be rejected, all {} turns must be asked about",
                    thousands(self.turns)
                );
                if let Some(needed) = self.positives_needed {
                    let _ = match self.labels_needed {
                        Some(labels) => writeln!(
                            out,
                            "it takes at least {needed} wanted turns in the sample, and none of them an explicit reject: \
                             about --sample {labels}"
                        ),
                        None => writeln!(out, "it takes at least {needed} wanted turns in the sample"),
                    };
                }
            }
        }
        let _ = match self.accept_at {
            Some(at) => {
                writeln!(out, "accepted from {at:.6}: the judge agrees on at least {AGREEMENT} of these")
            }
            None => writeln!(
                out,
                "nothing is accepted unasked: agreement of {AGREEMENT} is not certain of any top part"
            ),
        };
        out.push_str(
            "\nThis assumes: the corpus is this one, and the score, the rules, the judge and the prompt stay as they are; the draw was \
             looked at once. An audit after the run checks it without these.\n",
        );
        out
    }

    /// The piece of a config that puts the cuts in force.
    pub fn toml(&self) -> String {
        let mut out = format!(
            "# rejoinder calibrate: recall {} with confidence {} for `{}`, by {} of {} turns, {} of them wanted, seed {}\n\
             for = \"{}\"\n\n[cascade]\nreject-below = {:?}\n",
            self.recall,
            self.confidence,
            self.purpose,
            self.sampled,
            self.turns,
            self.positives,
            self.seed,
            self.purpose,
            self.reject_below.unwrap_or(0.0)
        );
        if let Some(at) = self.accept_at {
            let _ = writeln!(out, "accept-at = {at:?}\naccept-unlike = true");
        }
        if self.reject_below.is_none() {
            out.push_str(
                "# No cut keeps this recall: what rules reject must be asked about as well, which takes [judge] all = true.\n",
            );
        }
        out
    }
}

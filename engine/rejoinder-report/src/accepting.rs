//! The cuts from which on nobody need be asked, by a sample of a corpus: for people and as a piece of a config.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_core::{Category, Purpose};
use rejoinder_run::recall::{AcceptedSample, AcceptingCalibration};
use serde::Serialize;

use super::evaluation::Proportion;
use super::numbers::thousands;

/// What a calibration for decisions without a judge found.
#[derive(Clone, Debug, Serialize)]
pub struct AcceptingReport {
    /// Whose answers count as the truth.
    pub oracle: String,
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// The share of what the score accepts that must be right.
    pub precision: f64,
    /// What the draw depends on.
    pub seed: u64,
    /// Later turns of the corpus.
    pub turns: u64,
    /// Turns of the sample.
    pub sampled: usize,
    /// By category from which score on a turn is accepted; categories that no score is high enough for are left out.
    pub accept_at: BTreeMap<&'static str, f64>,
    /// What would become of the sample.
    pub outcome: AcceptedSample,
    /// The share of what would be accepted, by rules and plugins as well, that is right.
    pub right: Proportion,
    /// The share of the wanted feedback that would be found.
    pub recall: Proportion,
}

impl AcceptingReport {
    /// The report on a calibration.
    pub fn new(
        oracle: String,
        purpose: Purpose,
        precision: f64,
        seed: u64,
        calibration: &AcceptingCalibration,
    ) -> Self {
        let AcceptingCalibration { sample, scores, outcome } = calibration;
        let accept_at = Category::ALL.into_iter().zip(scores);
        Self {
            oracle,
            purpose: purpose.to_string(),
            precision,
            seed,
            turns: sample.population,
            sampled: sample.turns.len(),
            accept_at: accept_at.filter_map(|(category, at)| Some((category.code(), (*at)?))).collect(),
            outcome: *outcome,
            right: Proportion::new(outcome.right, outcome.accepted),
            recall: Proportion::new(outcome.right, outcome.wanted),
        }
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "For `{}` without a judge, precision {} of what the score accepts, by {}: {} of {} later turns drawn, {} of them wanted\n",
            self.purpose,
            self.precision,
            self.oracle,
            thousands(self.sampled as u64),
            thousands(self.turns),
            thousands(self.outcome.wanted)
        );
        if self.outcome.unknown > 0 {
            let _ = writeln!(out, "{} answers say nothing, and count neither way", self.outcome.unknown);
        }
        if self.accept_at.is_empty() {
            out.push_str("the score accepts nothing: of no category the sample shows so much precision; draw more: --sample\n");
        }
        for (category, at) in &self.accept_at {
            let _ = writeln!(out, "{category} accepted from {at:.6}");
        }
        let shown = |of: Proportion| format!("{:.3} [{:.3}, {:.3}]", of.value, of.low, of.high);
        let _ = writeln!(
            out,
            "of the sample, with what rules accept: {} right, recall {} (95 % intervals, as if turns were independent)",
            shown(self.right),
            shown(self.recall)
        );
        out.push_str(
            "\nThe cuts were chosen on this very sample: an audit after a run measures them anew. Right is feedback of the same sign, praise \
             as praise and criticism as criticism, by the labels alone.\n",
        );
        out
    }

    /// The piece of a config that puts the cuts in force.
    pub fn toml(&self) -> String {
        let cuts: Vec<String> =
            self.accept_at.iter().map(|(category, at)| format!("{category} = {at:?}")).collect();
        let accept = match cuts.is_empty() {
            // Rules alone, then: no probability is higher.
            true => "accept-at = 1.0".to_owned(),
            false => format!("accept-at-category = {{ {} }}", cuts.join(", ")),
        };
        format!(
            "# rejoinder calibrate --without-judge: precision {} for `{}`, by {} of {} turns, {} of them wanted, seed {}\n\
             for = \"{}\"\n\n[cascade]\nwithout-judge = true\naccept-unlike = true\n{accept}\n",
            self.precision,
            self.purpose,
            self.sampled,
            self.turns,
            self.outcome.wanted,
            self.seed,
            self.purpose
        )
    }
}

//! The result of an audit, as it is stored, printed and put beside every export: bounds, what they rest on, and what they
//! assume.

use serde::{Deserialize, Serialize};

/// Number of the certificate's format. It grows when a field changes its meaning.
pub const FORMAT: u32 = 1;

/// What every certificate assumes. Where one of these fails, its bounds say nothing.
pub const ASSUMPTIONS: [&str; 6] = [
    "Relative to this judge: a turn is positive when this frozen model with this prompt says so, not when a human would.",
    "The judge's answer to a turn is fixed: greedy decoding, same model, same prompt.",
    "About this corpus: the audited turns were drawn uniformly without replacement from each part of it, with a seed that \
     was not chosen by its results. It says nothing about turns of another corpus.",
    "Looked once: the size of the audit was fixed before its answers were seen, and no other draw was thrown away. Audits of \
     several runs or settings, if the best of them is shown, each need their share of the error probability.",
    "All bounds together hold with the confidence given, not each for itself.",
    "Turns with equal scores were treated alike; turns that an explicit reject removed count as missed where they are \
     positive.",
];

/// How many of [`ASSUMPTIONS`], from the first on, are about the judge.
const ABOUT_THE_JUDGE: usize = 2;

/// Bounds of recall and precision that hold together with probability ≥ `confidence` over the draw of the audited turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// [`FORMAT`] of the program that wrote the certificate.
    pub format: u32,
    /// 1 − δ, for all bounds together.
    pub confidence: f64,
    /// Whether the answers to audited turns are part of the result (`true`), or were only measured with.
    pub answers_used: bool,
    /// The certified claims: first the one about the whole purpose, then one for each group of categories.
    pub claims: Vec<CertifiedClaim>,
    /// What all bounds assume, for readers.
    pub assumptions: Vec<String>,
}

impl Certificate {
    /// Says that answers were not fixed: letters leaned on their neighbours with at most the probability `lean`.
    pub(crate) fn assume_leaning(&mut self, lean: f64) {
        self.assumptions[ABOUT_THE_JUDGE - 1] = format!(
            "Requests ask about several turns: a turn that the judge, asked about it alone, calls feedback or none is called so among \
             others with a probability of at least {:.3}, whatever letters stand before its own; greedy decoding, same model, same \
             prompt.",
            1.0 - lean
        );
    }

    /// Replaces the assumptions about the judge by the one that labels were taken for the truth.
    pub fn make_relative_to_labels(&mut self) {
        let of_labels = "Relative to these labels: a turn is positive when they say so; they were given without regard to what the run \
                         found.";
        self.assumptions.splice(..ABOUT_THE_JUDGE.min(self.assumptions.len()), [of_labels.to_owned()]);
    }
}

/// What is certified of one claim: of all feedback wanted, or of one group of categories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertifiedClaim {
    /// The categories that the claim is about, e.g. `UR2+UR3`.
    pub name: String,
    /// Share of the positives that were found.
    pub recall: Bound,
    /// Upper bound of the share of positives that were missed: 1 − recall's bound.
    pub missed_at_most: f64,
    /// Share of what was found that the judge confirms.
    pub precision: Bound,
    /// The counts and bounds that recall and precision are made of.
    pub parts: Vec<CertificatePart>,
}

/// A share: its estimate and its lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// Estimate from the sampled shares; `None` where a part was not sampled and nothing can be said.
    pub estimate: Option<f64>,
    /// Lower bound, at the certificate's confidence.
    pub at_least: f64,
}

/// One part of the corpus, its sample, and the bound of what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertificatePart {
    /// `accepted`, `rejected`, …
    pub name: String,
    /// Number of units in the part.
    pub units: u64,
    /// Number of units that were drawn from the part and judged.
    pub sampled: u64,
    /// Number of drawn units that are positive; of accepted units, those that the judge confirms.
    pub positive: u64,
    /// The error probability spent on the bound; 0 where none was needed.
    pub delta: f64,
    /// Bound of the positives in the whole part: a lower one for accepted units, an upper one for all others.
    pub bound: u64,
}
